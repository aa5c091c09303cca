namespace FaissNet.Tests.FaissCases;

/// <summary>Ids of the caller's over positions.</summary>
public sealed class IdMapCases
{
    private const int D = 5;

    // Row i is (1000 + i, 0, 0, 0, 0).
    private static readonly float[] s_rows = [.. Enumerable.Range(0, 10 * D).Select(i => i % D == 0 ? 1000f + i / D : 0)];

    private static readonly long[] s_hundreds = [.. Enumerable.Range(100, 10).Select(i => (long)i)];

    [Theory]
    [Engines("IDMap2,Flat", "Flat,IDMap2", "IDMap,Flat")]
    [Restates("test_index_composite.py", "TestRemove.test_remove_id_map", "TestRemove.test_factory_idmap2_suffix", "TestRemove.test_factory_idmap2_prefix")]
    public void A_removed_id_is_gone_and_its_neighbours_stay(string engine, string key)
    {
        using var index = Given.Create(engine, D, key);
        index.AddWithIds(s_rows, s_hundreds);
        Assert.Equal(1004, index.Reconstruct(104)[0]);

        Assert.Equal(2, index.Remove(IdSelector.Batch(100, 103, 99)));

        Assert.Equal(1004, index.Reconstruct(104)[0]);
        Assert.Equal(1009, index.Reconstruct(109)[0]);
        Assert.Throws<KeyNotFoundException>(() => index.Reconstruct(103));
        Assert.Throws<KeyNotFoundException>(() => index.Reconstruct(3));
    }

    [Theory]
    [Engines]
    [Restates("test_index_composite.py", "TestRemove.test_remove_id_map_2")]
    public void Adding_goes_on_after_removing(string engine)
    {
        var vectors = Given.Uniform(10, 10, seed: 21);
        long[] ids = [0, 10, 20, 30, 40, 5, 15, 25, 35, 45];
        using var index = Given.Create(engine, 10, "IDMap,Flat");

        index.AddWithIds(vectors.AsSpan(0, 50), ids.AsSpan(0, 5));
        Assert.Equal(2, index.Remove(IdSelector.Batch(10, 30)));
        index.AddWithIds(vectors.AsSpan(50), ids.AsSpan(5));

        var found = index.Search(vectors, 1);
        for (var i = 0; i < 10; i++)
        {
            if (ids[i] is 10 or 30)
                Assert.NotEqual(ids[i], found.Labels[i]);
            else
                Assert.Equal((ids[i], 0), (found.Labels[i], found.Distances[i]));
        }
    }

    [Theory]
    [Engines("IDMap,Flat", "IDMap2,Flat")]
    [Restates("test_index_composite.py", "TestRangeSearch.test_range_search_id_map")]
    public void A_range_search_names_the_ids(string engine, string key)
    {
        using var index = Given.Create(engine, D, key);
        index.AddWithIds(s_rows, s_hundreds);

        // Rows 0 and 1 are at 0 and 1, row 2 at 4.
        var found = index.RangeSearch(s_rows.AsSpan(0, D), 2.97f);

        Assert.Equal([new Neighbor(100, 0), new Neighbor(101, 1)], Given.Sorted(found[0]));
    }

    [Theory]
    [Engines("IDMap,PQ8x4np", "IVF8,PQ8x4np")]
    [Restates("test_meta_index.py", "IDRemap.test_id_remap_idmap", "IDRemap.test_id_remap_ivf")]
    public void Turning_the_ids_around_turns_the_results_around(string engine, string key)
    {
        using var plain = Given.Filled(engine, key.Replace("IDMap,", "", StringComparison.Ordinal));
        using var turned = Given.Trained(engine, key);
        turned.AddWithIds(Given.Base, [.. Enumerable.Range(0, Given.Count).Select(i => (long)(Given.Count - 1 - i))]);
        Given.Probe(plain, key, 5);
        Given.Probe(turned, key, 5);

        var expected = plain.Search(Given.Asked, Given.K);
        var found = turned.Search(Given.Asked, Given.K);

        Given.AssertFound(expected.Distances, [.. expected.Labels.Select(id => Given.Count - 1 - id)], found);
    }

    [Theory]
    [Engines("IDMap,PQ8x4np", "IDMap2,SQ8")]
    [Restates("test_standalone_codec.py", "TestIDMap.test_idmap")]
    public void A_map_encodes_as_the_index_inside(string engine, string key)
    {
        using var index = Given.Trained(engine, key);
        index.AddWithIds(Given.Base, Given.Ids);

        var decoded = index.Decode(index.Encode(Given.Base));

        for (var i = 0; i < Given.Count; i += 37)
            Assert.Equal(decoded.AsSpan(i * Given.D, Given.D).ToArray(), index.Reconstruct(Given.Ids[i]));
    }

    [Theory]
    [Engines("IDMap,PQ4x4fs,RFlat", Only = Given.Managed)]
    [Restates("test_factory.py", "TestFactoryV2.test_idmap_refine")]
    public void A_map_takes_ids_and_only_with_ids(string engine, string key)
    {
        var vectors = Given.Uniform(32, 8, seed: 22);
        using var index = Given.Create(engine, 8, key);
        index.Train(vectors);

        index.AddWithIds(vectors.AsSpan(0, 16 * 8), [.. Enumerable.Range(0, 16).Select(i => (long)i)]);

        Assert.Equal(16, index.Count);
        Assert.ThrowsAny<Exception>(() => index.Add(vectors.AsSpan(0, 8)));
        Assert.Equal(16, index.Count);
    }
}
