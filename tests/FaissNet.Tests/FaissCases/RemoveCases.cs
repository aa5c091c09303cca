namespace FaissNet.Tests.FaissCases;

/// <summary>What is removed is never found again, and everything else as before.</summary>
public sealed class RemoveCases
{
    [Theory]
    [Engines("IVF8,Flat", "IVF8,PQ8x4np", "IDMap,Flat")]
    [Restates("test_merge_index.py", "TestMerge1.test_remove")]
    public void Results_stay_in_order_without_those_removed(string engine, string key)
    {
        using var index = Given.Trained(engine, key);
        index.AddWithIds(Given.Base, Given.Ids);
        Given.Probe(index, key, 4);
        var before = index.Search(Given.Asked, 16);
        var even = before.Labels.Where(id => id % 2 == 0).Distinct().ToArray();

        Assert.Equal(even.Length, index.Remove(IdSelector.Batch(even)));

        Assert.Equal(Given.Count - even.Length, index.Count);
        var after = index.Search(Given.Asked, 16);
        for (var q = 0; q < Given.Queries; q++)
        {
            var expected = before[q].Where(hit => hit.Id % 2 != 0).ToArray();
            Assert.Equal(expected.Select(hit => hit.Id), after[q].Take(expected.Length).Select(hit => hit.Id));
            Assert.All(expected.Zip(after[q]), pair => Assert.Equal(pair.First.Distance, pair.Second.Distance, 1e-5 * (1 + pair.First.Distance)));
        }
    }

    [Theory]
    [Engines("IDMap,Flat", "IDMap2,Flat", "IVF8,Flat")]
    [Restates("test_merge_index.py", "TestRemoveFastScan.test_remove_IVFPQFastScan")]
    public void Two_thirds_removed_leave_what_Python_finds_in_one_third(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} L2"));
        index.AddWithIds(Given.Base, Given.Ids);

        var removed = index.Remove(IdSelector.Batch([.. Given.Ids.Where((_, i) => i % 3 != 0)]));

        Assert.Equal(333, removed);
        Given.AssertFound(PythonFaiss.Floats($"{key} thirds D"), PythonFaiss.Longs($"{key} thirds I"), index.Search(Given.Asked, Given.K));
    }

    [Theory]
    [Engines]
    [Restates("test_index_composite.py", "TestRemove.test_remove_regular")]
    public void What_was_merged_in_can_be_removed_again(string engine)
    {
        using var index = Given.Trained(engine, "IVF8,Flat");
        using var other = Given.Trained(engine, "IVF8,Flat");
        AssertMergedCanBeRemoved(index, other);
    }

    /// <summary>What is merged in and removed again changes no answer.</summary>
    internal static void AssertMergedCanBeRemoved(VectorIndex index, VectorIndex other)
    {
        index.Add(Given.Rows(Given.Base, 0, 250));
        other.Add(Given.Rows(Given.Base, 250, 250));
        var before = index.Search(Given.Asked, Given.K);

        index.MergeFrom(other);
        Assert.Equal(Given.Count, index.Count);
        index.Remove(IdSelector.Range(250, 500));

        Assert.Equal(250, index.Count);
        var after = index.Search(Given.Asked, Given.K);
        Assert.Equal(before.Distances, after.Distances);
        Assert.Equal(before.Labels, after.Labels);
    }

    [Theory]
    [Engines("Flat", "SQ8", "PQ8x4np")]
    [Restates("test_index_composite.py", "TestRemove.test_remove")]
    public void Types_without_ids_close_the_gaps(string engine, string key)
    {
        using var index = Given.Trained(engine, key);
        index.Add(Given.Rows(Given.Base, 0, 10));
        var before = Given.Stored(index);

        index.Remove(IdSelector.Batch(0, 2, 4, 6, 8));

        Assert.Equal(Given.Rows(before, [1, 3, 5, 7, 9]), Given.Stored(index));
    }

    [Theory]
    [Engines("PQ8x4fs", "IVF8,PQ8x4fs")]
    [Restates("test_merge_index.py", "TestRemoveFastScan.test_remove_PQFastScan")]
    [Restates("test_index_composite.py",
        "TestRemoveFastScan.test_remove_last_vector", "TestRemoveFastScan.test_remove_every_address", "TestRemoveFastScan.test_leave_complete_block")]
    public void Fast_scan_moves_codes_within_its_blocks(string engine, string key)
    {
        foreach (var kept in new Func<long, bool>[] { id => id % 3 == 0, id => id != Given.Count - 1, id => id is < 40 or > 50, id => id < 64, _ => false })
        {
            using var index = Given.Filled(engine, key);
            var left = Enumerable.Range(0, Given.Count).Select(i => (long)i).Where(kept).ToArray();
            using var expected = Given.Trained(engine, key);
            if (left.Length > 0)
                expected.Add(Given.Rows(Given.Base, left));

            index.Remove(IdSelector.Where(id => !kept(id)));

            Assert.Equal(left.Length, index.Count);
            Given.Probe(index, key, Given.NList);
            Given.Probe(expected, key, Given.NList);
            var (found, reference) = (index.Search(Given.Asked, Given.K), expected.Search(Given.Asked, Given.K));
            // Lists keep ids, flat codes renumber.
            var labels = key.StartsWith("IVF", StringComparison.Ordinal) ? [.. reference.Labels.Select(id => left[id])] : reference.Labels;
            Given.AssertFound(reference.Distances, labels, found);
        }
    }
}
