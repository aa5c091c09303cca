using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>A filtered search finds what an index with only the selected vectors finds.</summary>
public sealed class SelectorCases
{
    [Theory]
    [Engines("Flat L2", "Flat IP", "IVF8,Flat L2", "IVF8,Flat IP", "IVF8,PQ8x4np L2", "IVF8,SQ8 L2", "SQ8 L2", "PCA16,IVF8,SQ8 L2", "PQ8x4np L2")]
    [Restates("test_search_params.py",
        "TestSelector.test_Flat", "TestSelector.test_Flat_IP", "TestSelector.test_IVFFlat", "TestSelector.test_IVFPQ", "TestSelector.test_IVFSQ",
        "TestSelector.test_SQ", "TestSelector.test_pretrans", "TestSelector.test_Flat_id_range", "TestSelector.test_Flat_id_array",
        "TestSelector.test_Flat_id_bitmap", "TestSelector.test_Flat_id_not", "TestSelector.test_Flat_id_or")]
    public void Every_selector_finds_what_Python_finds_among_the_selected(string engine, string name)
    {
        using var index = Filled(engine, name);
        foreach (var (subset, (selector, _)) in Subsets.All)
        {
            var found = index.Search(Given.Asked, Given.K, new SearchParameters { Selector = selector });

            Given.AssertFound(PythonFaiss.Floats($"{name} {subset} D"), PythonFaiss.Longs($"{name} {subset} I"), found);
        }
    }

    [Theory]
    [Engines("Flat L2", "IVF8,Flat L2", "IVF8,PQ8x4np L2", "IVF8,SQ8 L2")]
    [Restates("test_search_params.py", "TestSelector.test_IVFFlat_range_sorted", "TestSelector.test_Flat_IP_id_range")]
    public void Every_selector_finds_within_a_radius_what_Python_finds_among_the_selected(string engine, string name)
    {
        using var index = Filled(engine, name);
        foreach (var (subset, (selector, _)) in Subsets.All)
        {
            var limits = PythonFaiss.Longs($"{name} {subset} range limits");
            var ids = PythonFaiss.Longs($"{name} {subset} range I");
            var radius = PythonFaiss.Floats($"{name} {subset} radius")[0];

            var found = index.RangeSearch(Given.Asked, radius, new SearchParameters { Selector = selector });

            // The radius is a distance of a vector: rounding decides whether that one is in.
            Assert.True(limits[^1] > Given.Queries);
            for (var q = 0; q < Given.Queries; q++)
            {
                var (first, end) = ((int)limits[q], (int)limits[q + 1]);
                var inside = found[q].Where(hit => Math.Abs(hit.Distance - radius) > 1e-4).Select(hit => hit.Id).ToHashSet();
                Assert.Subset(ids[first..end].ToHashSet(), inside);
                Assert.True(end - first - inside.Count <= 1, $"{subset}: {end - first} expected, found {inside.Count}");
            }
        }
    }

    [Theory]
    [Engines]
    [Restates("test_search_params.py", "TestSelector.test_idmap")]
    public void An_IDMap_is_filtered_by_the_ids_it_was_given(string engine)
    {
        using var index = Given.Load(engine, PythonFaiss.File("IDMap,SQ8 L2"));
        index.AddWithIds(Given.Base, Given.Ids);
        foreach (var (subset, (_, members)) in Subsets.All)
        {
            var selector = IdSelector.Batch([.. members.Select(i => Given.Ids[i])]);

            var found = index.Search(Given.Asked, Given.K, new SearchParameters { Selector = selector });

            Given.AssertFound(PythonFaiss.Floats($"IDMap,SQ8 L2 {subset} D"), PythonFaiss.Longs($"IDMap,SQ8 L2 {subset} I"), found);
        }
    }

    [Theory]
    [Engines("Flat", "IVF8,Flat", "SQ8", "PQ8x4np")]
    [Restates("test_search_params.py", "TestSelector.test_bounds")]
    public void Ids_beyond_the_index_select_nothing(string engine, string description)
    {
        using var index = Given.Filled(engine, description);
        foreach (var selector in new[]
                 {
                     IdSelector.Batch(Given.Count + 15, -7, long.MaxValue),
                     IdSelector.Range(Given.Count, Given.Count + 1000),
                     IdSelector.Bitmap([.. new byte[Given.Count / 8 + 2], 255]),
                 })
        {
            var found = index.Search(Given.Asked, 3, new SearchParameters { Selector = selector, NProbe = Lists(description) });

            Assert.All(found.Labels, id => Assert.Equal(-1, id));
        }
    }

    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np", "IVF8,SQ8")]
    [Restates("test_params_override.cpp", "TSEL.IVFFlat", "TSEL.IVFFPQ", "TSEL.IVFFSQ")]
    [Restates("test_search_params.py", "TestSelectorCallback.test")]
    public void A_function_selects_as_a_list_does(string engine, string description)
    {
        var kept = Enumerable.Range(0, Given.Count).Where(i => i % 10 == 2).Select(i => (long)i).ToArray();
        using var index = Given.Filled(engine, description);
        using var some = Given.Trained(engine, description);
        some.AddWithIds(Given.Rows(Given.Base, kept), kept);
        var expected = some.Search(Given.Asked, Given.K, new SearchParameters { NProbe = 3 });

        foreach (var selector in new[] { IdSelector.Where(id => id % 10 == 2), IdSelector.Batch(kept) })
        {
            var found = index.Search(Given.Asked, Given.K, new SearchParameters { NProbe = 3, Selector = selector });
            Given.AssertFound(expected.Distances, expected.Labels, found);
        }
    }

    [Theory]
    [InlineData("IVF8,PQ8x4fs", MetricType.L2, 1)]
    [InlineData("IVF8,PQ8x4fs", MetricType.L2, 10)]
    [InlineData("IVF8,PQ8x4fs", MetricType.L2, 40)]
    [InlineData("IVF8,PQ8x4fs", MetricType.InnerProduct, 10)]
    [InlineData("IVF8,PQ8x4fsr", MetricType.L2, 10)]
    [InlineData("PQ8x4fs", MetricType.L2, 10)]
    [Restates("test_fastscan_filter.cpp",
        "TestFastScanFilter.IVFPQfs_Batch_L2", "TestFastScanFilter.IVFPQfs_Batch_IP", "TestFastScanFilter.IVFPQfs_K1", "TestFastScanFilter.IVFPQfs_K40",
        "TestFastScanFilter.BlockSkip_WholeBlocks", "TestFastScanFilter.BlockSkip_PartialBlock", "TestFastScanFilter.HeavyFiltering")]
    [Restates("test_search_params.py", "TestSelector.test_IVFPQfs", "TestSelector.test_IVFPQfs_k1", "TestSelector.test_IVFPQfs_k40")]
    public void Fast_scan_finds_the_nearest_codes_among_the_selected(string description, MetricType metric, int k)
    {
        using var index = Given.Filled(Given.Managed, description, metric);
        Given.Probe(index, description, Given.NList);
        var stored = Given.Stored(index);
        (string, IdSelector, long[])[] more =
        [
            ("whole blocks", IdSelector.Range(64, 128), [.. Enumerable.Range(64, 64).Select(i => (long)i)]),
            ("one of many", IdSelector.Batch(Given.Count - 1), [Given.Count - 1]),
        ];
        foreach (var (name, selector, members) in Subsets.All.Select(subset => (subset.Key, subset.Value.Selector, subset.Value.Ids)).Concat(more))
        {
            var found = index.Search(Given.Asked, k, new SearchParameters { Selector = selector });

            // Beyond the selected there is padding.
            var count = Math.Min(k, members.Length);
            Assert.All(Enumerable.Range(0, Given.Queries), q => Assert.Equal(count, found[q].Count));
            var hits = Trim(found, count);
            var vectors = Given.Rows(stored, members);
            for (var q = 0; q < Given.Queries; q++)
            {
                var distances = BruteForce.Distances(metric, Given.Asked.AsSpan(q * Given.D, Given.D), vectors);
                var nearest = BruteForce.Nearest(metric, distances, count);
                for (var j = 0; j < count; j++)
                    Assert.True(Math.Abs(distances[nearest[j]] - hits[q][j].Distance) < 1e-4, $"{name}, query {q}, rank {j}");

                Assert.All(hits[q], hit => Assert.Contains(hit.Id, members));
            }
        }
    }

    [Theory]
    [InlineData(50)]
    [InlineData(77)]
    [InlineData(150)]
    [Restates("test_fastscan_filter.cpp",
        "TestFastScanFilter.NonAlignedNtotal_50", "TestFastScanFilter.NonAlignedNtotal_77", "TestFastScanFilter.NonAlignedNtotal_150",
        "TestFastScanFilter.EmptySelector")]
    public void Fast_scan_of_an_unfinished_block_finds_no_padding(int count)
    {
        using var index = Given.Trained(Given.Managed, "PQ8x4fs");
        index.Add(Given.Rows(Given.Base, 0, count));

        var odd = index.Search(Given.Asked, count, new SearchParameters { Selector = IdSelector.Where(id => id % 2 == 1) });
        var none = index.Search(Given.Asked, 5, new SearchParameters { Selector = IdSelector.Batch() });

        for (var q = 0; q < Given.Queries; q++)
            Assert.Equal(Enumerable.Range(0, count).Where(i => i % 2 == 1).Select(i => (long)i), odd[q].Select(hit => hit.Id).Order());

        Assert.All(none.Labels, id => Assert.Equal(-1, id));
    }

    private static Neighbor[][] Trim(SearchResult found, int count) =>
        [.. Enumerable.Range(0, found.QueryCount).Select(q => found[q].Take(count).ToArray())];

    private static int? Lists(string description) => description.StartsWith("IVF", StringComparison.Ordinal) ? Given.NList : null;

    private static VectorIndex Filled(string engine, string name)
    {
        var index = Given.Load(engine, PythonFaiss.File(name));
        index.Add(Given.Base);
        Given.Probe(index, name, 4);
        return index;
    }
}
