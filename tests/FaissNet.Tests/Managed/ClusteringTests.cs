using System.Buffers.Binary;
using FaissNet.Managed;
using FaissNet.Tests.Support;
using ManagedClustering = FaissNet.Managed.Clustering;
using ManagedClusteringInitialization = FaissNet.Managed.ClusteringInitialization;
using ManagedClusteringIterationStats = FaissNet.Managed.ClusteringIterationStats;
using ManagedClusteringParameters = FaissNet.Managed.ClusteringParameters;

namespace FaissNet.Tests.Managed;


public sealed class ClusteringTests
{
    private const int D = 12;

    // What an IVF of FAISS trains its coarse quantizer with.
    private static readonly ManagedClusteringParameters Coarse = new() { NIter = 10 };

    [Theory]
    [InlineData(16, 3000, MetricType.L2)]
    [InlineData(16, 3000, MetricType.InnerProduct)]
    [InlineData(4, 5000, MetricType.L2)] // more than 256 per centroid: a sample
    [InlineData(40, 40, MetricType.L2)] // as many as centroids: the vectors themselves
    public void Centroids_are_those_of_FAISS(int k, int n, MetricType metric)
    {
        var vectors = TestVectors.Clustered(n, D, seed: 5);
        var expected = TrainFaiss(vectors, k, metric);

        var clustering = new ManagedClustering(D, k, Coarse with { Spherical = metric == MetricType.InnerProduct }, metric);
        clustering.Train(vectors);

        AssertClose(expected, clustering.Centroids);
    }

    [Fact]
    public void An_empty_cluster_takes_half_of_another()
    {
        // One hundred times the same vector: both centroids start there, the first takes all, and the second is split off it by
        // 1/1024, up in even components and down in odd ones.
        float[] vector = [.. Enumerable.Range(1, D).Select(j => 8f * j)];
        var clustering = new ManagedClustering(D, 2, new ManagedClusteringParameters { NIter = 1 });
        clustering.Train([.. Enumerable.Range(0, 100).SelectMany(_ => vector)]);

        Assert.Equal(1, clustering.Iterations[0].Splits);
        for (var j = 0; j < D; j++)
        {
            var (more, less) = (vector[j] * (1 + 1 / 1024f), vector[j] * (1 - 1 / 1024f));
            Assert.Equal(j % 2 == 0 ? (less, more) : (more, less), (clustering.Centroids[j], clustering.Centroids[D + j]));
        }
    }

    [Fact]
    public void Results_do_not_depend_on_the_thread_count()
    {
        var vectors = TestVectors.Clustered(6000, 64, seed: 7);
        var before = ManagedThreads.Count;
        try
        {
            var results = new List<float[]>();
            foreach (var threads in new[] { 1, 2, 5 })
            {
                ManagedThreads.Count = threads;
                foreach (var initialization in Enum.GetValues<ManagedClusteringInitialization>())
                {
                    var clustering = new ManagedClustering(64, 30, new ManagedClusteringParameters { NIter = 4, Initialization = initialization });
                    clustering.Train(vectors);
                    results.Add(clustering.Centroids);
                }
            }

            Assert.Equal(results[0], results[2]);
            Assert.Equal(results[0], results[4]);
            Assert.Equal(results[1], results[3]);
            Assert.Equal(results[1], results[5]);
        }
        finally
        {
            ManagedThreads.Count = before;
        }
    }

    [Fact]
    public void KMeansPlusPlus_starts_in_every_far_cluster()
    {
        // 20 groups 1000 apart, each 0 to 1 wide: with a start in each, the objective is below 1 per component and vector.
        var random = new Random(4);
        var vectors = Enumerable.Range(0, 2000)
            .SelectMany(i => Enumerable.Range(0, D).Select(j => (j == 0 ? 1000f * (i % 20) : 0) + random.NextSingle())).ToArray();

        var clustering = new ManagedClustering(D, 20, new ManagedClusteringParameters { NIter = 3, Initialization = ManagedClusteringInitialization.KMeansPlusPlus });
        clustering.Train(vectors);

        Assert.InRange(clustering.Iterations[^1].Objective, 0, 2000 * D);
        Assert.Equal(1, clustering.Iterations[^1].ImbalanceFactor, 6);
    }

    [Fact]
    public void The_best_of_several_runs_is_kept()
    {
        var vectors = TestVectors.Clustered(2000, D, seed: 8);
        var once = new ManagedClustering(D, 30, new ManagedClusteringParameters { NIter = 5 });
        once.Train(vectors);
        var often = new ManagedClustering(D, 30, new ManagedClusteringParameters { NIter = 5, NRedo = 6 });
        often.Train(vectors);

        // The first of the six is the one run.
        Assert.True(often.Iterations[^1].Objective <= once.Iterations[^1].Objective);
        Assert.Equal(5, often.Iterations.Count);
    }

    [Fact]
    public void Arguments_and_cancellation()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManagedClustering(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManagedClustering(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManagedClustering(1, 1, metric: MetricType.L1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManagedClusteringParameters { NIter = 0 });
        var clustering = new ManagedClustering(D, 10);
        Assert.Contains("9", Assert.Throws<ArgumentException>(() => clustering.Train(new float[9 * D])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => clustering.Train(new float[D + 1]));
        Assert.Throws<ArgumentException>(() => clustering.Train([.. new float[20 * D - 1], float.NaN]));

        using var source = new CancellationTokenSource();
        var iterations = 0;
        var progress = new Callback(_ =>
        {
            if (++iterations == 3)
                source.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => clustering.Train(TestVectors.Clustered(500, D, seed: 9), progress, source.Token));
        Assert.Equal(3, clustering.Iterations.Count);
    }

    // FAISS's coarse centroids, read from the file of an IVF: "IwFl", 33 bytes of header, nlist, nprobe, then "IxF2" or "IxFI",
    // the same header and the count of the floats.
    private static float[] TrainFaiss(float[] vectors, int k, MetricType metric)
    {
        TestEngine.RequireNative();
        using var index = new IndexIVFFlat(D, k, metric);
        index.Train(vectors);
        using var file = new MemoryStream();
        index.Save(file);
        var bytes = file.ToArray().AsSpan(4 + 33 + 16 + 4 + 33);
        Assert.Equal(k * D, BinaryPrimitives.ReadInt64LittleEndian(bytes));
        var centroids = new float[k * D];
        for (var i = 0; i < centroids.Length; i++)
            centroids[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(8 + 4 * i)..]);

        return centroids;
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(MathF.Abs);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(MathF.Abs(expected[i] - actual[i]) <= 1e-5f * scale, $"centroid {i / D}, component {i % D}: {actual[i]}, FAISS has {expected[i]}");
    }

    private sealed class Callback(Action<ManagedClusteringIterationStats> report) : IProgress<ManagedClusteringIterationStats>
    {
        public void Report(ManagedClusteringIterationStats value) => report(value);
    }
}
