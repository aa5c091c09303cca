using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file whose codes are those of an <see cref="IndexRaBitQ"/>. FAISS's <c>IndexIVFRaBitQ</c>
/// (<c>faiss/IndexIVFRaBitQ.h</c>).</summary>
/// <remarks><inheritdoc cref="IndexRaBitQ" path="/remarks"/></remarks>
public sealed class IndexIVFRaBitQ : IndexIVF
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException">This FAISS has no RaBitQ.</exception>
    public IndexIVFRaBitQ(int d, int nlist, MetricType metric = MetricType.L2)
        : base(null, Spec(IndexKind.IvfRaBitQ, d, nlist, metric))
    {
    }

    /// <summary>An untrained index over a coarse quantizer of the caller's.</summary>
    /// <param name="quantizer">A flat, SQ, PQ or HNSW index without vectors, or with <paramref name="nlist"/> centroids. It becomes a part of
    /// this index: see <see cref="FaissIndex.Parts"/>.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <inheritdoc cref="IndexIVFFlat(FaissIndex, int, int, MetricType)" path="/exception"/>
    /// <exception cref="NotSupportedException">This FAISS has no RaBitQ.</exception>
    public IndexIVFRaBitQ(FaissIndex quantizer, int d, int nlist, MetricType metric = MetricType.L2)
        : base(IndexArguments.NotNull(quantizer, nameof(quantizer)), Spec(IndexKind.IvfRaBitQ, d, nlist, metric))
    {
    }

    internal IndexIVFRaBitQ(FaissIndexHandle handle)
        : base(handle)
    {
    }

    /// <inheritdoc cref="IndexRaBitQ.QueryBits"/>
    public int QueryBits
    {
        get => (int)GetOption("qb");
        set => SetOption("qb", value);
    }
}
