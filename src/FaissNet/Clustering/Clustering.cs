using FaissNet.Interop;

namespace FaissNet;

/// <summary>k-means. FAISS's <c>Clustering</c> (<c>faiss/Clustering.h</c>) with a flat index to assign vectors to centroids.</summary>
/// <remarks>One thread at a time may train; the results can be read by any.</remarks>
public sealed class Clustering
{
    /// <summary>FAISS warns below this many training vectors per centroid.</summary>
    public const int MinPointsPerCentroid = VectorArguments.MinPointsPerCentroid;

    private ClusteringIterationStats[] _iterations = [];

    /// <summary>A clustering of d-dimensional vectors into k clusters.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="k">Clusters.</param>
    /// <param name="parameters">The settings; FAISS's defaults if <see langword="null"/>.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public Clustering(int d, int k, ClusteringParameters? parameters = null, MetricType metric = MetricType.L2)
    {
        IndexArguments.RequireDimension(d);
        if (k < 1 || (long)k * d > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(k), k, $"k is {k}: expected 1 to {Array.MaxLength / d} centroids of {d} components.");

        if (metric is not (MetricType.L2 or MetricType.InnerProduct))
            throw new ArgumentOutOfRangeException(nameof(metric), metric, $"metric is {metric}: expected {MetricType.L2} or {MetricType.InnerProduct}.");

        (Dimension, K, Parameters, Metric) = (d, k, parameters ?? new ClusteringParameters(), metric);
        Centroids = new float[k * d];
    }

    /// <summary>Components per vector.</summary>
    public int Dimension { get; }

    /// <summary>The number of centroids.</summary>
    public int K { get; }

    /// <summary>The settings.</summary>
    public ClusteringParameters Parameters { get; }

    /// <summary>How vectors are assigned to centroids.</summary>
    public MetricType Metric { get; }

    /// <summary>k·d floats, row by row; zero before the training.</summary>
    public float[] Centroids { get; private set; }

    /// <summary>One entry per iteration, those of the best run if there were several. FAISS's <c>iteration_stats</c>.</summary>
    public IReadOnlyList<ClusteringIterationStats> Iterations => _iterations;

    /// <summary>Finds the centroids.</summary>
    /// <param name="vectors">n·d floats, n at least k.</param>
    /// <param name="progress">Told after each iteration, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the training; <see cref="Centroids"/> stay as they were.</param>
    /// <exception cref="ArgumentException">The length is no multiple of d, a component is not finite, or n is less than k.</exception>
    /// <exception cref="NotSupportedException">This FAISS lacks one of the settings.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    public void Train(
        ReadOnlySpan<float> vectors, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Train(vectors, weights: default, initialCentroids: default, progress, cancellationToken);

    /// <summary>Finds the centroids, of weighted vectors or from first centroids of the caller's.</summary>
    /// <param name="vectors">n·d floats, n at least k.</param>
    /// <param name="weights">A positive weight per vector, or empty. Only how they compare matters.</param>
    /// <param name="initialCentroids">Up to k first centroids; the others are found as <see cref="Parameters"/> say.</param>
    /// <param name="progress">Told after each iteration, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the training; <see cref="Centroids"/> stay as they were.</param>
    /// <exception cref="ArgumentException">A length does not fit, a component is not finite, a weight is not positive, or n is less than k.</exception>
    /// <exception cref="NotSupportedException">This FAISS lacks one of the settings.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    public unsafe void Train(
        ReadOnlySpan<float> vectors,
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> initialCentroids,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireTrainable(n, K, "k", nameof(vectors));

        if (weights.Length != 0 && weights.Length != n)
            throw new ArgumentException($"weights holds {weights.Length} values: expected one for each of the {n} vectors, or none.", nameof(weights));

        var given = VectorArguments.CountVectors(initialCentroids, Dimension, nameof(initialCentroids));
        if (given > K)
            throw new ArgumentException($"initialCentroids holds {given} centroids: expected at most k = {K}.", nameof(initialCentroids));

        VectorArguments.RequireFinite(initialCentroids, Dimension, nameof(initialCentroids));
        cancellationToken.ThrowIfCancellationRequested();
        var centroids = new float[K * Dimension];
        initialCentroids.CopyTo(centroids);
        var stats = new NativeIterationStats[Parameters.NIter];
        var native = Parameters.ToNative();
        using var monitor = new MonitorBridge(progress, cancellationToken);
        long iterations;
        fixed (float* weight = weights)
        fixed (NativeIterationStats* stat = stats)
        {
            var status = NativeMethods.faissnet_clustering_train(
                Dimension, K, (int)Metric, &native, n, vectors, weight, given, centroids, monitor.Native, stat, stats.Length, out iterations);
            monitor.Finish(status);
        }

        _iterations = [.. stats[..(int)iterations].Select(ToStats)];
        Centroids = centroids;
    }

    private static ClusteringIterationStats ToStats(NativeIterationStats stats) =>
        new(stats.Objective, stats.ImbalanceFactor, (int)stats.Splits)
        {
            Time = TimeSpan.FromSeconds(stats.Seconds),
            SearchTime = TimeSpan.FromSeconds(stats.SearchSeconds),
        };
}
