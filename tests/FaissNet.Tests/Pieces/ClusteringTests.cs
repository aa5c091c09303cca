using System.Runtime.InteropServices;
using FaissNet.Tests.Parity;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Pieces;

/// <summary>k-means of the native engine.</summary>
[NeedsNative]
public sealed class ClusteringTests : IDisposable
{
    private const int D = 8, K = 12, Count = 900;

    private static readonly float[] Vectors = TestVectors.Clustered(Count, D, seed: 1);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Python_finds_the_same_centroids()
    {
        var weights = Enumerable.Range(0, Count).Select(i => 1f + i % 3).ToArray();
        var plain = new Clustering(D, K, new ClusteringParameters { NIter = 7, Seed = 5, NRedo = 2 });
        var spherical = new Clustering(D, K, new ClusteringParameters { NIter = 4, Spherical = true }, MetricType.InnerProduct);
        var whole = new Clustering(D, K, new ClusteringParameters { NIter = 4, IntCentroids = true, MaxPointsPerCentroid = 40 });
        var given = new Clustering(D, K, new ClusteringParameters { NIter = 3 });
        plain.Train(Vectors);
        spherical.Train(Vectors);
        whole.Train(Vectors);
        given.Train(Vectors, default, Vectors.AsSpan(0, 5 * D));
        File.WriteAllBytes(_folder.File("x"), MemoryMarshal.AsBytes(Vectors.AsSpan()).ToArray());

        Witness.RunScript(_folder, $$"""
            x = np.fromfile(folder + "/x", dtype="<f4").reshape(-1, {{D}})
            def run(name, index, first=None, **parameters):
                c = faiss.Clustering({{D}}, {{K}})
                for key, value in parameters.items(): setattr(c, key, value)
                if first is not None: faiss.copy_array_to_vector(first.ravel(), c.centroids)
                c.train(x, index)
                faiss.vector_to_array(c.centroids).astype("<f4").tofile(folder + "/" + name)
                stats = c.iteration_stats
                np.array([stats.at(i).obj for i in range(stats.size())], dtype="<f8").tofile(folder + "/" + name + ".obj")
            l2 = lambda: faiss.IndexFlatL2({{D}})
            run("plain", l2(), niter=7, seed=5, nredo=2)
            run("spherical", faiss.IndexFlatIP({{D}}), niter=4, spherical=True)
            run("whole", l2(), niter=4, int_centroids=True, max_points_per_centroid=40)
            run("given", l2(), x[:5], niter=3)
            """);

        foreach (var (name, ours) in new[] { ("plain", plain), ("spherical", spherical), ("whole", whole), ("given", given) })
        {
            Assert.Equal(MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(_folder.File(name + ".obj"))).ToArray(), ours.Iterations.Select(i => i.Objective), (a, b) => Math.Abs(a - b) <= 1e-5 * Math.Abs(a));
            Assert.Equal(MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_folder.File(name))).ToArray(), ours.Centroids, (a, b) => Math.Abs(a - b) < 1e-4f);
        }

        Assert.All(whole.Centroids, value => Assert.Equal(value, MathF.Round(value)));
        Assert.True(plain.Iterations[^1].Time >= plain.Iterations[0].Time);
        plain.Train(Vectors, weights, default);
        Assert.Equal(7, plain.Iterations.Count);
    }

    [Fact]
    public void A_weight_counts_as_often()
    {
        float[] vectors = [0, 0, 10, 0];
        var clustering = new Clustering(2, 1);

        clustering.Train(vectors, [3, 1], default);

        Assert.Equal([2.5f, 0], clustering.Centroids);
    }

    [Fact]
    public void Both_engines_have_the_same_members()
    {
        var native = new Clustering(D, K, new ClusteringParameters { NIter = 5 });
        var managed = new M.Clustering(D, K, new M.ClusteringParameters { NIter = 5 });

        native.Train(Vectors);
        managed.Train(Vectors);

        // One near-tie that falls the other way moves a centroid; the objective tells whether they found the same.
        Assert.Equal(managed.Iterations[0].Objective, native.Iterations[0].Objective, managed.Iterations[0].Objective * 1e-4);
        Assert.InRange(native.Iterations[^1].Objective / managed.Iterations[^1].Objective, 0.9, 1.1);
    }

    [Fact]
    public void Reports_each_iteration_and_stops()
    {
        var clustering = new Clustering(D, K, new ClusteringParameters { NIter = 6 });
        var recorder = new Recorder();
        clustering.Train(Vectors, recorder);
        Assert.Equal(Enumerable.Range(1, 6).Select(i => new IndexProgress(IndexStage.TrainingCoarse, i, 6)), recorder.Reports);
        var before = clustering.Centroids;
        using var stop = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() => clustering.Train(Vectors, new Recorder(_ => stop.Cancel()), stop.Token));

        Assert.Same(before, clustering.Centroids);
    }

    [Fact]
    public void Kmeans_assigns_to_what_it_found()
    {
        using var kmeans = new Kmeans(D, K, new ClusteringParameters { NIter = 8 });
        Assert.Throws<InvalidOperationException>(() => kmeans.Assign(Vectors));

        var objective = kmeans.Train(Vectors);

        var (distances, labels) = kmeans.Assign(Vectors);
        Assert.Equal(8, kmeans.Objectives.Length);
        Assert.Equal(objective, kmeans.Objectives[^1]);
        Assert.InRange(distances.Sum(), 0.9 * objective, objective * 1.0001);
        for (var i = 0; i < Count; i += 90)
        {
            var nearest = Enumerable.Range(0, K).MinBy(k => BruteForce.Distance(MetricType.L2, Vectors.AsSpan(i * D, D), kmeans.Centroids.AsSpan(k * D, D)));
            Assert.Equal(nearest, labels[i]);
        }
    }

    [Fact]
    public void Wrong_arguments_are_named()
    {
        var clustering = new Clustering(D, K);
        Assert.Equal("k", Assert.Throws<ArgumentOutOfRangeException>(() => new Clustering(D, 0)).ParamName);
        Assert.Equal("metric", Assert.Throws<ArgumentOutOfRangeException>(() => new Clustering(D, 2, null, MetricType.L1)).ParamName);
        Assert.Equal("NIter", Assert.Throws<ArgumentOutOfRangeException>(() => new ClusteringParameters { NIter = 0 }).ParamName);
        Assert.Contains("k = 12", Assert.Throws<ArgumentException>(() => clustering.Train(Vectors.AsSpan(0, 11 * D))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => clustering.Train(Vectors, [1, 2], default));
        Assert.Throws<ArgumentException>(() => clustering.Train(Vectors, new float[Count], default));
        Assert.Throws<ArgumentException>(() => clustering.Train(Vectors, default, Vectors.AsSpan(0, 13 * D)));
        Assert.Throws<ArgumentException>(() => clustering.Train([float.NaN, .. Vectors.AsSpan(1)]));
        if (FaissRuntime.FaissVersion == "1.7.3")
        {
            Assert.Throws<NotSupportedException>(() => new Clustering(D, K, new ClusteringParameters { FrozenCentroids = true }).Train(Vectors));
            Assert.Throws<NotSupportedException>(() => new Clustering(D, K, new ClusteringParameters { Initialization = ClusteringInitialization.KMeansPlusPlus }).Train(Vectors));
        }
    }
}
