namespace FaissNet.Managed;

/// <summary>
/// Product-quantized vectors of 4 bits per part, all scanned in registers: FAISS's <c>IndexPQFastScan</c> (<c>faiss/IndexPQFastScan.h</c>). The
/// factory's <c>PQ…x4fs</c>.
/// </summary>
/// <remarks><inheritdoc cref="IndexIVFPQFastScan" path="/remarks"/></remarks>
public sealed partial class IndexPQFastScan : IndexPQBase
{
    private const int Block = FastScan.BlockSize;

    private FastScanCodebook? _codebook;

    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Parts of a vector; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per part: 4.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="bbs">Vectors per block in FAISS's files, a multiple of 32. It changes nothing in memory.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexPQFastScan(int d, int m, int nbits = 4, MetricType metric = MetricType.L2, int bbs = FastScanLayout.DefaultBlock)
        : base(d, metric, FastScanLayout.NewQuantizer(d, m, nbits, bbs), Block) =>
        BlockSize = bbs;

    /// <summary>Vectors per block in FAISS's files. FAISS's <c>bbs</c>.</summary>
    public int BlockSize { get; }

    /// <summary>Which of its kernels FAISS is to use; 0 to let it choose. Kept for the file. FAISS's <c>implem</c>.</summary>
    internal int Implementation { get; set; }

    /// <summary>How many queries FAISS's kernels are to take at a time; 0 to let it choose. Kept for the file. FAISS's <c>qbs</c>.</summary>
    internal int QueriesAtOnce { get; set; }

    private protected override long TableBytes => Volatile.Read(ref _codebook)?.Bytes ?? 0;

    private protected override void DropCodebook() => Volatile.Write(ref _codebook, null);
}
