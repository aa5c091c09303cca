namespace FaissNet;

/// <summary>k-means in one object, with the centroids ready to be searched: Python's <c>faiss.Kmeans</c>.</summary>
/// <remarks>With <see cref="ClusteringParameters.Spherical"/> vectors are assigned by inner product, otherwise by L2, as in Python.</remarks>
public sealed class Kmeans : IDisposable
{
    private readonly Clustering _clustering;

    /// <summary>A k-means of d-dimensional vectors.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="k">Clusters.</param>
    /// <param name="parameters">The settings; FAISS's defaults if <see langword="null"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public Kmeans(int d, int k, ClusteringParameters? parameters = null)
    {
        _clustering = new Clustering(d, k, parameters, parameters?.Spherical == true ? MetricType.InnerProduct : MetricType.L2);
        Index = new IndexFlat(d, _clustering.Metric);
    }

    /// <summary>k·d floats, row by row; zero before the training.</summary>
    public float[] Centroids => _clustering.Centroids;

    /// <summary>The objective of each iteration of the best run. Python's <c>obj</c>.</summary>
    public double[] Objectives => [.. _clustering.Iterations.Select(iteration => iteration.Objective)];

    /// <summary>What each iteration of the best run did.</summary>
    public IReadOnlyList<ClusteringIterationStats> Iterations => _clustering.Iterations;

    /// <summary>A flat index of the centroids, empty before the training. It goes with this object.</summary>
    public IndexFlat Index { get; }

    /// <summary>Finds the centroids.</summary>
    /// <inheritdoc cref="Clustering.Train(ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, IProgress{IndexProgress}?, CancellationToken)"/>
    /// <returns>The objective of the last iteration.</returns>
    public double Train(
        ReadOnlySpan<float> vectors,
        ReadOnlySpan<float> weights = default,
        ReadOnlySpan<float> initialCentroids = default,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        _clustering.Train(vectors, weights, initialCentroids, progress, cancellationToken);
        Index.Reset();
        Index.Add(_clustering.Centroids, cancellationToken: CancellationToken.None);
        return _clustering.Iterations[^1].Objective;
    }

    /// <summary>The nearest centroid of each vector.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <returns>n distances and n numbers of centroids.</returns>
    /// <exception cref="ArgumentException">The length is no multiple of d, or a component is not finite.</exception>
    /// <exception cref="InvalidOperationException">There are no centroids yet.</exception>
    public (float[] Distances, long[] Labels) Assign(ReadOnlySpan<float> vectors)
    {
        if (Index.Count == 0)
            throw new InvalidOperationException($"There are no centroids to assign to: call {nameof(Train)} first.");

        var found = Index.Search(vectors, 1);
        return (found.Distances, found.Labels);
    }

    /// <inheritdoc/>
    public void Dispose() => Index.Dispose();
}
