using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

/// <summary>Managed Flat and IVFFlat indexes beside FAISS's: the same neighbours, up to those that are equally near.</summary>
public sealed class FlatParityTests
{
    public static TheoryData<int, MetricType, int, int> Searches
    {
        get
        {
            var data = new TheoryData<int, MetricType, int, int>();
            foreach (var d in new[] { 1, 5, 24, 100, 301 })
            {
                foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
                {
                    foreach (var (queries, k) in new[] { (1, 10), (70, 1), (70, 10), (300, 150), (4, 3000) })
                        data.Add(d, metric, queries, k);
                }
            }

            return data;
        }
    }

    [Theory]
    [NeedsNative]
    [MemberData(nameof(Searches))]
    public void Flat_finds_what_FAISS_finds(int d, MetricType metric, int queryCount, int k)
    {
        var vectors = Vectors(2000, d, seed: 1);
        var queries = Vectors(queryCount, d, seed: 2);
        using var managed = new FaissNet.Managed.IndexFlat(d, metric);
        using var native = new IndexFlat(d, metric);
        managed.Add(vectors);
        native.Add(vectors);
        RequireSame(OneByOne(native, queries, k), managed.Search(queries, k), metric);
        var selector = new SearchParameters { Selector = IdSelector.Range(300, 1100) };
        RequireSame(OneByOne(native, queries, k, selector), managed.Search(queries, k, selector), metric);
        managed.Remove(IdSelector.Range(0, 500));
        native.Remove(IdSelector.Range(0, 500));
        RequireSame(OneByOne(native, queries, k), managed.Search(queries, k), metric);
    }

    [Theory]
    [NeedsNative]
    [MemberData(nameof(Searches))]
    public void IVFFlat_finds_what_FAISS_finds(int d, MetricType metric, int queryCount, int k)
    {
        const int nlist = 12;
        var vectors = Vectors(2000, d, seed: 1);
        var queries = Vectors(queryCount, d, seed: 2);
        using var native = new IndexIVFFlat(d, nlist, metric);
        native.Train(vectors);
        native.AddWithIds(vectors, [.. Enumerable.Range(0, 2000).Select(i => i * 3L)]);
        using var stream = new MemoryStream();
        native.Save(stream);
        stream.Position = 0;
        using var managed = FaissNet.Managed.ManagedIndex.Load(stream);
        foreach (var nprobe in new[] { 1, 5, nlist })
        {
            foreach (var maxCodes in FaissVersions.CutsLists ? [null] : new long?[] { null, 400 })
            {
                foreach (var selector in new[] { null, IdSelector.Range(600, 3300) })
                {
                    var parameters = new SearchParameters { NProbe = nprobe, MaxCodes = maxCodes, Selector = selector };
                    RequireSame(native.Search(queries, k, parameters), managed.Search(queries, k, parameters), metric);
                }
            }
        }
    }

    [Theory]
    [NeedsNative]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.InnerProduct)]
    public void Range_searches_find_what_FAISS_finds(MetricType metric)
    {
        const int d = 40;
        // Whole numbers: no distance is near to the radius without being it.
        var vectors = TestVectors.Clustered(3000, d, seed: 1);
        var queries = TestVectors.Clustered(50, d, seed: 2);
        using var managed = new FaissNet.Managed.IndexFlat(d, metric);
        using var native = new IndexFlat(d, metric);
        managed.Add(vectors);
        native.Add(vectors);
        foreach (var count in new[] { 1, 50 })
        {
            var some = queries[..(count * d)];
            var nearest = native.Search(some, 30).Distances;
            var (expected, actual) = (native.RangeSearch(some, nearest[29]), managed.RangeSearch(some, nearest[29]));
            Assert.NotEmpty(expected.Labels);
            for (var i = 0; i < count; i++)
                Assert.Equal(Hits(expected, i), Hits(actual, i));
        }

        static (long Id, float Distance)[] Hits(RangeSearchResult result, int query) =>
            [.. result[query].Select(hit => (hit.Id, hit.Distance)).Order()];
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void The_span_search_allocates_nothing_on_one_thread(int queryCount)
    {
        const int d = 16;
        var vectors = TestVectors.Clustered(500, d, seed: 1);
        var queries = TestVectors.Clustered(queryCount, d, seed: 2);
        using var flat = new FaissNet.Managed.IndexFlat(d);
        using var ivf = new FaissNet.Managed.IndexIVFFlat(d, 4);
        ivf.Train(vectors);
        flat.Add(vectors);
        ivf.Add(vectors);
        ivf.NProbe = 3;
        var (distances, labels) = (new float[queryCount * 5], new long[queryCount * 5]);
        foreach (var index in new VectorIndex[] { flat, ivf })
        {
            // So little work stays on the calling thread however many there are.
            for (var i = 0; i < 50; i++)
                index.Search(queries, 5, distances, labels);

            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 50; i++)
                index.Search(queries, 5, distances, labels);

            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    // In a batch FAISS takes distances from norms and products, and near to 0 little is left of them.
    private static SearchResult OneByOne(VectorIndex index, float[] queries, int k, SearchParameters? parameters = null)
    {
        var results = queries.Chunk(index.Dimension).Select(query => index.Search(query, k, parameters)).ToArray();
        return new SearchResult(
            results.Length, results[0].K, [.. results.SelectMany(result => result.Distances)], [.. results.SelectMany(result => result.Labels)]);
    }

    private static float[] Vectors(int n, int d, int seed)
    {
        var vectors = TestVectors.Clustered(n, d, seed);
        var random = new Random(seed);
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] += random.NextSingle();

        return vectors;
    }

    private static void RequireSame(SearchResult expected, SearchResult actual, MetricType metric)
    {
        Assert.Equal((expected.QueryCount, expected.K), (actual.QueryCount, actual.K));
        for (var q = 0; q < expected.QueryCount; q++)
        {
            var (first, length) = (q * expected.K, expected.K);
            ReadOnlySpan<float> distances = expected.Distances.AsSpan(first, length), actualDistances = actual.Distances.AsSpan(first, length);
            ReadOnlySpan<long> labels = expected.Labels.AsSpan(first, length), actualLabels = actual.Labels.AsSpan(first, length);
            for (var i = 0; i < expected.K; i++)
            {
                // Sums of products cancel: what is near to 0 is known up to the size of the products.
                var tolerance = 1e-5f * Math.Abs(distances[i]) + (metric == MetricType.InnerProduct ? 0.01f : 0);
                Assert.True(
                    distances[i] == actualDistances[i] || Math.Abs(distances[i] - actualDistances[i]) <= tolerance,
                    $"Query {q}, neighbour {i}: {actualDistances[i]} instead of {distances[i]}.");
                if (labels[i] != actualLabels[i])
                    Assert.True(IsTied(distances, i, tolerance), $"Query {q}, neighbour {i}: {actualLabels[i]} instead of {labels[i]}.");
            }
        }
    }

    // The last of a result may be tied with one that is not in it.
    private static bool IsTied(ReadOnlySpan<float> distances, int i, float tolerance) =>
        i == distances.Length - 1
        || (i > 0 && Math.Abs(distances[i] - distances[i - 1]) <= 2 * tolerance)
        || Math.Abs(distances[i + 1] - distances[i]) <= 2 * tolerance;
}
