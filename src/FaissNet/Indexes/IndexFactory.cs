using FaissNet.Interop;

namespace FaissNet;

/// <summary>Makes indexes from FAISS's descriptions. FAISS's <c>index_factory</c> (<c>faiss/index_factory.h</c>).</summary>
public static class IndexFactory
{
    /// <summary>An empty index of any type that FAISS has, such as <c>Flat</c>, <c>IVF4096,PQ16</c>, <c>OPQ16,IVF4096,PQ16</c>,
    /// <c>HNSW32</c>, <c>IDMap,Flat</c>.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="description">The parts, separated by commas, from the outside in.</param>
    /// <param name="metric">How vectors are compared.</param>
    /// <returns>The index, as the class that fits its type.</returns>
    /// <exception cref="ArgumentException">FAISS does not know the description, or it does not fit <paramref name="d"/> or
    /// <paramref name="metric"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> or <paramref name="metric"/> is out of range.</exception>
    public static FaissIndex Create(int d, string description, MetricType metric = MetricType.L2)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(description);
        IndexArguments.RequireDimension(d);
        IndexArguments.RequireMetric(metric);
        NativeMethods.faissnet_index_factory(d, description, (int)metric, out var handle).ThrowIfFailed();
        return FaissIndex.Wrap(handle);
    }

    /// <summary>
    /// An empty index that compares by cosine similarity: vectors and queries are normalised on their way in, then compared by
    /// inner product. The same as <c>Create(d, "L2norm," + description, MetricType.InnerProduct)</c>, and a file of it does the same in
    /// every FAISS.
    /// </summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="description">The parts, as in <see cref="Create"/>.</param>
    /// <inheritdoc cref="Create" path="/returns"/>
    /// <inheritdoc cref="Create" path="/exception"/>
    public static FaissIndex CreateCosine(int d, string description)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(description);
        return Create(d, $"L2norm,{description}", MetricType.InnerProduct);
    }
}
