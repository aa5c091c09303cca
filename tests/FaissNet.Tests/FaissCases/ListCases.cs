namespace FaissNet.Tests.FaissCases;

/// <summary>Inverted lists by themselves.</summary>
public sealed class ListCases
{
    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np")]
    [Restates("test_lowlevel_ivf.cpp", "TestLowLevelIVF.IVFFlatL2", "TestLowLevelIVF.IVFPQL2")]
    [Restates("test_dealloc_invlists.cpp", "TestIvlistDealloc.IVFFlat", "TestIvlistDealloc.IVFPQ")]
    public void Lists_hold_what_Pythons_hold(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} filled"));
        for (var list = 0; list < Given.NList; list++)
        {
            Assert.Equal(PythonFaiss.Longs($"{key} list {list} ids"), index.GetListIds(list));
            Assert.Equal(PythonFaiss.File($"{key} list {list} codes"), index.GetListCodes(list));
        }
    }

    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np")]
    [Restates("test_pairs_decoding.cpp", "test_search_centroid.IVFFlat")]
    public void The_list_of_each_vector_is_that_of_the_nearest_centroid(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} filled"));
        var (lists, distances) = (new long[Given.Count], new float[Given.Count]);

        index.ChooseLists(Given.Base, 1, lists, distances);

        Assert.Equal(PythonFaiss.Longs($"{key} nearest"), lists);
        for (var i = 0; i < Given.Count; i++)
            Assert.Contains(Given.Ids[i], index.GetListIds((int)lists[i]));
    }

    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np")]
    [Restates("test_search_params.py", "TestPrecomputed.test_knn_and_range_Flat", "TestPrecomputed.test_knn_and_range_PQ")]
    [Restates("test_contrib.py", "TestPreassigned.test_float")]
    public void A_search_of_the_lists_that_Python_chose_finds_what_Python_finds(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} filled"));
        var (lists, near) = (new long[Given.Queries * 3], new float[Given.Queries * 3]);
        var (distances, labels) = (new float[Given.Queries * Given.K], new long[Given.Queries * Given.K]);

        index.ChooseLists(Given.Asked, 3, lists, near);

        var assigned = PythonFaiss.Longs($"{key} assigned");
        Assert.Equal(assigned, lists);
        Assert.All(PythonFaiss.Floats($"{key} assigned D").Zip(near), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        index.SearchLists(Given.Asked, Given.K, assigned, PythonFaiss.Floats($"{key} assigned D"), distances, labels);
        Given.AssertFound(
            PythonFaiss.Floats($"{key} filled D"), PythonFaiss.Longs($"{key} filled I"), new SearchResult(Given.Queries, Given.K, distances, labels));
    }

    [Theory]
    [Engines("IVF8,Flat", "IVF8,SQ8")]
    [Restates("test_ivflib.py", "TestSequentialScan.test_sequential_scan")]
    public void Lists_in_blocks_find_together_what_a_search_finds(string engine, string key)
    {
        const int nprobe = 5;
        using var index = Given.Filled(engine, key);
        var expected = index.Search(Given.Asked, Given.K, new SearchParameters { NProbe = nprobe });
        var (lists, near) = (new long[Given.Queries * nprobe], new float[Given.Queries * nprobe]);
        index.ChooseLists(Given.Asked, nprobe, lists, near);
        var hits = new List<Neighbor>[Given.Queries];
        for (var q = 0; q < hits.Length; q++)
            hits[q] = [];

        for (var block = 0; block < Given.NList; block += 2)
        {
            var some = lists.Select(list => list / 2 * 2 == block ? list : -1).ToArray();
            var (distances, labels) = (new float[Given.Queries * Given.K], new long[Given.Queries * Given.K]);
            index.SearchLists(Given.Asked, Given.K, some, near, distances, labels);
            for (var i = 0; i < labels.Length; i++)
            {
                if (labels[i] >= 0)
                    hits[i / Given.K].Add(new Neighbor(labels[i], distances[i]));
            }
        }

        for (var q = 0; q < Given.Queries; q++)
            Assert.Equal(expected[q], hits[q].OrderBy(hit => hit.Distance).Take(Given.K));
    }

    [Theory]
    [Engines("IVF8,Flat")]
    [Restates("test_pairs_decoding.cpp", "test_search_and_return_centroids.IVFFlat")]
    public void Results_lie_in_the_lists_that_were_visited(string engine, string key)
    {
        const int nprobe = 4;
        using var index = Given.Filled(engine, key);
        var (lists, near) = (new long[Given.Queries * nprobe], new float[Given.Queries * nprobe]);
        index.ChooseLists(Given.Asked, nprobe, lists, near);

        var found = index.Search(Given.Asked, 5, new SearchParameters { NProbe = nprobe });

        var listOf = Enumerable.Range(0, Given.NList).SelectMany(list => index.GetListIds(list).Select(id => (id, list))).ToDictionary(pair => pair.id, pair => pair.list);
        for (var q = 0; q < Given.Queries; q++)
            Assert.All(found[q], hit => Assert.Contains(listOf[hit.Id], lists.AsSpan(q * nprobe, nprobe).ToArray()));
    }

    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np")]
    [Restates("test_index_composite.py", "TestUpdate.test_update")]
    public void Vectors_that_change_places_change_places_in_the_results(string engine, string key)
    {
        const int n = 200;
        using var index = Given.Filled(engine, key);
        index.SetParameter("nprobe", 4);
        var (before, stored) = (index.Search(Given.Asked, 5), Given.Stored(index));

        index.UpdateVectors(
            [.. Enumerable.Range(0, n).Select(i => (long)i)], [.. Enumerable.Range(0, n).SelectMany(i => Given.Rows(Given.Base, n - 1 - i, 1))]);

        var (after, turned) = (index.Search(Given.Asked, 5), Given.Stored(index));
        for (var i = 0; i < n; i++)
            Assert.Equal(Given.Rows(stored, n - 1 - i, 1), Given.Rows(turned, i, 1));

        Given.AssertFound(before.Distances, [.. before.Labels.Select(id => id < n ? n - 1 - id : id)], after);
    }

    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np")]
    [Restates("test_index_composite.py",
        "TestSplitMerge.test_Flat_subset_type_0", "TestSplitMerge.test_Flat_subset_type_1", "TestSplitMerge.test_Flat_subset_type_2", "TestSplitMerge.test_Flat_subset_type_4")]
    public void Parts_of_an_index_find_together_what_it_finds(string engine, string key)
    {
        using var index = Given.Filled(engine, key);
        index.SetParameter("nprobe", 4);
        var expected = index.Search(Given.Asked, Given.K);
        var listed = Enumerable.Range(0, 3).Select(part => Enumerable.Range(0, Given.NList).Where(list => list % 3 == part).SelectMany(index.GetListIds).ToHashSet()).ToArray();
        foreach (var split in new Func<long, int>[]
                 {
                     id => (int)(id * 3 / Given.Count), id => (int)(id % 3), id => Array.FindIndex(listed, ids => ids.Contains(id)),
                 })
        {
            var hits = new List<Neighbor>[Given.Queries];
            for (var q = 0; q < hits.Length; q++)
                hits[q] = [];

            for (var part = 0; part < 3; part++)
            {
                // FAISS's copy_subset_to: a copy without the rest.
                using var some = index.Clone();
                some.Remove(IdSelector.Where(id => split(id) != part));
                Assert.InRange(some.Count, 1, Given.Count - 2);
                var found = some.Search(Given.Asked, Given.K);
                for (var q = 0; q < hits.Length; q++)
                    hits[q].AddRange(found[q]);
            }

            var joined = hits.Select(row => row.OrderBy(hit => hit.Distance).Take(Given.K).ToArray()).ToArray();
            Given.AssertFound(
                [.. joined.SelectMany(row => row).Select(hit => hit.Distance)], [.. joined.SelectMany(row => row).Select(hit => hit.Id)], expected);
        }
    }
}
