namespace FaissNet.Managed;

/// <summary>
/// k-means with bounds on the sizes of the clusters: each takes between ⌊n/k·(1 - x)⌋ and ⌈n/k·(1 + x)⌉ of the n vectors, x being
/// <see cref="MaxImbalance"/>. Each iteration assigns under these bounds and takes the means. Lists of an inverted file that are balanced
/// make searches take equally long.
/// </summary>
/// <remarks>
/// The assignment starts from the nearest centroids. Clusters that are too large give up the vectors that lose least by it, and clusters
/// that are too small take those that lose least; then vectors move, or two of them swap, while that makes the sum of the distances less and
/// keeps the bounds. The result obeys the bounds always, and is near the best sum, not proven to be it.
/// </remarks>
public sealed class BalancedClustering
{
    /// <summary>A clustering of d-dimensional vectors into k clusters of bounded size, by L2.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="k">The number of clusters.</param>
    /// <param name="maxImbalance">By what share of n/k a size may differ from it; 0 for sizes that differ by one at most.</param>
    /// <param name="parameters">Iterations, seed and start. Samples are not taken: the bounds hold for all vectors.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public BalancedClustering(int d, int k, double maxImbalance = 0.1, ClusteringParameters? parameters = null)
    {
        if (!(maxImbalance >= 0 && double.IsFinite(maxImbalance)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxImbalance), maxImbalance, $"maxImbalance is {maxImbalance}: expected a finite number of at least 0.");
        }

        // It checks the others.
        Parameters = new Clustering(d, k, parameters).Parameters;
        (Dimension, K, MaxImbalance) = (d, k, maxImbalance);
        Centroids = new float[d * k];
    }

    /// <summary>Components per vector.</summary>
    public int Dimension { get; }

    /// <summary>The number of clusters.</summary>
    public int K { get; }

    /// <summary>By what share of n/k a size may differ from it.</summary>
    public double MaxImbalance { get; }

    /// <summary>The settings.</summary>
    public ClusteringParameters Parameters { get; }

    /// <summary>k·d floats, each row the mean of the vectors assigned to it; zero before <see cref="Train"/>.</summary>
    public float[] Centroids { get; private set; }

    /// <summary>The cluster of each vector of the last training.</summary>
    public IReadOnlyList<int> Assignment { get; private set; } = [];

    /// <summary>The number of vectors of each cluster.</summary>
    public IReadOnlyList<int> Sizes { get; private set; } = [];

    /// <summary>The sum of the squared distances of all vectors to the centroids of their clusters.</summary>
    public double Objective { get; private set; }

    /// <summary>The smallest and the largest size allowed for n vectors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">n is less than k.</exception>
    public (int Smallest, int Largest) SizeBounds(int n)
    {
        if (n < K)
            throw new ArgumentOutOfRangeException(nameof(n), n, $"n is {n}: expected at least k = {K}.");

        // A few units in the last place are not a vector.
        const double tolerance = 1e-9;
        var target = (double)n / K;
        return (
            (int)Math.Max(0, Math.Floor(target * (1 - MaxImbalance) + tolerance)),
            (int)Math.Min(n, Math.Ceiling(target * (1 + MaxImbalance) - tolerance)));
    }

    /// <summary>Finds the clusters.</summary>
    /// <param name="vectors">n·d floats, n at least k.</param>
    /// <param name="progress">Told the objective after each iteration.</param>
    /// <param name="cancellationToken">Stops within an iteration; the results are then those before the call.</param>
    /// <exception cref="ArgumentException">The length is no multiple of d, a component is not finite, or n is less than k.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    public void Train(ReadOnlySpan<float> vectors, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        if (n < K)
            throw new ArgumentException($"vectors holds {n} vectors: expected at least k = {K}.", nameof(vectors));

        var start = new Clustering(Dimension, K, Parameters);
        start.Train(vectors, progress: null, cancellationToken);
        var (smallest, largest) = SizeBounds(n);
        var centroids = (float[])start.Centroids.Clone();
        var solver = new BalancedAssignment(n, K, smallest, largest);
        int[]? best = null;
        float[]? bestCentroids = null;
        var objective = double.PositiveInfinity;
        for (var iteration = 0; iteration < Parameters.NIter; iteration++)
        {
            solver.Solve(vectors, Dimension, centroids, cancellationToken);
            var means = Means(vectors, solver.Assignment, solver.Sizes, centroids);
            var sum = Sum(vectors, solver.Assignment, means);
            progress?.Report(sum);
            if (sum >= objective * (1 - 1e-7))
                break;

            (objective, best, bestCentroids) = (sum, [.. solver.Assignment], means);
            centroids = means;
        }

        (Centroids, Assignment, Objective) = (bestCentroids!, best!, objective);
        var sizes = new int[K];
        foreach (var cluster in best!)
            sizes[cluster]++;

        Sizes = sizes;
    }

    // A cluster that may be empty and is keeps its centroid.
    private float[] Means(ReadOnlySpan<float> vectors, int[] assignment, int[] sizes, float[] before)
    {
        var d = Dimension;
        var sums = new double[K * d];
        for (var i = 0; i < assignment.Length; i++)
        {
            for (var j = 0; j < d; j++)
                sums[assignment[i] * d + j] += vectors[i * d + j];
        }

        var means = new float[K * d];
        for (var i = 0; i < means.Length; i++)
            means[i] = sizes[i / d] > 0 ? (float)(sums[i] / sizes[i / d]) : before[i];

        return means;
    }

    private double Sum(ReadOnlySpan<float> vectors, int[] assignment, float[] centroids)
    {
        var sum = 0.0;
        for (var i = 0; i < assignment.Length; i++)
            sum += BalancedAssignment.Distance(vectors, i, centroids, assignment[i], Dimension);

        return sum;
    }
}
