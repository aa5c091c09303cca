using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// An inverted file of 4-bit product-quantized codes, laid out so that one instruction looks up 32 of them. FAISS's <c>IndexIVFPQFastScan</c>
/// (<c>faiss/IndexIVFPQFastScan.h</c>); André, Kermarrec and Le Scouarnec, Quicker ADC, 2019.
/// </summary>
/// <remarks>FAISS rounds the distances of this type to 8 bits: refine its results (<c>IVF…,PQ…x4fs,RFlat</c>) where that matters.</remarks>
public sealed class IndexIVFPQFastScan : IndexIVF
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="m">Sub-quantizers; must divide <paramref name="d"/>. FAISS's <c>M</c>. d / 2 is a usual choice.</param>
    /// <param name="nbits">Bits per sub-quantizer: 4.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="bbs">Vectors per block, a multiple of 32.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFPQFastScan(int d, int nlist, int m, int nbits = 4, MetricType metric = MetricType.L2, int bbs = 32)
        : base(null, Spec(d, nlist, m, nbits, metric, bbs)) => (M, NBits, BlockSize) = (m, nbits, bbs);

    /// <summary>An untrained index over a coarse quantizer of the caller's.</summary>
    /// <param name="quantizer">A flat, SQ, PQ or HNSW index without vectors, or with <paramref name="nlist"/> centroids. It becomes a part of
    /// this index: see <see cref="FaissIndex.Parts"/>.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="m">Sub-quantizers; must divide <paramref name="d"/>.</param>
    /// <param name="nbits">Bits per sub-quantizer: 4.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="bbs">Vectors per block, a multiple of 32.</param>
    /// <inheritdoc cref="IndexIVFFlat(FaissIndex, int, int, MetricType)" path="/exception"/>
    public IndexIVFPQFastScan(
        FaissIndex quantizer, int d, int nlist, int m, int nbits = 4, MetricType metric = MetricType.L2, int bbs = 32)
        : base(IndexArguments.NotNull(quantizer, nameof(quantizer)), Spec(d, nlist, m, nbits, metric, bbs)) =>
        (M, NBits, BlockSize) = (m, nbits, bbs);

    internal IndexIVFPQFastScan(FaissIndexHandle handle)
        : base(handle)
    {
        (M, NBits) = ReadPq();
        BlockSize = (int)GetOption("bbs");
    }

    /// <summary>The number of sub-quantizers.</summary>
    public int M { get; }

    /// <summary>Bits per sub-quantizer: 4.</summary>
    public int NBits { get; }

    /// <summary>Vectors per block. FAISS's <c>bbs</c>.</summary>
    public int BlockSize { get; }

    /// <summary>
    /// Whether codes stand for the differences to the coarse centroids: a little more recall for a little more time. Not by
    /// default, as in FAISS. FAISS's <c>by_residual</c>.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public bool ByResidual
    {
        get => GetOption("by_residual") != 0;
        init => SetOption("by_residual", value ? 1 : 0);
    }

    private static NativeIndexSpec Spec(int d, int nlist, int m, int nbits, MetricType metric, int bbs)
    {
        var spec = Spec(IndexKind.IvfPqFastScan, d, nlist, metric);
        IndexArguments.RequireFastScan(d, m, nbits, bbs);
        (spec.M, spec.NBits, spec.Block) = (m, nbits, bbs);
        return spec;
    }
}
