using System.Runtime.InteropServices;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

#pragma warning disable IDE0065 // In here these names come before the native engine's.
using FaissNet.Managed;
#pragma warning restore IDE0065

/// <summary>k-means of the managed engine, by itself.</summary>
public sealed class ClusteringCases
{
    [Fact]
    [Restates("test_clustering.py", "TestClustering.test_clustering")]
    public void The_objective_falls_and_more_centroids_are_better()
    {
        var vectors = Given.Uniform(1000, 16, seed: 31);
        var (few, many) = (Trained(vectors, 16, 32, 10), Trained(vectors, 16, 64, 10));

        Assert.Equal(10, few.Iterations.Count);
        Assert.All(few.Iterations.Zip(few.Iterations.Skip(1)), pair => Assert.True(pair.First.Objective > pair.Second.Objective));
        Assert.True(Error(vectors, many.Centroids, 16) < Error(vectors, few.Centroids, 16));
    }

    [Theory]
    [InlineData("k32", 32, 10, 1, false)]
    [InlineData("k64", 64, 10, 1, false)]
    [InlineData("redo", 32, 5, 4, false)]
    [InlineData("spherical", 32, 10, 1, true)]
    [Restates("test_contrib.py", "TestClustering.test_python_kmeans")]
    [Restates("test_clustering.py", "TestClustering.test_stats")]
    public void Every_iteration_gets_as_far_as_Pythons(string name, int k, int iterations, int runs, bool spherical)
    {
        // Python's Kmeans compares by products when centroids are to have length one.
        var metric = spherical ? MetricType.InnerProduct : MetricType.L2;
        var clustering = new Clustering(Given.D, k, new ClusteringParameters { NIter = iterations, NRedo = runs, Spherical = spherical }, metric);

        clustering.Train(Given.Train);

        // Python's Kmeans reports all runs, ours the best.
        var objectives = MemoryMarshal.Cast<byte, double>(PythonFaiss.File($"kmeans {name} objective")).ToArray();
        var best = Enumerable.Range(0, objectives.Length / iterations)
            .Select(run => objectives[(run * iterations)..((run + 1) * iterations)])
            .MinBy(run => run[^1])!;
        Assert.Equal(iterations, clustering.Iterations.Count);
        // The same start, so the same first objective; from there a near-tie may fall either way.
        if (runs == 1)
            Assert.Equal(best[0], clustering.Iterations[0].Objective, 1e-4 * best[0]);

        Assert.All(best.Zip(clustering.Iterations), pair => Assert.Equal(pair.First, pair.Second.Objective, 0.02 * pair.First));
        Assert.Equal(
            Error(Given.Train, PythonFaiss.Floats($"kmeans {name} centroids"), Given.D), Error(Given.Train, clustering.Centroids, Given.D), 0.02 * best[^1]);
        if (spherical)
            Assert.All(Enumerable.Range(0, k), c => Assert.Equal(1, Given.Rows(clustering.Centroids, c, 1).Sum(value => value * value), 1e-5));
    }

    [Fact]
    [Restates("test_clustering.py", "TestClustering.test_nasty_clustering")]
    public void Fewer_distinct_vectors_than_centroids_end_on_the_vectors()
    {
        var distinct = Given.Uniform(5, 2, seed: 32);
        var vectors = Enumerable.Range(0, 100).SelectMany(i => Given.Rows(distinct, i / 20, 1, 2)).ToArray();

        var clustering = Trained(vectors, 2, 10, 10);

        Assert.All(clustering.Centroids, value => Assert.True(float.IsFinite(value)));
        Assert.Equal(0, Error(vectors, clustering.Centroids, 2), 1e-4);
    }

    [Fact]
    [Restates("test_clustering.py", "TestClustering.test_1ptpercluster")]
    public void As_many_centroids_as_vectors_are_the_vectors()
    {
        var zeros = new float[5 * 10];
        Assert.Equal(zeros, Trained(zeros, 10, 5, 10).Centroids);

        var vectors = Given.Uniform(5, 10, seed: 33);
        Assert.Equal(vectors, Trained(vectors, 10, 5, 10).Centroids);
    }

    [Fact]
    [Restates("test_clustering.py", "TestCompositeClustering.test_redo")]
    public void The_best_of_ten_runs_is_better_than_the_first()
    {
        var vectors = Given.Uniform(600, 24, seed: 34);
        var (once, best) = (Trained(vectors, 24, 20, 8), Trained(vectors, 24, 20, 8, runs: 10));

        Assert.True(Error(vectors, best.Centroids, 24) < Error(vectors, once.Centroids, 24));
        Assert.True(best.Iterations[^1].Objective < once.Iterations[^1].Objective);
    }

    [Fact]
    [Restates("test_clustering.py", "TestCompositeClustering.test_redo_cosine")]
    public void With_products_the_best_run_is_the_one_with_the_largest()
    {
        var vectors = TestVectors.Normalized(Given.Uniform(600, 24, seed: 35), 24);
        var (once, best) = (Trained(vectors, 24, 20, 8, 1, MetricType.InnerProduct), Trained(vectors, 24, 20, 8, 10, MetricType.InnerProduct));

        Assert.True(best.Iterations[^1].Objective > once.Iterations[^1].Objective);
    }

    [Fact]
    [Restates("test_clustering_initialization.py", "TestClusteringInitialization.test_initialization_methods", "TestClusteringInitialization.test_determinism")]
    public void Every_start_gets_somewhere_and_twice_to_the_same_place()
    {
        var vectors = Given.Uniform(800, 8, seed: 36);
        var mean = vectors.Length / 8 * 8 / 12.0; // of uniform components, each with a variance of 1/12
        foreach (var start in Enum.GetValues<ClusteringInitialization>())
        {
            var parameters = new ClusteringParameters { NIter = 5, Initialization = start };
            var (first, second) = (new Clustering(8, 30, parameters), new Clustering(8, 30, parameters));
            first.Train(vectors);
            second.Train(vectors);

            Assert.Equal(first.Centroids, second.Centroids);
            Assert.True(Error(vectors, first.Centroids, 8) < 0.65 * mean, $"{start}: {Error(vectors, first.Centroids, 8)} of {mean}");
        }
    }

    [Fact]
    [Restates("test_contrib.py", "TestClustering.test_balanced_clustering")]
    public void Balancing_evens_the_sizes_at_a_small_price()
    {
        var vectors = Skewed(900, 8);
        var free = Trained(vectors, 8, 15, 10);
        var balanced = new BalancedClustering(8, 15, 0.1, new ClusteringParameters { NIter = 10 });
        balanced.Train(vectors);

        Assert.True(Imbalance(balanced.Sizes) < 1.01);
        Assert.True(Imbalance(Sizes(vectors, free.Centroids, 8)) > 1.05);
        Assert.All(balanced.Sizes, size => Assert.InRange(size, 54, 66));
        Assert.True(balanced.Objective < 1.5 * Error(vectors, free.Centroids, 8));
        Assert.Equal(900, balanced.Assignment.Count);
    }

    [Fact]
    [Restates("test_contrib.py", "TestClustering.test_2level")]
    public void Two_levels_come_near_one()
    {
        var vectors = Given.Uniform(1500, 16, seed: 38);
        var flat = Trained(vectors, 16, 64, 10);
        var levels = new HierarchicalClustering(16, 64, 8, new ClusteringParameters { NIter = 10 });
        levels.Train(vectors);

        Assert.InRange(Error(vectors, levels.Centroids, 16) / Error(vectors, flat.Centroids, 16), 0.9, 1.15);
    }

    private static Clustering Trained(float[] vectors, int d, int k, int iterations, int runs = 1, MetricType metric = MetricType.L2)
    {
        var clustering = new Clustering(d, k, new ClusteringParameters { NIter = iterations, NRedo = runs }, metric);
        clustering.Train(vectors);
        return clustering;
    }

    private static double Error(float[] vectors, float[] centroids, int d) =>
        Enumerable.Range(0, vectors.Length / d).Sum(i => BruteForce.Distances(MetricType.L2, vectors.AsSpan(i * d, d), centroids).Min());

    private static int[] Sizes(float[] vectors, float[] centroids, int d)
    {
        var sizes = new int[centroids.Length / d];
        for (var i = 0; i < vectors.Length / d; i++)
            sizes[BruteForce.Nearest(MetricType.L2, BruteForce.Distances(MetricType.L2, vectors.AsSpan(i * d, d), centroids), 1)[0]]++;

        return sizes;
    }

    private static double Imbalance(IReadOnlyCollection<int> sizes) =>
        sizes.Sum(size => (double)size * size) * sizes.Count / Math.Pow(sizes.Sum(), 2);

    // Most vectors near one corner.
    private static float[] Skewed(int n, int d) => [.. Given.Uniform(n, d, seed: 37).Select((value, i) => i / d % 3 == 0 ? value : value * value * value)];
}
