using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// An inverted file that stores product-quantized residuals: M·nbits bits per vector. FAISS's <c>IndexIVFPQ</c>
/// (<c>faiss/IndexIVFPQ.h</c>); Jégou, Douze, Schmid: Product quantization for nearest neighbor search, 2011.
/// </summary>
public sealed class IndexIVFPQ : IndexIVF
{
    /// <summary>FAISS's limit for the bits per sub-quantizer.</summary>
    public const int MaxNBits = 16;

    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="m">Sub-quantizers; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per sub-quantizer: each has 2^nbits centroids. 1 to 16; 8 is the usual and fastest choice.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFPQ(int d, int nlist, int m, int nbits = 8, MetricType metric = MetricType.L2)
        : base(null, Spec(d, nlist, m, nbits, metric)) => (M, NBits) = (m, nbits);

    /// <summary>An untrained index over a coarse quantizer of the caller's.</summary>
    /// <param name="quantizer">A flat, SQ, PQ or HNSW index without vectors, or with <paramref name="nlist"/> centroids. It becomes a part of
    /// this index: see <see cref="FaissIndex.Parts"/>.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="m">Sub-quantizers; must divide <paramref name="d"/>.</param>
    /// <param name="nbits">Bits per sub-quantizer.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <inheritdoc cref="IndexIVFFlat(FaissIndex, int, int, MetricType)" path="/exception"/>
    public IndexIVFPQ(FaissIndex quantizer, int d, int nlist, int m, int nbits = 8, MetricType metric = MetricType.L2)
        : base(IndexArguments.NotNull(quantizer, nameof(quantizer)), Spec(d, nlist, m, nbits, metric)) => (M, NBits) = (m, nbits);

    internal IndexIVFPQ(FaissIndexHandle handle)
        : base(handle) => (M, NBits) = ReadPq();

    /// <summary>The number of sub-quantizers.</summary>
    public int M { get; }

    /// <summary>Bits per sub-quantizer.</summary>
    public int NBits { get; }

    /// <summary>Whether codes stand for what is left of a vector after its list's centroid is subtracted, which they do more exactly, or for
    /// the vector itself. FAISS's <c>by_residual</c>; <see langword="true"/> until it is set.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public bool ByResidual
    {
        get => GetOption("by_residual") != 0;
        init => SetOption("by_residual", value ? 1 : 0);
    }

    /// <summary>
    /// Whether FAISS keeps tables of <see cref="IndexIVF.NList"/>·M·2^nbits floats that make L2 searches over residuals faster: -1 never,
    /// 0 if they take no more than 2 GiB, 1 always. FAISS's <c>use_precomputed_table</c>; after training it says which of these came of it. Not kept in files.
    /// </summary>
    /// <exception cref="ArgumentException">The value is none of these.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int UsePrecomputedTable
    {
        get => (int)GetOption("use_precomputed_table");
        set => SetOption("use_precomputed_table", value);
    }

    /// <summary>Whether training orders the centroids so that codes can be compared by their bits (<c>ht</c>). FAISS's
    /// <c>do_polysemous_training</c>; the factory sets it for <c>IVF…,PQ…</c> without <c>np</c>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public bool PolysemousTraining
    {
        get => GetOption("do_polysemous_training") != 0;
        init => SetOption("do_polysemous_training", value ? 1 : 0);
    }

    private static NativeIndexSpec Spec(int d, int nlist, int m, int nbits, MetricType metric)
    {
        var spec = Spec(IndexKind.IvfPq, d, nlist, metric);
        IndexArguments.RequirePq(d, m, nbits);
        (spec.M, spec.NBits) = (m, nbits);
        return spec;
    }
}
