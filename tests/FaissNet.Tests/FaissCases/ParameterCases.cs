using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>What a call asks for counts, whatever the index is set to.</summary>
public sealed class ParameterCases
{
    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np", "IVF8,SQ8", "PCA16,IVF8,Flat")]
    [Restates("test_params_override.cpp", "TPO.IVFFlat", "TPO.IVFPQ", "TPO.IVFSQ", "TPO.IVFFlatPP")]
    [Restates("test_search_params.py", "TestSearchParams.test_nprobe")]
    [Restates("test_ivflib.py", "TestSearchWithParameters.test_search_with_parameters")]
    [Restates("test_autotune.py", "TestParameterSpace.test_nprobe", "TestParameterSpace.test_nprobe_2")]
    public void Nprobe_of_a_call_is_as_good_as_nprobe_of_the_index(string engine, string key)
    {
        using var index = Filled(engine, key);
        foreach (var nprobe in new[] { 2, 7 })
        {
            var (distances, labels) = (PythonFaiss.Floats($"{key} whole {nprobe} D"), PythonFaiss.Longs($"{key} whole {nprobe} I"));
            index.SetParameter("nprobe", 1);
            Given.AssertFound(distances, labels, index.Search(Given.Asked, Given.K, new SearchParameters { NProbe = nprobe }));
            Assert.Equal(1, index.GetParameter("nprobe"));

            index.SetParameter("nprobe", nprobe);
            Given.AssertFound(distances, labels, index.Search(Given.Asked, Given.K));
        }

        Assert.NotEqual(PythonFaiss.Longs($"{key} whole 2 I"), PythonFaiss.Longs($"{key} whole 7 I"));
    }

    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np", "IVF8,SQ8")]
    [Restates("test_ivflib.py", "TestSearchWithParameters.test_range_search_with_parameters")]
    public void Nprobe_of_a_range_search_is_as_good_as_nprobe_of_the_index(string engine, string key)
    {
        using var index = Filled(engine, key);
        foreach (var nprobe in new[] { 2, 7 })
        {
            var limits = PythonFaiss.Longs($"{key} whole {nprobe} range limits");
            var ids = PythonFaiss.Longs($"{key} whole {nprobe} range I");

            var found = index.RangeSearch(Given.Asked, 4, new SearchParameters { NProbe = nprobe });

            Assert.True(limits[^1] > 100);
            for (var q = 0; q < Given.Queries; q++)
                Assert.Equal(ids[(int)limits[q]..(int)limits[q + 1]].Order(), found[q].Select(hit => hit.Id).Order());
        }
    }

    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np")]
    [Restates("test_search_params.py", "TestSearchParams.test_max_codes")]
    public void A_limit_on_codes_ends_the_walk_over_the_lists(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} filled"));
        var everything = index.Search(Given.Asked, Given.K, new SearchParameters { NProbe = Given.NList });
        foreach (var limit in new[] { 1, 60, 120 })
        {
            var found = index.Search(Given.Asked, Given.K, new SearchParameters { NProbe = Given.NList, MaxCodes = limit });

            if (engine == Given.Native && FaissVersions.CutsLists)
                Assert.All(Enumerable.Range(0, Given.Queries), q => Assert.Equal(Math.Min(limit, Given.K), found[q].Count));
            else
                Given.AssertFound(PythonFaiss.Floats($"{key} max_codes {limit} D"), PythonFaiss.Longs($"{key} max_codes {limit} I"), found);

            Assert.NotEqual(everything.Labels, found.Labels);
        }
    }

    [Theory]
    [Engines("IVF8,Flat", "IVF8,SQfp16")]
    [Restates("test_ivflib.py", "TestSmallData.test_small_data")]
    public void More_lists_than_there_are_means_all(string engine, string key)
    {
        using var index = Given.Filled(engine, key);
        var stored = Given.Stored(index);

        foreach (var found in new[]
                 {
                     index.Search(Given.Asked, Given.K, new SearchParameters { NProbe = Given.NList }),
                     index.Search(Given.Asked, Given.K, new SearchParameters { NProbe = 2048 }),
                 })
        {
            Given.AssertNearest(MetricType.L2, stored, Given.Asked, found);
        }

        var within = index.RangeSearch(Given.Asked, 4, new SearchParameters { NProbe = 2048 });
        for (var q = 0; q < Given.Queries; q++)
        {
            var distances = Support.BruteForce.Distances(MetricType.L2, Given.Asked.AsSpan(q * Given.D, Given.D), stored);
            Assert.Equal(Enumerable.Range(0, Given.Count).Where(i => distances[i] < 4).Select(i => (long)i), within[q].Select(hit => hit.Id).Order());
        }
    }

    [Theory]
    [Engines("Flat", "IVF8,PQ8x4np")]
    [Restates("test_index.py", "TestValidIndexParams.test_IndexIVFPQ", "TestValidIndexParams.test_IndexFlat")]
    public void Numbers_that_are_no_counts_are_refused_and_others_are_not(string engine, string key)
    {
        using var index = Given.Filled(engine, key);

        foreach (var k in new[] { 0, -5, -10 })
            Assert.Throws<ArgumentOutOfRangeException>("k", () => index.Search(Given.Asked, k));

        if (key != "Flat")
            Assert.ThrowsAny<ArgumentException>(() => index.SetParameter("nprobe", 0));

        Assert.Equal((Given.Queries, 5, Given.Queries * 5), (index.Search(Given.Asked, 5).QueryCount, index.Search(Given.Asked, 5).K, index.Search(Given.Asked, 5).Labels.Length));
    }

    private static VectorIndex Filled(string engine, string key)
    {
        // Python's training, so that both look at the same lists.
        var index = Given.Load(engine, PythonFaiss.File($"{key} L2"));
        index.Add(Given.Base);
        return index;
    }
}
