namespace FaissNet.Managed;

/// <summary>
/// An inverted file over product quantizers of 4 bits, scanned in registers: FAISS's <c>IndexIVFPQFastScan</c>
/// (<c>faiss/IndexIVFPQFastScan.h</c>); André, Kermarrec, Le Scouarnec: Cache locality is not enough, 2015. The factory's
/// <c>IVF…,PQ…x4fs</c>, and <c>…x4fsr</c> with <see cref="IndexIVFPQBase.ByResidual"/>.
/// </summary>
/// <remarks>FAISS returns distances that its tables of bytes round; here distances are exact sums of the float tables, and neighbours are ordered
/// by them. Recall is the same, but neighbours whose distances differ less than FAISS's rounding may stand in another order. Besides, range search,
/// selectors and per-call parameters work here, which not every FAISS has for this type.</remarks>
public sealed unsafe partial class IndexIVFPQFastScan : IndexIVFPQBase
{
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
        : base(d, nlist, metric, FastScanLayout.NewQuantizer(d, m, nbits, bbs), byResidual: false, FastScan.BlockSize) =>
        BlockSize = bbs;

    /// <summary>Vectors per block in FAISS's files. FAISS's <c>bbs</c>.</summary>
    public int BlockSize { get; }

    /// <summary>Which of its kernels FAISS is to use; 0 to let it choose. Kept for the file. FAISS's <c>implem</c>.</summary>
    internal int Implementation { get; set; }

    /// <summary>How many queries FAISS's kernels are to take at a time; 0 to let it choose. Kept for the file. FAISS's <c>qbs2</c>.</summary>
    internal long QueriesAtOnce { get; set; }

    private protected override long TableBytes => Volatile.Read(ref _codebook)?.Bytes ?? 0;

    /// <summary>Computes what is kept beside codes of one list, as after reading them from a file. Every code in the lists must have gone
    /// through here.</summary>
    internal override void ComputeTerms(int list, byte* codes, int n, float* terms)
    {
        base.ComputeTerms(list, codes, n, terms);
        var largest = 0f;
        for (var i = 0; i < n; i++)
            largest = Math.Max(largest, Math.Abs(terms[i]));

        if (largest <= _largestTerm)
            return;

        lock (_largestTermLock)
            _largestTerm = Math.Max(_largestTerm, largest);
    }

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

    private protected override void DropCodebook() => Volatile.Write(ref _codebook, null);
}
