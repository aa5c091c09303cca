using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// An inverted file of product-quantized residuals with a second product quantizer for what these leave over: the nearest by the first codes are
/// compared again by both. L2. FAISS's <c>IndexIVFPQR</c> (<c>faiss/IndexIVFPQR.h</c>); Jégou et al., Searching in one billion vectors: re-rank
/// with source coding, 2011.
/// </summary>
/// <remarks>Vectors have the ids 0, 1, … in the order in which they are added; they cannot be removed, nor indexes merged. A range
/// search, and encoding without storing, know the first codes alone, as in FAISS. An untrained index is neither saved nor cloned.</remarks>
public sealed class IndexIVFPQR : IndexIVF
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="m">Sub-quantizers; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per sub-quantizer, 1 to 16.</param>
    /// <param name="mRefine">Sub-quantizers of what the first codes leave over; must divide <paramref name="d"/>. FAISS's <c>M_refine</c>.</param>
    /// <param name="nbitsRefine">Bits of each of these, 1 to 16.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFPQR(int d, int nlist, int m, int nbits, int mRefine, int nbitsRefine = 8)
        : base(null, Spec(d, nlist, m, nbits, mRefine, nbitsRefine)) =>
        (M, NBits, MRefine, NBitsRefine) = (m, nbits, mRefine, nbitsRefine);

    /// <summary>An untrained index over a coarse quantizer of the caller's.</summary>
    /// <param name="quantizer">A flat, SQ, PQ or HNSW index without vectors, or with <paramref name="nlist"/> centroids. It becomes a part of
    /// this index: see <see cref="FaissIndex.Parts"/>.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="m">Sub-quantizers.</param>
    /// <param name="nbits">Bits per sub-quantizer.</param>
    /// <param name="mRefine">Sub-quantizers of what the first codes leave over.</param>
    /// <param name="nbitsRefine">Bits of each of these.</param>
    /// <inheritdoc cref="IndexIVFFlat(FaissIndex, int, int, MetricType)" path="/exception"/>
    public IndexIVFPQR(FaissIndex quantizer, int d, int nlist, int m, int nbits, int mRefine, int nbitsRefine = 8)
        : base(IndexArguments.NotNull(quantizer, nameof(quantizer)), Spec(d, nlist, m, nbits, mRefine, nbitsRefine)) =>
        (M, NBits, MRefine, NBitsRefine) = (m, nbits, mRefine, nbitsRefine);

    internal IndexIVFPQR(FaissIndexHandle handle)
        : base(handle)
    {
        (M, NBits) = ReadPq();
        (MRefine, NBitsRefine) = ((int)GetOption("M_refine"), (int)GetOption("nbits_refine"));
    }

    /// <summary>The number of sub-quantizers. FAISS's <c>pq.M</c>.</summary>
    public int M { get; }

    /// <summary>Bits per sub-quantizer. FAISS's <c>pq.nbits</c>.</summary>
    public int NBits { get; }

    /// <summary>The number of sub-quantizers of what the first codes leave over. FAISS's <c>refine_pq.M</c>.</summary>
    public int MRefine { get; }

    /// <summary>Bits of each of these. FAISS's <c>refine_pq.nbits</c>.</summary>
    public int NBitsRefine { get; }

    /// <summary>How many times as many vectors are compared again as are asked for, 4 until it is set. FAISS's <c>k_factor</c>.</summary>
    /// <exception cref="ArgumentException">The value is not from 1 to 1000.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public double KFactor
    {
        get => GetParameter("k_factor");
        set => SetParameter("k_factor", value);
    }

    /// <inheritdoc cref="IndexIVFPQ.UsePrecomputedTable"/>
    public int UsePrecomputedTable
    {
        get => (int)GetOption("use_precomputed_table");
        set => SetOption("use_precomputed_table", value);
    }

    private static NativeIndexSpec Spec(int d, int nlist, int m, int nbits, int mRefine, int nbitsRefine)
    {
        var spec = Spec(IndexKind.IvfPqr, d, nlist, MetricType.L2);
        IndexArguments.RequirePq(d, m, nbits);
        if (mRefine < 1 || d % mRefine != 0)
            throw new ArgumentOutOfRangeException(nameof(mRefine), mRefine, $"mRefine is {mRefine}: expected a divisor of d = {d}.");

        if (nbitsRefine is < 1 or > IndexIVFPQ.MaxNBits)
            throw new ArgumentOutOfRangeException(nameof(nbitsRefine), nbitsRefine, $"nbitsRefine is {nbitsRefine}: expected 1 to {IndexIVFPQ.MaxNBits}.");

        (spec.M, spec.NBits, spec.MRefine, spec.NBitsRefine) = (m, nbits, mRefine, nbitsRefine);
        return spec;
    }
}
