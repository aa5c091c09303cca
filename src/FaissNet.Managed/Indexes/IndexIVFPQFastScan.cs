namespace FaissNet.Managed;

/// <summary>
/// An inverted file over product quantizers of 4 bits, scanned in registers: FAISS's <c>IndexIVFPQFastScan</c>
/// (<c>faiss/IndexIVFPQFastScan.h</c>); André, Kermarrec, Le Scouarnec: Cache locality is not enough, 2015. The factory's
/// <c>IVF…,PQ…x4fs</c>, and <c>…x4fsr</c> with <see cref="ByResidual"/>.
/// </summary>
/// <remarks>FAISS returns distances that its tables of bytes round; here distances are exact sums of the float tables, and neighbours are ordered
/// by them. Recall is the same, but neighbours whose distances differ less than FAISS's rounding may stand in another order. Besides, range search,
/// selectors and per-call parameters work here, which not every FAISS has for this type.</remarks>
public sealed unsafe partial class IndexIVFPQFastScan : IndexIVF
{
    // Vectors that one task encodes: whole tiles, so that no thread count changes what is packed together.
    private const int VectorsPerTask = 8 * PackedPoints.TileSize;

    private readonly Lock _largestTermLock = new();
    private FastScanCodebook? _codebook;
    private double _largestTerm;

    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="m">Sub-quantizers; must divide <paramref name="d"/>. FAISS's <c>M</c>. d / 2 is a usual choice.</param>
    /// <param name="nbits">Bits per sub-quantizer: 4.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="bbs">Vectors per block in FAISS's files, a multiple of 32. It changes nothing in memory.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFPQFastScan(int d, int nlist, int m, int nbits = 4, MetricType metric = MetricType.L2, int bbs = FastScanLayout.DefaultBlock)
        : base(d, nlist, metric)
    {
        FastScanLayout.RequireArguments(nbits, bbs);
        Pq = new ProductQuantizer(d, IndexArguments.SubQuantizers(m, d), nbits);
        BlockSize = bbs;
        Lists = NewLists();
    }

    /// <summary>
    /// Whether codes stand for the differences to the coarse centroids: a little more recall for a little more time and 4 bytes per vector. Not by
    /// default, as in FAISS. FAISS's <c>by_residual</c>.
    /// </summary>
    public bool ByResidual
    {
        get;
        init
        {
            field = value;
            Lists = NewLists();
        }
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

    /// <summary>How many queries FAISS's kernels are to take at a time; 0 to let it choose. Kept for the file. FAISS's <c>qbs2</c>.</summary>
    internal long QueriesAtOnce { get; set; }

    // The squared distance to a residual's code is that to the centroid, what this keeps per code, and what depends on the query and the code alone.
    private protected override bool KeepsTerms => ByResidual && Metric == MetricType.L2;

    private protected override IndexMemory EncoderMemory => IndexMemory.None with
    {
        Codebooks = (long)Pq.Centroids.Length * sizeof(float),
        Tables = Volatile.Read(ref _codebook)?.Bytes ?? 0,
    };

    /// <summary>A copy of the codebooks: M·16·(d / M) floats, [M][16][d / M]; zero before training.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float[] GetCodebooks() => Reading(() => Pq.Centroids.ToArray());

    /// <summary>Takes over the training of another index.</summary>
    /// <param name="centroids">NList·d floats.</param>
    /// <param name="codebooks">M·16·(d / M) floats.</param>
    internal void RestoreTraining(ReadOnlySpan<float> centroids, ReadOnlySpan<float> codebooks)
    {
        Quantizer.ResetInner();
        Quantizer.AddInner(centroids, NList);
        SetCodebooks(codebooks);
        SetTrained(true);
    }

    /// <summary>Takes over codebooks, as from a file.</summary>
    internal void SetCodebooks(ReadOnlySpan<float> centroids)
    {
        Pq.SetCentroids(centroids);
        Volatile.Write(ref _codebook, null);
    }

    /// <summary>Computes what is kept beside codes of one list, as after reading them from a file. Every code in the lists must have gone
    /// through here.</summary>
    internal override void ComputeTerms(int list, byte* codes, int n, float* terms)
    {
        using var scratch = Scratch.Rent();
        var residual = scratch.Floats(Dimension);
        var centroid = Quantizer.Vectors + (long)list * Dimension;
        var largest = 0f;
        for (var i = 0; i < n; i++)
        {
            Pq.Decode(codes + (long)i * CodeSize, residual);
            terms[i] = DistanceKernels.InnerProduct(residual, residual, Dimension) + 2 * DistanceKernels.InnerProduct(centroid, residual, Dimension);
            largest = Math.Max(largest, Math.Abs(terms[i]));
        }

        if (largest <= _largestTerm)
            return;

        lock (_largestTermLock)
            _largestTerm = Math.Max(_largestTerm, largest);
    }

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore() => base.DescribeCore() with { M = M, NBits = NBits };

    /// <inheritdoc/>
    protected override void ResetCore()
    {
        base.ResetCore();
        _largestTerm = 0;
    }

    /// <inheritdoc/>
    protected override void MergeFromCore(VectorIndex other, long addId)
    {
        var from = RequireSameType<IndexIVFPQFastScan>(other);
        var largest = Math.Max(_largestTerm, from._largestTerm);
        base.MergeFromCore(other, addId);
        _largestTerm = largest;
        from._largestTerm = 0;
    }

    private protected override bool EncodesLike(IndexIVF other) => other is IndexIVFPQFastScan same
        && same.ByResidual == ByResidual
        && same.M == M
        && same.Pq.Centroids.SequenceEqual(Pq.Centroids);

    private protected override void TrainEncoder(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _codebook, null);
        var sample = CodebookTraining.Sample(vectors, Dimension, Pq, ref n);
        if (ByResidual)
            SubtractCentroids(sample, n);

        Pq.Train(sample, CodebookTraining.Report(progress, Pq), cancellationToken);
    }

    private protected override void EncodeVectors(float* vectors, int n, int* lists, byte* codes, float* terms)
    {
        var tasks = (n + VectorsPerTask - 1) / VectorsPerTask;
        ManagedThreads.For(tasks, task =>
        {
            var first = task * VectorsPerTask;
            var count = Math.Min(VectorsPerTask, n - first);
            var code = codes + (long)first * CodeSize;
            Pq.Encode(vectors + (long)first * Dimension, Dimension, count, ByResidual ? Quantizer.Vectors : null, lists + first, code);
            for (var i = 0; terms is not null && i < count; i++)
                ComputeTerms(lists[first + i], code + (long)i * CodeSize, 1, terms + first + i);
        });
    }

    private protected override void DecodeVector(byte* code, int list, Span<float> vector)
    {
        fixed (float* to = vector)
        {
            Pq.Decode(code, to);
            var centroid = Quantizer.Vectors + (long)list * Dimension;
            for (var j = 0; ByResidual && j < Dimension; j++)
                to[j] += centroid[j];
        }
    }

    private void SubtractCentroids(float[] vectors, int n)
    {
        using var scratch = Scratch.Rent();
        var lists = scratch.Ints(n);
        fixed (float* start = vectors)
        {
            Assign(start, n, lists);
            for (var i = 0; i < n; i++)
            {
                float* vector = start + (long)i * Dimension, centroid = Quantizer.Vectors + (long)lists[i] * Dimension;
                for (var j = 0; j < Dimension; j++)
                    vector[j] -= centroid[j];
            }
        }
    }

    private ArrayInvertedLists NewLists() => new(NList, CodeSize, FastScan.BlockSize, KeepsTerms);
}
