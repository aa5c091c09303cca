using FaissNet.Interop;

namespace FaissNet;

/// <summary>Exact search over the vectors as they are. FAISS's <c>IndexFlat</c> (<c>faiss/IndexFlat.h</c>).</summary>
public class IndexFlat : FaissIndex
{
    /// <summary>An empty index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="metric">How vectors are compared.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> or <paramref name="metric"/> is out of range.</exception>
    public IndexFlat(int d, MetricType metric = MetricType.L2)
        : this(Create(d, metric))
    {
    }

    internal IndexFlat(FaissIndexHandle handle)
        : base(handle)
    {
    }

    /// <summary>The p of <see cref="MetricType.Lp"/>, whose distances are sums of |x - y|^p: set it before adding, for until then it is 0.
    /// Other metrics have none. FAISS's <c>metric_arg</c>.</summary>
    /// <exception cref="ArgumentException">The value is not from 0.001 to 1000.</exception>
    /// <exception cref="NotSupportedException">The index has another metric, or holds vectors.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public double MetricArg
    {
        get => GetOption("metric_arg");
        set => SetOption("metric_arg", value);
    }

    private protected static FaissIndexHandle Create(int d, MetricType metric)
    {
        IndexArguments.RequireDimension(d);
        IndexArguments.RequireMetric(metric);
        NativeMethods.faissnet_index_flat_new(d, (int)metric, out var handle).ThrowIfFailed();
        return handle;
    }
}

/// <summary>Exact search by squared Euclidean distance. FAISS's <c>IndexFlatL2</c>.</summary>
public sealed class IndexFlatL2 : IndexFlat
{
    /// <summary>An empty index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
    public IndexFlatL2(int d)
        : base(Create(d, MetricType.L2))
    {
    }

    internal IndexFlatL2(FaissIndexHandle handle)
        : base(handle)
    {
    }
}

/// <summary>Exact search by inner product. FAISS's <c>IndexFlatIP</c>.</summary>
public sealed class IndexFlatIP : IndexFlat
{
    /// <summary>An empty index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
    public IndexFlatIP(int d)
        : base(Create(d, MetricType.InnerProduct))
    {
    }

    internal IndexFlatIP(FaissIndexHandle handle)
        : base(handle)
    {
    }
}
