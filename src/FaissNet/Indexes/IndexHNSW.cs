using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// A graph whose edges a search follows towards the query. FAISS's <c>IndexHNSW</c> (<c>faiss/IndexHNSW.h</c>); Malkov and Yashunin, Efficient and
/// robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs, 2018.
/// </summary>
/// <remarks>Vectors cannot be removed, and indexes not be merged: leave ids out with a selector, and build anew from time to time. What is
/// found depends a little on the number of threads that added.</remarks>
public abstract class IndexHNSW : FaissIndex
{
    internal IndexHNSW(FaissIndexHandle handle)
        : base(handle) => M = (int)GetOption("M");

    /// <summary>Links per vector and level; twice as many on the lowest. FAISS's <c>M</c>.</summary>
    public int M { get; }

    /// <summary>
    /// How many candidates a search keeps: the more, the more of the true neighbours it finds, and the longer it takes. 16 until it is set. FAISS's
    /// <c>efSearch</c>. This is shared by all callers; for one call there is <see cref="SearchParameters.EfSearch"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The value is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int EfSearch
    {
        get => (int)GetParameter("efSearch");
        set => SetParameter("efSearch", value);
    }

    /// <summary>How many candidates the links of a new vector are chosen from, 40 until it is set: set it before adding. FAISS's
    /// <c>efConstruction</c>.</summary>
    /// <exception cref="ArgumentException">The value is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int EfConstruction
    {
        get => (int)GetParameter("efConstruction");
        set => SetParameter("efConstruction", value);
    }

    /// <summary>The vectors under the graph. FAISS's <c>storage</c>. See <see cref="FaissIndex.Parts"/>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public FaissIndex Storage => GetPart(IndexPart.Storage);
}

/// <summary>A graph over the vectors as they are. FAISS's <c>IndexHNSWFlat</c>.</summary>
/// <remarks><inheritdoc cref="IndexHNSW" path="/remarks"/></remarks>
public sealed class IndexHNSWFlat : IndexHNSW
{
    /// <summary>An empty index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Links per vector and level, 2 to 4096; 16 to 64 are usual. FAISS's <c>M</c>.</param>
    /// <param name="metric">How vectors are compared.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexHNSWFlat(int d, int m = 32, MetricType metric = MetricType.L2)
        : this(Create(d, m, metric))
    {
    }

    internal IndexHNSWFlat(FaissIndexHandle handle)
        : base(handle)
    {
    }

    /// <inheritdoc cref="IndexFlat.MetricArg"/>
    public double MetricArg
    {
        get => GetOption("metric_arg");
        set => SetOption("metric_arg", value);
    }

    private static FaissIndexHandle Create(int d, int m, MetricType metric)
    {
        IndexArguments.RequireDimension(d);
        IndexArguments.RequireMetric(metric);
        return NativeIndexSpec.Create(
            new NativeIndexSpec { Kind = (int)IndexKind.HnswFlat, D = d, Links = IndexArguments.Links(m), Metric = (int)metric });
    }
}

/// <summary>A graph over scalar-quantized vectors. FAISS's <c>IndexHNSWSQ</c>.</summary>
/// <remarks><inheritdoc cref="IndexHNSW" path="/remarks"/></remarks>
public sealed class IndexHNSWSQ : IndexHNSW
{
    /// <summary>An index without vectors; trained already if <paramref name="qtype"/> needs no training.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="qtype">How components are written.</param>
    /// <param name="m">Links per vector and level, 2 to 4096.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException">This FAISS does not have <paramref name="qtype"/>.</exception>
    public IndexHNSWSQ(int d, ScalarQuantizerType qtype, int m = 32, MetricType metric = MetricType.L2)
        : this(Create(d, qtype, m, metric))
    {
    }

    internal IndexHNSWSQ(FaissIndexHandle handle)
        : base(handle)
    {
    }

    /// <summary>How components are written. FAISS's <c>sq.qtype</c>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public ScalarQuantizerType QType => ((IndexScalarQuantizer)Storage).QType;

    private static FaissIndexHandle Create(int d, ScalarQuantizerType qtype, int m, MetricType metric)
    {
        IndexArguments.RequireUsual(d, metric);
        return NativeIndexSpec.Create(new NativeIndexSpec
        {
            Kind = (int)IndexKind.HnswSq, D = d, QType = IndexArguments.QType(qtype), Links = IndexArguments.Links(m), Metric = (int)metric,
        });
    }
}

/// <summary>A graph over product-quantized vectors, compared by L2. FAISS's <c>IndexHNSWPQ</c>.</summary>
/// <remarks><inheritdoc cref="IndexHNSW" path="/remarks"/></remarks>
public sealed class IndexHNSWPQ : IndexHNSW
{
    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="pqM">Bytes per code: parts of a vector, each with a codebook of 256 entries; must divide <paramref name="d"/>. FAISS's
    /// <c>pq_m</c>.</param>
    /// <param name="m">Links per vector and level, 2 to 4096.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexHNSWPQ(int d, int pqM, int m = 32)
        : this(Create(d, pqM, m))
    {
    }

    internal IndexHNSWPQ(FaissIndexHandle handle)
        : base(handle)
    {
    }

    private static FaissIndexHandle Create(int d, int pqM, int m)
    {
        IndexArguments.RequireDimension(d);
        if (pqM < 1 || d % pqM != 0)
            throw new ArgumentOutOfRangeException(nameof(pqM), pqM, $"pqM is {pqM}: expected a divisor of d = {d}.");

        return NativeIndexSpec.Create(new NativeIndexSpec
        {
            Kind = (int)IndexKind.HnswPq, D = d, M = pqM, Links = IndexArguments.Links(m), Metric = (int)MetricType.L2,
        });
    }
}
