using FaissNet.Interop;

namespace FaissNet;

/// <summary>Neighbours and distances without an index, over vectors where they lie. FAISS's <c>utils/distances.h</c>; Python's <c>faiss.knn</c>,
/// <c>pairwise_distances</c> and <c>normalize_L2</c>.</summary>
public static class FaissDistances
{
    /// <summary>The k nearest vectors to each query. Python's <c>faiss.knn</c>.</summary>
    /// <param name="queries">n·d floats.</param>
    /// <param name="vectors">nb·d floats.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="metric">How vectors are compared.</param>
    /// <param name="metricArgument">The p of <see cref="MetricType.Lp"/>.</param>
    /// <returns>Positions in <paramref name="vectors"/>, in no more columns than there are vectors.</returns>
    /// <exception cref="ArgumentException">A length is no multiple of d, or a component is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static SearchResult Knn(
        ReadOnlySpan<float> queries, ReadOnlySpan<float> vectors, int d, int k, MetricType metric = MetricType.L2, float metricArgument = 0)
    {
        IndexArguments.RequireDimension(d);
        VectorArguments.RequireK(k);
        var n = VectorArguments.CountVectors(queries, d, nameof(queries));
        var columns = Math.Min(k, VectorArguments.CountVectors(vectors, d, nameof(vectors)));
        var results = VectorArguments.CountResults(n, columns);
        var (distances, labels) = (new float[results], new long[results]);
        if (columns > 0)
            Knn(queries, vectors, d, columns, distances, labels, metric, metricArgument);

        return new SearchResult(n, columns, distances, labels);
    }

    /// <summary>The k nearest vectors to each query, into memory of the caller's.</summary>
    /// <param name="queries">n·d floats.</param>
    /// <param name="vectors">nb·d floats.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="distances">Receives n·k distances; with L2 they are squared. May be longer.</param>
    /// <param name="labels">Receives n·k positions in <paramref name="vectors"/>, -1 where there are fewer than k. May be longer.</param>
    /// <param name="metric">How vectors are compared.</param>
    /// <param name="metricArgument">The p of <see cref="MetricType.Lp"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a component is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static void Knn(
        ReadOnlySpan<float> queries,
        ReadOnlySpan<float> vectors,
        int d,
        int k,
        Span<float> distances,
        Span<long> labels,
        MetricType metric = MetricType.L2,
        float metricArgument = 0)
    {
        VectorArguments.RequireK(k);
        var (n, nb) = Check(queries, vectors, d, metric, metricArgument);
        var results = VectorArguments.CountResults(n, k);
        VectorArguments.RequireLength(distances.Length, results, nameof(distances), "n * k");
        VectorArguments.RequireLength(labels.Length, results, nameof(labels), "n * k");
        NativeMethods.faissnet_knn(d, n, queries, nb, vectors, k, (int)metric, metricArgument, distances, labels).ThrowIfFailed();
    }

    /// <summary>The distances of all queries to all vectors. Python's <c>pairwise_distances</c>.</summary>
    /// <param name="queries">n·d floats.</param>
    /// <param name="vectors">nb·d floats.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="distances">Receives n·nb distances, row by row; with L2 they are squared. May be longer.</param>
    /// <param name="metric">How vectors are compared.</param>
    /// <param name="metricArgument">The p of <see cref="MetricType.Lp"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a component is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static void Pairwise(
        ReadOnlySpan<float> queries,
        ReadOnlySpan<float> vectors,
        int d,
        Span<float> distances,
        MetricType metric = MetricType.L2,
        float metricArgument = 0)
    {
        var (n, nb) = Check(queries, vectors, d, metric, metricArgument);
        VectorArguments.RequireLength(distances.Length, VectorArguments.CountOutputs(n, nb, nameof(distances)), nameof(distances), "n * nb");
        NativeMethods.faissnet_pairwise_distances(d, n, queries, nb, vectors, (int)metric, metricArgument, distances).ThrowIfFailed();
    }

    /// <inheritdoc cref="Pairwise(ReadOnlySpan{float}, ReadOnlySpan{float}, int, Span{float}, MetricType, float)"/>
    /// <returns>n·nb distances, row by row; with L2 they are squared.</returns>
    public static float[] Pairwise(
        ReadOnlySpan<float> queries, ReadOnlySpan<float> vectors, int d, MetricType metric = MetricType.L2, float metricArgument = 0)
    {
        IndexArguments.RequireDimension(d);
        var n = VectorArguments.CountVectors(queries, d, nameof(queries));
        var nb = VectorArguments.CountVectors(vectors, d, nameof(vectors));
        var distances = new float[VectorArguments.CountOutputs(n, nb, nameof(queries))];
        Pairwise(queries, vectors, d, distances, metric, metricArgument);
        return distances;
    }

    /// <summary>Scales vectors to length 1 where they lie; zero vectors stay. Python's <c>faiss.normalize_L2</c>, FAISS's
    /// <c>fvec_renorm_L2</c>.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <param name="d">Components per vector.</param>
    /// <exception cref="ArgumentException">The length is no multiple of d, or a component is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
    public static void NormalizeL2(Span<float> vectors, int d)
    {
        IndexArguments.RequireDimension(d);
        var n = VectorArguments.CountVectors(vectors, d, nameof(vectors));
        VectorArguments.RequireFinite(vectors, d, nameof(vectors));
        NativeMethods.faissnet_normalize_l2(d, n, vectors).ThrowIfFailed();
    }

    private static (int Queries, int Vectors) Check(
        ReadOnlySpan<float> queries, ReadOnlySpan<float> vectors, int d, MetricType metric, float metricArgument)
    {
        IndexArguments.RequireDimension(d);
        IndexArguments.RequireMetric(metric);
        if (!float.IsFinite(metricArgument))
            throw new ArgumentOutOfRangeException(nameof(metricArgument), metricArgument, $"metricArgument is {metricArgument}: expected a finite value.");

        var n = VectorArguments.CountVectors(queries, d, nameof(queries));
        var nb = VectorArguments.CountVectors(vectors, d, nameof(vectors));
        VectorArguments.RequireFinite(queries, d, nameof(queries));
        VectorArguments.RequireFinite(vectors, d, nameof(vectors));
        return (n, nb);
    }
}
