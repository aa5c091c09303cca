namespace FaissNet.Managed;

/// <summary>
/// Product-quantized vectors without lists: M·nbits bits each, all of them compared with each query. FAISS's <c>IndexPQ</c>
/// (<c>faiss/IndexPQ.h</c>). Ids are positions.
/// </summary>
/// <remarks>Searches compare the query as it is with what codes decode to, FAISS's <c>ST_PQ</c>.</remarks>
public sealed unsafe partial class IndexPQ : ManagedIndex
{
    // Codes that one step of a search looks at: positions within it are 32-bit.
    private const int CodesPerStep = 1 << 20;

    // Vectors that one task encodes: whole tiles, so that no thread count changes what is packed together.
    private const int VectorsPerTask = 8 * PackedPoints.TileSize;

    // Kernels load whole vectors from the last row of the last block.
    private const int Slack = 64;

    private readonly UnmanagedBuffer _codes = new();
    private readonly Lock _codebookLock = new();
    private PqCodebook? _codebook;

    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Parts of a vector, each with a codebook of its own; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per part, 1 to 16.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException"><paramref name="nbits"/> is 17 to 24, which FAISS knows.</exception>
    public IndexPQ(int d, int m, int nbits = 8, MetricType metric = MetricType.L2)
        : base(IndexArguments.Dimension(d), IndexArguments.L2OrInnerProduct(metric)) =>
        Pq = new ProductQuantizer(d, m, nbits);

    /// <summary>Parts of a vector. FAISS's <c>pq.M</c>.</summary>
    public int M => Pq.M;

    /// <summary>Bits per part. FAISS's <c>pq.nbits</c>.</summary>
    public int NBits => Pq.NBits;

    /// <summary>Bytes per code: M·nbits bits, rounded up. FAISS's <c>code_size</c>.</summary>
    public int CodeSize => Pq.CodeSize;

    /// <summary>The codebooks.</summary>
    internal ProductQuantizer Pq { get; }

    /// <summary>FAISS's <c>search_type</c>, <c>encode_signs</c> and <c>polysemous_ht</c> as a file brought them. They are written again;
    /// searches are the same whatever they say.</summary>
    internal (int SearchType, bool EncodeSigns, int PolysemousHt)? StoredSearch { get; set; }

    // Codes of whole bytes lie in transposed blocks, so that one load brings the same byte of many; others one after the other.
    private bool IsTransposed => 8 % NBits == 0;

    /// <summary>A copy of the codebooks: M·2^nbits·(d / M) floats, [M][2^nbits][d / M]; zero before training.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float[] GetCodebooks() => Reading(() => Pq.Centroids.ToArray());

    /// <summary>Takes over the training of another index.</summary>
    /// <param name="codebooks">M·ksub·(d / M) floats.</param>
    internal void RestoreTraining(ReadOnlySpan<float> codebooks)
    {
        Pq.SetCentroids(codebooks);
        DropCodebook();
        SetTrained(true);
    }

    /// <summary>Appends codes, one after the other as in FAISS.</summary>
    internal void AppendCodes(byte* codes, int n)
    {
        var count = checked(Count + n);
        var blocks = (count + PqScan.BlockSize - 1) / PqScan.BlockSize;
        _codes.Reserve((IsTransposed ? blocks * PqScan.BlockSize : count) * CodeSize + Slack);
        for (var i = 0; i < n; i++)
        {
            var to = Place(Count + i, out var stride);
            for (var b = 0; b < CodeSize; b++)
                to[b * stride] = *codes++;
        }

        SetCount(count);
    }

    /// <summary>Copies codes out, one after the other as in FAISS.</summary>
    internal void CopyCodes(long first, int n, byte* codes)
    {
        for (var i = 0; i < n; i++)
        {
            var from = Place(first + i, out var stride);
            for (var b = 0; b < CodeSize; b++)
                *codes++ = from[b * stride];
        }
    }

    internal override void CopySettings(ManagedIndex from) => StoredSearch = ((IndexPQ)from).StoredSearch;

    internal override void FreeMemory()
    {
        _codes.Dispose();
        DropCodebook();
    }

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
        Memory: new IndexMemory(
            0, (long)Pq.Centroids.Length * sizeof(float), _codes.Capacity, 0, Volatile.Read(ref _codebook)?.Bytes ?? 0));

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        SetTrained(false);
        DropCodebook();
        Pq.Train(vectors, CodebookTraining.Report(progress, Pq), cancellationToken);
        SetTrained(true);
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<float> vectors, int n)
    {
        using var scratch = Scratch.Rent();
        var codes = scratch.Bytes((long)n * CodeSize);
        Encode(vectors, n, codes);
        AppendCodes(codes, n);
    }

    /// <inheritdoc/>
    protected override long RemoveCore(IdSelector selector)
    {
        using var scratch = Scratch.Rent();
        var code = scratch.Bytes(CodeSize);
        var kept = 0L;
        for (var i = 0L; i < Count; i++)
        {
            if (selector.Contains(i))
                continue;

            if (kept < i)
            {
                byte* from = Place(i, out var stride), to = Place(kept, out _);
                for (var b = 0; b < CodeSize; b++)
                    to[b * stride] = from[b * stride];
            }

            kept++;
        }

        var removed = Count - kept;
        SetCount(kept);
        return removed;
    }

    /// <inheritdoc/>
    protected override void ResetCore()
    {
        SetCount(0);
        _codes.Trim(0);
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
        fixed (byte* to = codes)
            Encode(vectors, n, to);
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors) => Pq.Decode(codes, vectors);

    /// <inheritdoc/>
    protected override void MergeFromCore(VectorIndex other, long addId)
    {
        if (other is not IndexPQ from || from.M != M || from.NBits != NBits || !from.Pq.Centroids.SequenceEqual(Pq.Centroids))
            throw new ArgumentException("other cannot be merged: it is no IndexPQ with the same codebooks. Train one, and clone it before adding.", nameof(other));

        if (addId != Count)
            throw new ArgumentException($"addId is {addId}: an IndexPQ stores no ids and numbers on from Count = {Count}.", nameof(addId));

        using var scratch = Scratch.Rent();
        const int perStep = 1 << 14;
        var codes = scratch.Bytes((long)perStep * CodeSize);
        for (var first = 0L; first < from.Count; first += perStep)
        {
            var n = (int)Math.Min(perStep, from.Count - first);
            from.CopyCodes(first, n, codes);
            AppendCodes(codes, n);
        }

        from.ResetCore();
    }

    private void Encode(ReadOnlySpan<float> vectors, int n, byte* codes)
    {
        fixed (float* start = vectors)
        {
            var from = start;
            ManagedThreads.For((n + VectorsPerTask - 1) / VectorsPerTask, task =>
            {
                var first = task * VectorsPerTask;
                Pq.Encode(
                    from + (long)first * Dimension, Dimension, Math.Min(VectorsPerTask, n - first), codes + (long)first * CodeSize);
            });
        }
    }

    // Where a code's first byte lies, and how far its bytes are apart.
    private byte* Place(long index, out nint stride)
    {
        if (!IsTransposed)
        {
            stride = 1;
            return _codes.Pointer + index * CodeSize;
        }

        stride = PqScan.BlockSize;
        return _codes.Pointer + index / PqScan.BlockSize * PqScan.BlockSize * CodeSize + index % PqScan.BlockSize;
    }

    // Two threads may come here at once after a load.
    private PqCodebook Codebook()
    {
        if (Volatile.Read(ref _codebook) is { } ready)
            return ready;

        lock (_codebookLock)
            return _codebook ??= new PqCodebook(Pq);
    }

    private void DropCodebook()
    {
        lock (_codebookLock)
        {
            _codebook?.Dispose();
            _codebook = null;
        }
    }
}
