using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>Candidates of rough codes, put in order by better ones.</summary>
public sealed class RefineCases
{
    [Theory]
    [Engines("IVF8,PQ8x4np,RFlat", "SQ4,Refine(SQ8)")]
    [Restates("test_refine.py", "TestIndexRefineSearchParams.test_rflat", "TestIndexRefineSearchParams.test_refine_sq8")]
    public void More_candidates_are_Pythons_and_find_more(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} L2"));
        index.Add(Given.Base);
        // Where Python's k_factor is the index's, ours is the call's.
        var recalls = new[] { 1, 2, 8 }.Select(factor =>
        {
            var found = index.Search(Given.Asked, Given.K, new SearchParameters { KFactor = factor });
            Given.AssertFound(PythonFaiss.Floats($"{key} {factor} D"), PythonFaiss.Longs($"{key} {factor} I"), found);
            return BruteForce.Recall(MetricType.L2, Given.Base, Given.Asked, Given.D, Given.K, found.Labels);
        }).ToArray();

        Assert.True(recalls[0] < recalls[1] && recalls[1] <= recalls[2], string.Join(", ", recalls));
        Assert.Equal(1, index.GetParameter("k_factor_rf"));
        if (!key.StartsWith("IVF", StringComparison.Ordinal))
            return;

        var (few, all) = (new SearchParameters { NProbe = 1, KFactor = 8 }, new SearchParameters { NProbe = Given.NList, KFactor = 8 });
        Assert.NotEqual(index.Search(Given.Asked, Given.K, few).Labels, index.Search(Given.Asked, Given.K, all).Labels);
    }

    [Theory]
    [Engines("PQ4x4np,RFlat L2", "PQ4x4np,RFlat InnerProduct")]
    [Restates("test_index_accuracy.py", "TestRefine.test_L2", "TestRefine.test_IP", "IndexAccuracy.test_IndexPQ_refined")]
    public void Refined_ten_of_a_hundred_hold_the_nearest_as_often_as_the_hundred(string engine, string row)
    {
        var (key, metric) = (row.Split(' ')[0], Enum.Parse<MetricType>(row.Split(' ')[1]));
        using var index = Given.Filled(engine, key, metric);
        using var rough = Given.Filled(engine, "PQ4x4np", metric);

        var hundred = rough.Search(Given.Asked, 100);
        var found = index.Search(Given.Asked, Given.K, new SearchParameters { KFactor = 10 });

        var (expected, actual) = (0, 0);
        for (var q = 0; q < Given.Queries; q++)
        {
            var distances = BruteForce.Distances(metric, Given.Asked.AsSpan(q * Given.D, Given.D), Given.Base);
            var nearest = BruteForce.Nearest(metric, distances, 1)[0];
            expected += hundred[q].Any(hit => hit.Id == nearest) ? 1 : 0;
            actual += found[q].Any(hit => hit.Id == nearest) ? 1 : 0;
            Assert.All(found[q], hit => Assert.Equal(distances[hit.Id], hit.Distance, 1e-5 * (1 + distances[hit.Id])));
        }

        Assert.InRange(expected, 5, Given.Queries);
        // Of equal codes the hundredth is chance.
        Assert.InRange(actual, expected - 1, expected + 1);
    }

    [Theory]
    [Engines("SQ4,RFlat", Only = Given.Managed)]
    [Restates("test_refine.py", "TestIndexRefineRangeSearch.test_refine_1")]
    public void A_refined_range_search_keeps_the_ids_and_mends_the_distances(string engine, string key)
    {
        using var index = Given.Filled(engine, key);
        using var rough = Given.Filled(engine, "SQ4");

        var (expected, found) = (rough.RangeSearch(Given.Asked, 4), index.RangeSearch(Given.Asked, 4));

        Assert.True(found.Labels.Length > 100);
        for (var q = 0; q < Given.Queries; q++)
        {
            Assert.Equal(Given.Sorted(expected[q]).Select(hit => hit.Id), Given.Sorted(found[q]).Select(hit => hit.Id));
            var query = Given.Asked.AsSpan(q * Given.D, Given.D).ToArray();
            Assert.All(found[q], hit => Assert.Equal(Given.SquaredError(query, Given.Rows(Given.Base, (int)hit.Id, 1)), hit.Distance, 1e-4));
        }
    }
}
