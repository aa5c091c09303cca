namespace FaissNet.Managed;

/// <summary>
/// Product-quantized vectors of 4 bits per part, all scanned in registers: FAISS's <c>IndexPQFastScan</c> (<c>faiss/IndexPQFastScan.h</c>). The
/// factory's <c>PQ…x4fs</c>.
/// </summary>
/// <remarks><inheritdoc cref="IndexIVFPQFastScan" path="/remarks"/></remarks>
public sealed unsafe partial class IndexPQFastScan : ManagedIndex
{
    // Rows before and behind the codes: kernels load whole registers.
    private const int Slack = 64;
    private const int Block = FastScan.BlockSize;

    // Vectors that one task encodes: whole tiles, so that no thread count changes what is packed together.
    private const int VectorsPerTask = 8 * PackedPoints.TileSize;

    private readonly UnmanagedBuffer _codes = new();
    private FastScanCodebook? _codebook;

    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Parts of a vector; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per part: 4.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="bbs">Vectors per block in FAISS's files, a multiple of 32. It changes nothing in memory.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexPQFastScan(int d, int m, int nbits = 4, MetricType metric = MetricType.L2, int bbs = FastScanLayout.DefaultBlock)
        : base(IndexArguments.Dimension(d), IndexArguments.L2OrInnerProduct(metric))
    {
        FastScanLayout.RequireArguments(nbits, bbs);
        Pq = new ProductQuantizer(d, IndexArguments.SubQuantizers(m, d), nbits);
        BlockSize = bbs;
    }

    /// <summary>Parts of a vector. FAISS's <c>pq.M</c>.</summary>
    public int M => Pq.M;

    /// <summary>Bits per part: 4. FAISS's <c>pq.nbits</c>.</summary>
    public int NBits => Pq.NBits;

    /// <summary>Bytes per code: two parts to a byte. FAISS's <c>code_size</c>.</summary>
    public int CodeSize => Pq.CodeSize;

    /// <summary>Vectors per block in FAISS's files. FAISS's <c>bbs</c>.</summary>
    public int BlockSize { get; }

    /// <summary>The codebooks.</summary>
    internal ProductQuantizer Pq { get; }

    /// <summary>Which of its kernels FAISS is to use; 0 to let it choose. Kept for the file. FAISS's <c>implem</c>.</summary>
    internal int Implementation { get; set; }

    /// <summary>How many queries FAISS's kernels are to take at a time; 0 to let it choose. Kept for the file. FAISS's <c>qbs</c>.</summary>
    internal int QueriesAtOnce { get; set; }

    /// <summary>A copy of the codebooks: M·16·(d / M) floats, [M][16][d / M]; zero before training.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float[] GetCodebooks() => Reading(() => Pq.Centroids.ToArray());

    /// <summary>Takes over the training of another index, as from a file.</summary>
    internal void RestoreTraining(ReadOnlySpan<float> codebooks)
    {
        Pq.SetCentroids(codebooks);
        Volatile.Write(ref _codebook, null);
        SetTrained(true);
    }

    /// <summary>Appends codes that lie one after the other.</summary>
    internal void Append(byte* codes, int n)
    {
        Reserve(Count + n);
        for (var i = 0; i < n; i++)
        {
            var to = Place(Count + i);
            for (var b = 0; b < CodeSize; b++, to += Block)
                *to = codes[(long)i * CodeSize + b];
        }

        SetCount(Count + n);
    }

    /// <summary>Copies codes out, one after the other as FAISS numbers them.</summary>
    internal void CopyCodes(long first, int count, byte* to)
    {
        for (var i = first; i < first + count; i++)
        {
            var from = Place(i);
            for (var b = 0; b < CodeSize; b++, from += Block)
                *to++ = *from;
        }
    }

    internal override void FreeMemory() => _codes.Dispose();

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore() => new(
        TypeName,
        Dimension,
        Count,
        Metric,
        IsTrained,
        M: M,
        NBits: NBits,
        CodeSize: CodeSize,
        Memory: IndexMemory.None with
        {
            Codebooks = (long)Pq.Centroids.Length * sizeof(float),
            Codes = _codes.Capacity,
            Tables = Volatile.Read(ref _codebook)?.Bytes ?? 0,
        });

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        SetTrained(false);
        Volatile.Write(ref _codebook, null);
        Pq.Train(vectors, CodebookTraining.Report(progress, Pq), cancellationToken);
        SetTrained(true);
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<float> vectors, int n)
    {
        const int perStep = 1 << 16;
        for (var first = 0; first < n; first += perStep)
        {
            using var scratch = Scratch.Rent();
            var count = Math.Min(perStep, n - first);
            var codes = scratch.Bytes((long)count * CodeSize);
            Encode(vectors.Slice(first * Dimension, count * Dimension), count, codes);
            Append(codes, count);
        }
    }

    /// <inheritdoc/>
    protected override long RemoveCore(IdSelector selector)
    {
        long kept = 0;
        for (long i = 0; i < Count; i++)
        {
            if (selector.Contains(i))
                continue;

            byte* from = Place(i), to = Place(kept++);
            for (var b = 0; from != to && b < CodeSize; b++)
                to[(long)b * Block] = from[(long)b * Block];
        }

        var removed = Count - kept;
        SetCount(kept);
        if (removed > 0)
            _codes.Trim(Bytes(kept));

        return removed;
    }

    /// <inheritdoc/>
    protected override void ResetCore()
    {
        SetCount(0);
        _codes.Trim(0);
    }

    /// <inheritdoc/>
    protected override void MergeFromCore(VectorIndex other, long addId)
    {
        if (other is not IndexPQFastScan from)
            throw new ArgumentException($"other is a {other.GetType().Name}: expected an {nameof(IndexPQFastScan)}, as here.", nameof(other));

        if (!from.Pq.Centroids.SequenceEqual(Pq.Centroids) || from.M != M)
            throw new ArgumentException("other encodes vectors differently: train one, and clone it before adding.", nameof(other));

        if (addId != Count)
            throw new ArgumentException($"addId is {addId}: {TypeName} stores no ids, and numbers on from Count = {Count}.", nameof(addId));

        Reserve(Count + from.Count);
        for (long i = 0; i < from.Count; i++)
        {
            byte* code = from.Place(i), to = Place(Count + i);
            for (var b = 0; b < CodeSize; b++)
                to[(long)b * Block] = code[(long)b * Block];
        }

        SetCount(Count + from.Count);
        from.ResetCore();
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<float> vector)
    {
        if (id < 0 || id >= Count)
            throw IndexArguments.NoSuchId(id, Count);

        using var scratch = Scratch.Rent();
        var code = scratch.Bytes(CodeSize);
        CopyCodes(id, 1, code);
        fixed (float* to = vector)
            Pq.Decode(code, to);
    }

    /// <inheritdoc/>
    protected override int EncodedSizeCore() => CodeSize;

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes)
    {
        fixed (byte* code = codes)
            Encode(vectors, n, code);
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors) => Pq.Decode(codes, vectors);

    private void Encode(ReadOnlySpan<float> vectors, int n, byte* codes)
    {
        fixed (float* start = vectors)
        {
            var vector = start;
            ManagedThreads.For((n + VectorsPerTask - 1) / VectorsPerTask, task =>
            {
                var first = task * VectorsPerTask;
                Pq.Encode(
                    vector + (long)first * Dimension, Dimension, Math.Min(VectorsPerTask, n - first), codes + (long)first * CodeSize);
            });
        }
    }

    private void Reserve(long count) => _codes.Reserve(Bytes(count));

    private long Bytes(long count) => (count + Block - 1) / Block * Block * CodeSize + Slack;

    private byte* Place(long index) => _codes.Pointer + index / Block * Block * CodeSize + index % Block;
}
