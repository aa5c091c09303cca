using System.Collections.Concurrent;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.FaissCases;

/// <summary>What the cases start from: vectors without ties, and indexes of both engines.</summary>
internal static class Given
{
    public const string Native = "native";
    public const string Managed = "managed";

    public const int D = 32, NList = 8, Count = 500, Queries = 20, K = 10;

    private static readonly ConcurrentDictionary<(string, string, MetricType), Lazy<byte[]>> s_trained = new();

    public static float[] Train { get; } = Uniform(700, D, seed: 1);

    public static float[] Base { get; } = Uniform(Count, D, seed: 2);

    public static float[] Asked { get; } = Uniform(Queries, D, seed: 3);

    /// <summary>Distinct ids in no order, even and odd, beyond 32 bits.</summary>
    public static long[] Ids { get; } = [.. Enumerable.Range(0, Count).Select(i => (i * 7919L % Count << 33) + i % 2)];

    /// <summary>n vectors of the unit cube.</summary>
    public static float[] Uniform(int n, int d, int seed)
    {
        var random = new Random(seed);
        var vectors = new float[n * d];
        foreach (ref var component in vectors.AsSpan())
            component = random.NextSingle();

        return vectors;
    }

    public static float[] Rows(float[] vectors, int first, int count, int d = D) => vectors.AsSpan(first * d, count * d).ToArray();

    public static float[] Rows(float[] vectors, IEnumerable<long> rows, int d = D) =>
        [.. rows.SelectMany(row => vectors.AsSpan((int)row * d, d).ToArray())];

    public static VectorIndex Create(string engine, int d, string description, MetricType metric = MetricType.L2) =>
        engine == Native ? IndexFactory.Create(d, description, metric) : M.IndexFactory.Create(d, description, metric);

    public static VectorIndex Load(string engine, byte[] file)
    {
        using var stream = new MemoryStream(file);
        return engine == Native ? FaissIndex.Load(stream) : M.ManagedIndex.Load(stream);
    }

    public static byte[] Save(VectorIndex index)
    {
        using var stream = new MemoryStream();
        index.Save(stream);
        return stream.ToArray();
    }

    /// <summary>A new index of <see cref="D"/> dimensions, trained with <see cref="Train"/>. The training is kept and loaded anew.</summary>
    public static VectorIndex Trained(string engine, string description, MetricType metric = MetricType.L2)
    {
        var file = s_trained.GetOrAdd((engine, description, metric), key => new Lazy<byte[]>(() =>
        {
            using var index = Create(engine, D, description, metric);
            index.Train(Train);
            return Save(index);
        }));
        return Load(engine, file.Value);
    }

    /// <summary>Such an index with <see cref="Base"/> in it.</summary>
    public static VectorIndex Filled(string engine, string description, MetricType metric = MetricType.L2)
    {
        var index = Trained(engine, description, metric);
        index.Add(Base);
        return index;
    }

    /// <summary>Makes searches visit some of the lists, where there are lists.</summary>
    public static void Probe(VectorIndex index, string description, int nprobe)
    {
        if (description.Contains("IVF", StringComparison.Ordinal))
            index.SetParameter("nprobe", nprobe);
    }

    public static double SquaredError(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => BruteForce.Distance(MetricType.L2, a, b);

    /// <summary>The vectors of an index as it gives them back.</summary>
    public static float[] Stored(VectorIndex index) => index.ReconstructBatch([.. Enumerable.Range(0, (int)index.Count).Select(i => (long)i)]);

    /// <summary>Asserts that a search found these, in this order, but for neighbours that are equally far.</summary>
    public static void AssertFound(float[] distances, long[] labels, SearchResult found, double tolerance = 1e-5)
    {
        Assert.Equal(labels.Length, found.Labels.Length);
        for (var q = 0; q < found.QueryCount && found.K > 0; q++)
        {
            var row = labels.AsSpan(q * found.K, found.K).ToArray();
            var last = distances[q * found.K + found.K - 1];
            for (var j = 0; j < found.K; j++)
            {
                var (i, expected) = (q * found.K + j, distances[q * found.K + j]);
                Assert.True(
                    (row[j] < 0 && found.Labels[i] < 0) || Math.Abs(found.Distances[i] - expected) <= tolerance * (1 + Math.Abs(expected)),
                    $"query {q}, rank {j}: {found.Labels[i]} at {found.Distances[i]}, expected {row[j]} at {expected}");
                if (row[j] != found.Labels[i] && Math.Abs(last - expected) > 2 * tolerance * (1 + Math.Abs(expected)))
                    Assert.Contains(found.Labels[i], row);
            }
        }
    }

    /// <summary>Asserts that a search found the true nearest of these vectors, whose ids are their positions or those given.</summary>
    public static void AssertNearest(MetricType metric, float[] vectors, float[] queries, SearchResult found, long[]? ids = null, double tolerance = 1e-5)
    {
        var d = queries.Length / found.QueryCount;
        var (distances, labels) = (new List<float>(), new List<long>());
        for (var q = 0; q < found.QueryCount; q++)
        {
            var all = BruteForce.Distances(metric, queries.AsSpan(q * d, d), vectors);
            foreach (var i in BruteForce.Nearest(metric, all, found.K))
            {
                distances.Add((float)all[i]);
                labels.Add(ids is null ? i : ids[i]);
            }
        }

        AssertFound([.. distances], [.. labels], found, tolerance);
    }

    public static Neighbor[] Sorted(QueryHits hits) => [.. hits.OrderBy(hit => hit.Id)];
}
