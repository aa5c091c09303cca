using FaissNet.Tests.Support;

namespace FaissNet.Tests.Contracts;

/// <summary>Searching among, and removing, selected ids.</summary>
public sealed class SelectorContract
{
    private const int Count = 300;
    private const int K = 10;

    private static readonly byte[] Bits = [.. Enumerable.Range(0, 20).Select(i => (byte)(i * 37))];

    /// <summary>Selectors of every kind, and what they hold by their definitions.</summary>
    private static readonly (string Name, IdSelector Selector, Func<long, bool> Holds)[] Kinds =
    [
        ("range", IdSelector.Range(50, 200), id => id is >= 50 and < 200),
        ("range beyond", IdSelector.Range(Count, long.MaxValue), id => id is >= Count and < long.MaxValue),
        ("batch", IdSelector.Batch(299, 7, 7, -1, 100, 101, 5000, 0), id => id is 299 or 7 or -1 or 100 or 101 or 5000 or 0),
        ("empty batch", IdSelector.Batch(), _ => false),
        ("bitmap", IdSelector.Bitmap(Bits), InBits),
        ("empty bitmap", IdSelector.Bitmap(), _ => false),
        ("all", IdSelector.All, _ => true),
        ("not", IdSelector.Not(IdSelector.Range(50, 200)), id => id is < 50 or >= 200),
        ("and", IdSelector.And(IdSelector.Range(50, 200), IdSelector.Bitmap(Bits)), id => id is >= 50 and < 200 && InBits(id)),
        ("or", IdSelector.Or(IdSelector.Batch(1, 2), IdSelector.Range(250, 260)), id => id is 1 or 2 or (>= 250 and < 260)),
        ("xor", IdSelector.XOr(IdSelector.Range(0, 100), IdSelector.Range(50, 200)), id => id is (>= 0 and < 50) or (>= 100 and < 200)),
        ("where", IdSelector.Where(id => id % 3 == 1), id => id % 3 == 1),
        ("nested", IdSelector.Not(IdSelector.Or(IdSelector.Where(id => id % 2 == 0), IdSelector.Range(0, 100))), id => id % 2 != 0 && id is (< 0 or >= 100)),
    ];

    [Theory]
    [IndexData(with: Traits.Selects)]
    public void A_search_finds_the_nearest_of_the_selected(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        type.SearchAll(index);
        var queries = type.Vectors(8, seed: 3);
        var factor = type.Has(Traits.Refines) ? 1000f : (float?)null;
        var all = index.Search(queries, Count, new SearchParameters { KFactor = factor });
        foreach (var (name, selector, holds) in Kinds)
        {
            var found = index.Search(queries, K, new SearchParameters { Selector = selector, KFactor = factor });
            for (var q = 0; q < 8; q++)
            {
                var expected = all[q].Where(hit => holds(hit.Id)).Take(K).ToArray();
                Assert.True(expected.Length == found[q].Count, $"{name}: {found[q].Count} found, expected {expected.Length}");
                Assert.All(found[q], hit => Assert.True(holds(hit.Id), $"{name}: {hit.Id}"));
                Assert.Equal(expected.Length, found[q].Select(hit => hit.Id).Distinct().Count());
                for (var i = 0; i < expected.Length; i++)
                    Assert.Equal(expected[i].Distance, found[q][i].Distance, 1e-4 * (1 + Math.Abs(expected[i].Distance)));
            }
        }
    }

    [Theory]
    [IndexData(with: Traits.Selects | Traits.Exact)]
    public void Exact_types_find_what_a_brute_force_finds(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        var query = type.Vectors(1, seed: 3);
        using var index = type.CreateFilled(vectors);
        type.ProbeAll(index);
        var distances = BruteForce.Distances(type.Metric, query, vectors);
        foreach (var (_, selector, holds) in Kinds)
        {
            var expected = BruteForce.Nearest(type.Metric, distances, Count).Where(id => holds(id)).Take(K).Select(id => (float)distances[id]);

            var hits = index.Search(query, K, new SearchParameters { Selector = selector })[0];

            Assert.Equal(expected, hits.Distances.ToArray());
            Assert.All(hits, hit => Assert.Equal((float)distances[hit.Id], hit.Distance));
        }
    }

    [Theory]
    [IndexData(with: Traits.Selects | Traits.Ranges)]
    public void A_range_search_finds_all_of_the_selected(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        type.SearchAll(index);
        var queries = type.Vectors(4, seed: 3);
        var some = index.Search(queries, Count)[0].Distances;
        var radius = (some[Count / 2] + some[Count / 2 + 1]) / 2;
        var all = index.RangeSearch(queries, radius);
        foreach (var (_, selector, holds) in Kinds)
        {
            var found = index.RangeSearch(queries, radius, new SearchParameters { Selector = selector });
            for (var q = 0; q < 4; q++)
                Assert.Equal(all[q].Select(hit => hit.Id).Where(holds).Order(), found[q].Select(hit => hit.Id).Order());
        }
    }

    [Theory]
    [IndexData(with: Traits.Selects | Traits.TakesIds)]
    public void Ids_of_the_callers_are_what_is_selected(IndexCase type)
    {
        long[] ids = [long.MinValue, -5, 0, 1L << 40, long.MaxValue, 8];
        using var index = type.CreateTrained();
        index.AddWithIds(type.Vectors(ids.Length, seed: 2), ids);
        type.ProbeAll(index);
        var query = type.Vectors(1, seed: 3);
        foreach (var (selector, expected) in new (IdSelector, long[])[]
        {
            (IdSelector.Batch(long.MaxValue, -5, 77), [-5, long.MaxValue]),
            (IdSelector.Range(long.MinValue, 0), [long.MinValue, -5]),
            (IdSelector.Bitmap(0xff, 0xff), [0, 8]),
            (IdSelector.Not(IdSelector.Range(0, long.MaxValue)), [long.MinValue, -5, long.MaxValue]),
            (IdSelector.Where(id => id == 1L << 40), [1L << 40]),
        })
        {
            var found = index.Search(query, ids.Length, new SearchParameters { Selector = selector });
            Assert.Equal(expected, found[0].Select(hit => hit.Id).Order());
        }
    }

    [Theory]
    [IndexData(with: Traits.Selects | Traits.Probes, without: Traits.Refines)]
    public void Selectors_and_nprobe_go_together(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        var queries = type.Vectors(8, seed: 3);
        var selector = IdSelector.Range(50, 200);
        foreach (var probes in new[] { 1, 3 })
        {
            var near = index.Search(queries, Count, new SearchParameters { NProbe = probes });

            var found = index.Search(queries, Count, new SearchParameters { NProbe = probes, Selector = selector });

            for (var q = 0; q < 8; q++)
                Assert.Equal(near[q].Select(hit => hit.Id).Where(selector.Contains).Order(), found[q].Select(hit => hit.Id).Order());
        }
    }

    [Theory]
    [IndexData(with: Traits.Selects)]
    public void A_selector_is_of_one_call_alone(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        var queries = type.Vectors(4, seed: 3);
        var before = index.Search(queries, K);

        index.Search(queries, K, new SearchParameters { Selector = IdSelector.Batch(3) });

        Assert.Equal(before.Labels, index.Search(queries, K).Labels);
        Assert.Equal(before.Labels, index.Search(queries, K, new SearchParameters()).Labels);
    }

    [Theory]
    [IndexData(without: Traits.Selects)]
    public void Types_without_selectors_say_so(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));

        Assert.Throws<NotSupportedException>(() => index.Search(type.Vectors(1, seed: 3), 1, new SearchParameters { Selector = IdSelector.All }));
    }

    [Theory]
    [IndexData(with: Traits.Removes)]
    public void Removal_takes_every_kind(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        foreach (var (name, selector, holds) in Kinds)
        {
            using var index = type.CreateFilled(vectors);
            var expected = Enumerable.Range(0, Count).Count(id => holds(id));

            var removed = index.Remove(selector);

            Assert.True(expected == removed, $"{name}: {removed} removed, expected {expected}");
            Assert.Equal(Count - expected, index.Count);
        }
    }

    [Theory]
    [IndexData(with: Traits.Selects)]
    public void An_exception_of_a_predicate_comes_through(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var thrown = new InvalidTimeZoneException("from the test");
        var parameters = new SearchParameters { Selector = IdSelector.Where(id => id == 3 ? throw thrown : true) };
        type.SearchAll(index);

        var caught = Assert.ThrowsAny<Exception>(() => index.Search(type.Vectors(1, seed: 3), 20, parameters));

        Assert.Same(thrown, caught is AggregateException aggregate ? aggregate.InnerException : caught);
        Assert.Equal(20, index.Search(type.Vectors(1, seed: 3), 20)[0].Count);
    }

    [Theory]
    [IndexData(with: Traits.Refines)]
    public void More_candidates_of_one_call_find_more(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        var queries = type.Vectors(20, seed: 3);
        using var index = type.CreateFilled(vectors);
        type.ProbeAll(index);
        var one = index.Search(queries, K);

        var many = index.Search(queries, K, new SearchParameters { KFactor = 1000 });

        Assert.Equal(1, BruteForce.Recall(type.Metric, vectors, queries, type.Dimension, K, many.Labels));
        Assert.NotEqual(one.Labels, many.Labels);
        Assert.Equal(one.Labels, index.Search(queries, K).Labels);
        Assert.Equal(one.Labels, index.Search(queries, K, new SearchParameters { KFactor = 1 }).Labels);
        index.SetParameter("k_factor_rf", 4);
        var four = index.Search(queries, K);
        index.SetParameter("k_factor_rf", 1);
        Assert.Equal(four.Labels, index.Search(queries, K, new SearchParameters { KFactor = 4 }).Labels);
    }

    [Theory]
    [IndexData(without: Traits.Refines)]
    public void Types_that_do_not_refine_take_no_factor(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));

        var error = Assert.Throws<NotSupportedException>(() => index.Search(type.Vectors(1, seed: 3), 1, new SearchParameters { KFactor = 2 }));

        Assert.Contains("k_factor", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Selectors_hold_what_they_are_defined_by()
    {
        foreach (var (name, selector, holds) in Kinds)
        {
            foreach (var id in Enumerable.Range(-20, Count + 40).Select(id => (long)id).Concat([long.MinValue, long.MaxValue, 1L << 40, 5000]))
                Assert.True(holds(id) == selector.Contains(id), $"{name}: {id}");
        }
    }

    [Fact]
    public void Selectors_and_parameters_that_make_no_sense_are_refused()
    {
        Assert.Equal("max", Assert.Throws<ArgumentOutOfRangeException>(() => IdSelector.Range(3, 2)).ParamName);
        Assert.Equal("predicate", Assert.Throws<ArgumentNullException>(() => IdSelector.Where(null!)).ParamName);
        Assert.Equal("selector", Assert.Throws<ArgumentNullException>(() => IdSelector.Not(null!)).ParamName);
        Assert.Equal("left", Assert.Throws<ArgumentNullException>(() => IdSelector.And(null!, IdSelector.All)).ParamName);
        Assert.Equal("right", Assert.Throws<ArgumentNullException>(() => IdSelector.Or(IdSelector.All, null!)).ParamName);
        Assert.Equal("right", Assert.Throws<ArgumentNullException>(() => IdSelector.XOr(IdSelector.All, null!)).ParamName);
        foreach (var factor in new[] { 0.99f, 0, -1, 1001, float.NaN, float.PositiveInfinity })
            ArgumentContract.Throws<ArgumentOutOfRangeException>("KFactor", () => _ = new SearchParameters { KFactor = factor }, ["KFactor"]);

        Assert.Equal(1.5f, new SearchParameters { KFactor = 1.5f }.KFactor);
    }

    private static bool InBits(long id) => id is >= 0 and < 160 && (((id / 8 * 37) & 255) >> (int)(id % 8)) % 2 == 1;
}
