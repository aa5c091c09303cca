using FaissNet.Managed;
using FaissNet.Tests.Support;
using ManagedClusteringInitialization = FaissNet.Managed.ClusteringInitialization;
using ManagedClusteringParameters = FaissNet.Managed.ClusteringParameters;

namespace FaissNet.Tests.Managed;


public sealed class BalancedClusteringTests
{
    private const int D = 8;

    [Theory]
    [InlineData(1000, 10, 0.0)]
    [InlineData(1003, 10, 0.0)]
    [InlineData(2000, 24, 0.1)]
    [InlineData(900, 7, 0.5)]
    [InlineData(30, 30, 0.0)]
    [InlineData(500, 1, 0.1)]
    [InlineData(1500, 20, 5.0)]
    public void Sizes_keep_the_bounds_and_belong_to_the_assignment(int n, int k, double maxImbalance)
    {
        // Half of all vectors in one place: unbounded, its clusters would be far too large.
        var vectors = TestVectors.Clustered(n, D, seed: 61);
        for (var i = 0; i < n * D / 2; i++)
            vectors[i] = 40 + vectors[i] / 10;

        var clustering = new BalancedClustering(D, k, maxImbalance, new ManagedClusteringParameters { NIter = 8 });
        clustering.Train(vectors);

        var target = (double)n / k;
        var (smallest, largest) = (Math.Max(0, Math.Floor(target * (1 - maxImbalance))), Math.Ceiling(target * (1 + maxImbalance)));
        Assert.Equal(n, clustering.Assignment.Count);
        for (var c = 0; c < k; c++)
        {
            var members = Enumerable.Range(0, n).Where(i => clustering.Assignment[i] == c).ToArray();
            Assert.Equal(members.Length, clustering.Sizes[c]);
            Assert.InRange(members.Length, smallest, largest);
            for (var j = 0; j < D && members.Length > 0; j++)
                Assert.Equal(members.Average(i => vectors[i * D + j]), clustering.Centroids[c * D + j], 1e-3);
        }

        var sum = Enumerable.Range(0, n).Sum(i => Distance(vectors, i, clustering.Centroids, clustering.Assignment[i]));
        Assert.Equal(sum, clustering.Objective, 1e-4 * sum + 1e-9);
    }

    [Fact]
    public void Where_the_nearest_centroids_are_balanced_the_assignment_is_theirs()
    {
        // Ten groups of 50, a thousand apart.
        var random = new Random(62);
        float[] vectors = [.. Enumerable.Range(0, 500 * D).Select(i => (i % D == 0 ? 1000 * (i / D % 10) : 0) + random.NextSingle())];
        var clustering = new BalancedClustering(
            D, 10, 0, new ManagedClusteringParameters { Initialization = ManagedClusteringInitialization.KMeansPlusPlus });
        clustering.Train(vectors);

        Assert.All(Enumerable.Range(0, 500), i => Assert.Equal(clustering.Assignment[i % 10], clustering.Assignment[i]));
    }

    [Fact]
    public void On_a_line_the_best_balanced_assignment_is_found()
    {
        // 0, 1, …, 19 in four clusters of five: 0–4, 5–9, 10–14, 15–19, each with a sum of 10.
        float[] vectors = [.. Enumerable.Range(0, 20).Select(i => (float)i)];
        var clustering = new BalancedClustering(1, 4, 0, new ManagedClusteringParameters { NIter = 30 });
        clustering.Train(vectors);

        Assert.Equal([5, 5, 5, 5], clustering.Sizes);
        Assert.InRange(clustering.Objective, 40, 44);
    }

    [Fact]
    public void Arguments_and_cancellation()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new BalancedClustering(D, 10, -0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BalancedClustering(D, 10, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BalancedClustering(0, 10));
        var clustering = new BalancedClustering(D, 10);
        Assert.Equal((90, 110), clustering.SizeBounds(1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => clustering.SizeBounds(9));
        Assert.Throws<ArgumentException>(() => clustering.Train(new float[9 * D]));
        Assert.Throws<OperationCanceledException>(
            () => clustering.Train(TestVectors.Clustered(100, D, seed: 63), cancellationToken: new CancellationToken(canceled: true)));
    }

    private static double Distance(float[] vectors, int i, float[] centroids, int c)
    {
        var sum = 0.0;
        for (var j = 0; j < D; j++)
            sum += Math.Pow(vectors[i * D + j] - (double)centroids[c * D + j], 2);

        return sum;
    }
}
