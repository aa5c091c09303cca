using FaissNet.Managed;
using FaissNet.Tests.Support;
using ManagedClustering = FaissNet.Managed.Clustering;
using ManagedClusteringParameters = FaissNet.Managed.ClusteringParameters;

namespace FaissNet.Tests.Managed;


public sealed class HierarchicalClusteringTests
{
    private const int D = 16;

    [Theory]
    [InlineData(100, 4)]
    [InlineData(64, 8)]
    [InlineData(7, 16)]
    [InlineData(33, 2)]
    public void Leaves_are_as_many_as_asked_for_and_nearly_as_good_as_flat(int k, int branchingFactor)
    {
        var vectors = TestVectors.Clustered(4000, D, seed: 51);
        var hierarchical = new HierarchicalClustering(D, k, branchingFactor);
        hierarchical.Train(vectors);
        var flat = new ManagedClustering(D, k);
        flat.Train(vectors);

        Assert.Equal(k * D, hierarchical.Centroids.Length);
        Assert.InRange(hierarchical.Depth, k <= branchingFactor ? 1 : 2, 20);
        var best = Objective(vectors, flat.Centroids);
        Assert.InRange(Objective(vectors, hierarchical.Centroids), 0.8 * best, 1.5 * best);
        // Leaves are of use: but for a few in between others, each is the nearest centroid of some vector.
        var used = Enumerable.Range(0, 4000).Select(i => Nearest(vectors, i, hierarchical.Centroids).Number).Distinct().Count();
        Assert.InRange(used, k - k / 10, k);
    }

    [Theory]
    [InlineData(new[] { 10, 20, 30, 40 }, 10, new[] { 1, 2, 3, 4 })]
    [InlineData(new[] { 1, 99 }, 10, new[] { 1, 9 })]
    [InlineData(new[] { 0, 50, 50 }, 4, new[] { 0, 2, 2 })]
    [InlineData(new[] { 2, 3, 1 }, 6, new[] { 2, 3, 1 })]
    [InlineData(new[] { 1, 1, 1, 997 }, 4, new[] { 1, 1, 1, 1 })]
    public void Leaves_are_shared_out_by_size(int[] sizes, int leaves, int[] expected) =>
        Assert.Equal(expected, HierarchicalClustering.Apportion(sizes, leaves));

    [Fact]
    public void Vectors_that_are_all_the_same_end()
    {
        float[] vectors = [.. Enumerable.Repeat(1f, 300 * D)];
        var clustering = new HierarchicalClustering(D, 20, 4, new ManagedClusteringParameters { NIter = 2 });
        clustering.Train(vectors);

        Assert.All(clustering.Centroids, value => Assert.InRange(value, 0.9f, 1.1f));
    }

    [Fact]
    public void Arguments_progress_and_cancellation()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new HierarchicalClustering(D, 10, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HierarchicalClustering(D, 0));
        var clustering = new HierarchicalClustering(D, 40, 4);
        Assert.Throws<ArgumentException>(() => clustering.Train(new float[39 * D]));
        var reports = new Reports();
        clustering.Train(TestVectors.Clustered(800, D, seed: 52), reports);
        Assert.Equal(40, reports.Last);
        var before = clustering.Centroids;
        Assert.Throws<OperationCanceledException>(
            () => clustering.Train(TestVectors.Clustered(800, D, seed: 53), cancellationToken: new CancellationToken(canceled: true)));
        Assert.Same(before, clustering.Centroids);
    }

    private static double Objective(float[] vectors, float[] centroids) =>
        Enumerable.Range(0, vectors.Length / D).Sum(i => Nearest(vectors, i, centroids).Distance);

    private static (int Number, double Distance) Nearest(float[] vectors, int i, float[] centroids) =>
        Enumerable.Range(0, centroids.Length / D)
            .Select(c => (c, (double)BruteForce.Distance(MetricType.L2, vectors.AsSpan(i * D, D), centroids.AsSpan(c * D, D))))
            .MinBy(pair => pair.Item2);

    private sealed class Reports : IProgress<int>
    {
        public int Last { get; private set; }

        public void Report(int value) => Last = value;
    }
}
