using FaissNet.Interop;

namespace FaissNet;

/// <summary>How k-means finds its first centroids.</summary>
public enum ClusteringInitialization
{
    /// <summary>k distinct random training vectors.</summary>
    Random = 0,

    /// <summary>k-means++: Arthur and Vassilvitskii, 2007. FAISS 1.14 and later.</summary>
    KMeansPlusPlus = 1,

    /// <summary>An approximation of k-means++ that costs less: Bachem, Lucic, Hassani, Krause: Fast and provably good seedings for k-means,
    /// 2016. FAISS 1.14 and later.</summary>
    AfkMc2 = 2,
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

    /// <summary>Whether centroids are rounded to whole numbers after each iteration. FAISS's <c>int_centroids</c>.</summary>
    public bool IntCentroids { get; init; }

    /// <summary>Whether first centroids that were given stay as they are. FAISS's <c>frozen_centroids</c>; FAISS 1.14.3 and later: before, it
    /// could go on for ever.</summary>
    public bool FrozenCentroids { get; init; }

    /// <summary>Training vectors per centroid that are enough; of more a random sample is taken.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxPointsPerCentroid { get; init => field = AtLeastOne(value, nameof(MaxPointsPerCentroid)); } = 256;

    /// <summary>Seed of all random choices: the same seed and vectors give the same centroids.</summary>
    public int Seed { get; init; } = 1234;

    /// <summary>How the first centroids are found.</summary>
    public ClusteringInitialization Initialization { get; init; }

    internal NativeClusteringParameters ToNative() => new()
    {
        NIter = NIter,
        NRedo = NRedo,
        Spherical = Spherical ? 1 : 0,
        IntCentroids = IntCentroids ? 1 : 0,
        FrozenCentroids = FrozenCentroids ? 1 : 0,
        MaxPointsPerCentroid = MaxPointsPerCentroid,
        Seed = Seed,
        Initialization = (int)Initialization,
    };

    private static int AtLeastOne(int value, string name) =>
        value >= 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}: expected at least 1.");
}

/// <summary>What one iteration of <see cref="Clustering"/> did.</summary>
/// <param name="Objective">The sum of the distances of all training vectors to their centroids at the start of the iteration; squared
/// with L2, and a sum of products, the larger the better, with the inner product. FAISS's <c>obj</c>.</param>
/// <param name="ImbalanceFactor">k·Σsize² / n²: 1 where all clusters have the same size. FAISS's <c>imbalance_factor</c>.</param>
/// <param name="Splits">Empty clusters that were filled by splitting others. FAISS's <c>nsplit</c>.</param>
public readonly record struct ClusteringIterationStats(double Objective, double ImbalanceFactor, int Splits)
{
    /// <summary>How long the training had taken at the end of the iteration. FAISS's <c>time</c>.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>How much of it was spent on assigning vectors to centroids. FAISS's <c>time_search</c>.</summary>
    public TimeSpan SearchTime { get; init; }
}
