namespace FaissNet.Managed;

/// <summary>How k-means finds its first centroids.</summary>
public enum ClusteringInitialization
{
    /// <summary>k distinct random training vectors. What FAISS does.</summary>
    Random = 0,

    /// <summary>k-means++: each next centroid is a training vector drawn with a probability proportional to its squared distance to
    /// those chosen so far. Arthur and Vassilvitskii, 2007. Costs about one more iteration and often saves several.</summary>
    KMeansPlusPlus = 1,
}

/// <summary>Settings of <see cref="Clustering"/>, with FAISS's names and defaults (<c>faiss/Clustering.h</c>).</summary>
public sealed record ClusteringParameters
{
    /// <summary>Iterations. FAISS's <c>niter</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int NIter { get; init => field = AtLeastOne(value, nameof(NIter)); } = 25;

    /// <summary>Runs from different first centroids, of which the best is kept. FAISS's <c>nredo</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int NRedo { get; init => field = AtLeastOne(value, nameof(NRedo)); } = 1;

    /// <summary>Whether centroids are scaled to unit length after each iteration, as inner-product indexes want it.</summary>
    public bool Spherical { get; init; }

    /// <summary>Training vectors per centroid that are enough; of more a random sample is taken.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxPointsPerCentroid { get; init => field = AtLeastOne(value, nameof(MaxPointsPerCentroid)); } = 256;

    /// <summary>Seed of all random choices: the same seed and vectors give the same centroids.</summary>
    public int Seed { get; init; } = 1234;

    /// <summary>How the first centroids are found.</summary>
    public ClusteringInitialization Initialization { get; init; }

    private static int AtLeastOne(int value, string name) =>
        value >= 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}: expected at least 1.");
}

/// <summary>What one iteration of <see cref="Clustering"/> did.</summary>
/// <param name="Objective">The sum of the distances of all training vectors to their centroids at the start of the iteration; squared
/// with L2, and a sum of products, the larger the better, with the inner product.</param>
/// <param name="ImbalanceFactor">k·Σsize² / n²: 1 where all clusters have the same size. FAISS's <c>imbalance_factor</c>.</param>
/// <param name="Splits">Empty clusters that were filled by splitting others. FAISS's <c>nsplit</c>.</param>
public readonly record struct ClusteringIterationStats(double Objective, double ImbalanceFactor, int Splits)
{
    /// <summary>How long the iteration took.</summary>
    public TimeSpan Time { get; init; }
}
