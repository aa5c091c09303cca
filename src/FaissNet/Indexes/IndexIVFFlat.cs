using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file that stores the vectors as they are. FAISS's <c>IndexIVFFlat</c> (<c>faiss/IndexIVFFlat.h</c>).</summary>
public sealed class IndexIVFFlat : IndexIVF
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFFlat(int d, int nlist, MetricType metric = MetricType.L2)
        : base(null, Spec(IndexKind.IvfFlat, d, nlist, metric))
    {
    }

    /// <summary>An index over a coarse quantizer of the caller's, such as an <see cref="IndexHNSWFlat"/>.</summary>
    /// <param name="quantizer">A flat, SQ, PQ or HNSW index without vectors, or with <paramref name="nlist"/> centroids. It becomes a part of
    /// this index: see <see cref="FaissIndex.Parts"/>.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentException">The quantizer does not fit, or is a part of another index.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFFlat(FaissIndex quantizer, int d, int nlist, MetricType metric = MetricType.L2)
        : base(IndexArguments.NotNull(quantizer, nameof(quantizer)), Spec(IndexKind.IvfFlat, d, nlist, metric))
    {
    }

    internal IndexIVFFlat(FaissIndexHandle handle)
        : base(handle)
    {
    }
}
