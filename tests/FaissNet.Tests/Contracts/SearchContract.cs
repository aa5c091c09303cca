using FaissNet.Tests.Support;

namespace FaissNet.Tests.Contracts;

public sealed class SearchContract
{
    private const int Count = 500;
    private const int K = 10;

    [Theory]
    [IndexData(with: Traits.Exact)]
    public void Exact_types_return_what_a_brute_force_returns(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        // One query and few take FAISS's plain loops, many its matrix product.
        foreach (var n in new[] { 1, 3, 64 })
        {
            var queries = type.Vectors(n, seed: 3);
            using var index = type.CreateFilled(vectors);
            type.ProbeAll(index);

            var result = index.Search(queries, K);

            Assert.Equal((n, K), (result.QueryCount, result.K));
            for (var q = 0; q < n; q++)
            {
                var distances = BruteForce.Distances(type.Metric, queries.AsSpan(q * type.Dimension, type.Dimension), vectors);
                var expected = BruteForce.Nearest(type.Metric, distances, K);
                Assert.Equal(expected.Select(i => (float)distances[i]), result[q].Distances.ToArray());
                // Equal distances may come in any order: each id must have the distance that it came with.
                Assert.Equal(result[q].Distances.ToArray(), result[q].Labels.ToArray().Select(id => (float)distances[id]));
                Assert.Equal(K, result[q].Labels.ToArray().Distinct().Count());
            }
        }
    }

    [Theory]
    [IndexData(without: Traits.Exact)]
    public void Other_types_find_most_of_what_a_brute_force_finds(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        var queries = type.Vectors(40, seed: 3);
        using var index = type.CreateFilled(vectors);
        type.ProbeAll(index);

        var result = index.Search(queries, K);

        if (type.Normalizes)
            (vectors, queries) = (TestVectors.Normalized(vectors, type.Dimension), TestVectors.Normalized(queries, type.Dimension));

        var recall = BruteForce.Recall(type.Metric, vectors, queries, type.Dimension, K, result.Labels);
        Assert.True(recall >= type.MinimumRecall, $"recall@{K} is {recall:0.000}, expected at least {type.MinimumRecall}");
    }

    [Theory]
    [IndexData(with: Traits.DistancesToStored)]
    public void A_distance_is_that_from_the_query_to_the_stored_vector(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        type.ProbeAll(index);
        var queries = type.Vectors(20, seed: 3);
        var compared = type.Normalizes ? TestVectors.Normalized(queries, type.Dimension) : queries;

        var result = index.Search(queries, K);

        for (var q = 0; q < result.QueryCount; q++)
        {
            var query = compared.AsSpan(q * type.Dimension, type.Dimension);
            // What cancels in the sum is as large as the vectors are long.
            var scale = Math.Abs(BruteForce.Distance(MetricType.InnerProduct, query, query));
            foreach (var (id, distance) in result[q])
            {
                var expected = BruteForce.Distance(type.Metric, query, index.Reconstruct(id));
                Assert.Equal(expected, distance, 1e-5 * Math.Max(scale, Math.Abs(expected)));
            }
        }
    }

    [Theory]
    [IndexData]
    public void Results_come_nearest_first_and_without_repetition(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        type.ProbeAll(index);

        var result = index.Search(type.Vectors(20, seed: 3), K);

        for (var q = 0; q < result.QueryCount; q++)
        {
            var hits = result[q];
            var ordered = BruteForce.IsSimilarity(type.Metric) ? hits.OrderByDescending(hit => hit.Distance) : hits.OrderBy(hit => hit.Distance);
            Assert.Equal(ordered.Select(hit => hit.Distance), hits.Select(hit => hit.Distance));
            Assert.Equal(hits.Count, hits.Select(hit => hit.Id).Distinct().Count());
            Assert.All(hits, hit => Assert.InRange(hit.Id, 0, Count - 1));
        }
    }

    [Theory]
    [IndexData(without: Traits.FixedProbes)]
    public void More_neighbours_than_vectors_gives_them_all_once(IndexCase type)
    {
        const int few = 5;
        using var index = type.CreateFilled(type.Vectors(few, seed: 2));
        type.ProbeAll(index);
        var queries = type.Vectors(3, seed: 3);
        foreach (var k in new[] { few + 1, 1000, int.MaxValue })
        {
            var result = index.Search(queries, k);
            Assert.Equal(few, result.K);
            for (var q = 0; q < result.QueryCount; q++)
                Assert.Equal([0, 1, 2, 3, 4], result[q].Labels.ToArray().Order());
        }
    }

    [Theory]
    [IndexData]
    public void The_span_search_pads_with_minus_one_and_the_worst_distance(IndexCase type)
    {
        const int few = 5, k = 9;
        using var index = type.CreateFilled(type.Vectors(few, seed: 2));
        type.ProbeAll(index);
        var queries = type.Vectors(2, seed: 3);
        var (distances, labels) = (new float[2 * k], new long[2 * k]);

        index.Search(queries, k, distances, labels);

        var worst = BruteForce.IsSimilarity(type.Metric) ? float.MinValue : float.MaxValue;
        for (var q = 0; q < 2; q++)
        {
            Assert.All(labels.AsSpan(q * k, few).ToArray(), label => Assert.InRange(label, 0, few - 1));
            Assert.All(labels.AsSpan(q * k + few, k - few).ToArray(), label => Assert.Equal(-1, label));
            Assert.All(distances.AsSpan(q * k + few, k - few).ToArray(), distance => Assert.Equal(worst, distance));
        }
    }

    [Theory]
    [IndexData]
    public void The_span_search_writes_nothing_behind_its_results(IndexCase type)
    {
        const int n = 3, k = 4, behind = 7;
        using var index = type.CreateFilled(type.Vectors(50, seed: 2));
        var distances = Enumerable.Repeat(-77f, n * k + behind).ToArray();
        var labels = Enumerable.Repeat(-88L, n * k + behind).ToArray();

        index.Search(type.Vectors(n, seed: 3), k, distances, labels);

        Assert.DoesNotContain(-88L, labels[..(n * k)]);
        Assert.All(distances[(n * k)..], distance => Assert.Equal(-77f, distance));
        Assert.All(labels[(n * k)..], label => Assert.Equal(-88L, label));
    }

    [Theory]
    [IndexData]
    public void All_forms_of_search_return_the_same(IndexCase type)
    {
        const int n = 5, k = 6;
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        var queries = type.Vectors(n, seed: 3);
        var (distances, labels) = (new float[n * k], new long[n * k]);

        index.Search(queries, k, distances, labels);
        var result = index.Search(queries, k);
        var watched = index.Search(queries, k, progress: new Recorder());

        Assert.Equal(distances, result.Distances);
        Assert.Equal(labels, result.Labels);
        Assert.Equal(distances, watched.Distances);
        Assert.Equal(labels, watched.Labels);
    }

    [Theory]
    [IndexData]
    public void No_queries_give_an_empty_result(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));

        var result = index.Search(ReadOnlySpan<float>.Empty, 3);
        index.Search([], 3, [], []);

        Assert.Equal((0, 0, 0), (result.QueryCount, result.Labels.Length, result.Distances.Length));
    }

    [Theory]
    [IndexData]
    public void An_empty_index_finds_nothing(IndexCase type)
    {
        using var index = type.CreateTrained();
        var queries = type.Vectors(2, seed: 3);
        var (distances, labels) = (new float[6], new long[6]);

        index.Search(queries, 3, distances, labels);
        var result = index.Search(queries, 3);

        Assert.All(labels, label => Assert.Equal(-1, label));
        Assert.Equal((2, 0), (result.QueryCount, result.K));
        Assert.Empty(result[0]);
        Assert.Empty(result[1]);
    }

    [Theory]
    [IndexData]
    public void The_span_search_allocates_nothing(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(50, seed: 2));
        var queries = type.Vectors(2, seed: 3);
        var (distances, labels) = (new float[6], new long[6]);
        var parameters = type.Has(Traits.Probes) && !type.Has(Traits.FixedProbes) ? new SearchParameters { NProbe = 2 } : null;
        index.Search(queries, 3, distances, labels, parameters);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
            index.Search(queries, 3, distances, labels, parameters);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [IndexData(with: Traits.Probes, without: Traits.FixedProbes)]
    public void Parameters_of_one_call_count_for_that_call_alone(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        var queries = type.Vectors(20, seed: 3);
        var one = index.Search(queries, K).Labels;
        index.SetParameter("nprobe", Registry.NList);
        var all = index.Search(queries, K);
        Assert.NotEqual(one, all.Labels);

        Assert.Equal(one, index.Search(queries, K, new SearchParameters { NProbe = 1 }).Labels);
        Assert.Equal(Registry.NList, index.GetParameter("nprobe"));
        index.SetParameter("nprobe", 1);
        // As in FAISS, more lists than there are means all.
        foreach (var probes in new[] { Registry.NList, Registry.NList + 1, int.MaxValue })
        {
            var result = index.Search(queries, K, new SearchParameters { NProbe = probes });
            Assert.Equal(all.Labels, result.Labels);
            Assert.Equal(all.Distances, result.Distances);
        }

        Assert.Equal(one, index.Search(queries, K).Labels);
    }

    [Theory]
    [IndexData(with: Traits.Probes | Traits.Exact)]
    public void Max_codes_limits_the_vectors_compared(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        var query = type.Vectors(1, seed: 3);
        var whole = index.Search(query, Count, new SearchParameters { NProbe = 1 })[0].Count;

        var limited = index.Search(query, Count, new SearchParameters { NProbe = Registry.NList, MaxCodes = 1 })[0].Count;

        // The native engine does as its FAISS does.
        if (index is IndexIVF native)
        {
            Assert.Contains(whole, native.GetListSizes().Select(size => (int)size));
            Assert.Equal(FaissVersions.CutsLists ? 1 : whole, limited);
        }

        Assert.InRange(limited, 1, whole);
        Assert.Equal(Count, index.Search(query, Count, new SearchParameters { NProbe = Registry.NList })[0].Count);
    }

    [Theory]
    [IndexData(without: Traits.Probes)]
    public void Parameters_without_a_meaning_for_the_type_are_refused(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var query = type.Vectors(1, seed: 3);

        var error = Assert.Throws<NotSupportedException>(() => index.Search(query, 1, new SearchParameters { NProbe = 2 }));

        Assert.Contains("nprobe", error.Message, StringComparison.Ordinal);
        // Parameters that leave everything as it is are no such thing.
        Assert.Equal(index.Search(query, 1).Labels, index.Search(query, 1, new SearchParameters()).Labels);
    }
}
