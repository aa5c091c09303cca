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
        : this(Create(d, nlist, metric))
    {
    }

    internal IndexIVFFlat(FaissIndexHandle handle)
        : base(handle)
    {
    }

    private static FaissIndexHandle Create(int d, int nlist, MetricType metric)
    {
        IndexArguments.RequireIvf(d, nlist, metric);
        NativeMethods.faissnet_index_ivf_flat_new(d, nlist, (int)metric, out var handle).ThrowIfFailed();
        return handle;
    }
}
