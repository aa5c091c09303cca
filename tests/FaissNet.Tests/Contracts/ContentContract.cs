namespace FaissNet.Tests.Contracts;

/// <summary>What adding, removing and resetting do to an index.</summary>
public sealed class ContentContract
{
    [Theory]
    [IndexData(with: Traits.Numbers)]
    public void Vectors_without_ids_are_numbered_on(IndexCase type)
    {
        using var index = type.CreateTrained();
        var vectors = type.Vectors(30, seed: 2);

        index.Add(vectors.AsSpan(0, 10 * type.Dimension));
        index.Add(vectors.AsSpan(10 * type.Dimension));
        index.Add(ReadOnlySpan<float>.Empty);

        Assert.Equal(30, index.Count);
        type.ProbeAll(index);
        if (!type.Has(Traits.FixedProbes))
            Assert.Equal(Enumerable.Range(0, 30).Select(id => (long)id), index.Search(type.Vectors(1, seed: 3), 30)[0].Labels.ToArray().Order());
    }

    [Theory]
    [IndexData(with: Traits.TakesIds)]
    public void Ids_of_the_callers_come_back_whatever_they_are(IndexCase type)
    {
        long[] ids = [long.MaxValue, long.MinValue, -2, 0, 7, 1L << 40, int.MaxValue, -3];
        using var index = type.CreateTrained();
        var vectors = type.Vectors(ids.Length, seed: 2);

        index.AddWithIds(vectors, ids);

        Assert.Equal(ids.Length, index.Count);
        type.ProbeAll(index);
        var all = index.Search(vectors, ids.Length);
        for (var q = 0; q < ids.Length; q++)
        {
            Assert.Equal(ids.Order(), all[q].Labels.ToArray().Order());
            if (type.Has(Traits.Exact) && type.Metric == MetricType.L2)
                Assert.Equal(new Neighbor(ids[q], 0), all[q][0]);
        }

        if (type.Has(Traits.Lossless | Traits.Reconstructs))
        {
            for (var i = 0; i < ids.Length; i++)
                Assert.Equal(vectors.AsSpan(i * type.Dimension, type.Dimension).ToArray(), index.Reconstruct(ids[i]));
        }
    }

    [Theory]
    [IndexData(with: Traits.TakesIds)]
    public void An_id_given_twice_is_stored_twice(IndexCase type)
    {
        using var index = type.CreateTrained();
        var vectors = type.Vectors(3, seed: 2);

        index.AddWithIds(vectors, [5, 5, 6]);
        index.AddWithIds(vectors.AsSpan(0, type.Dimension), [5]);

        Assert.Equal(4, index.Count);
        type.ProbeAll(index);
        Assert.Equal([5, 5, 5, 6], index.Search(vectors, 4)[0].Labels.ToArray().Order());
    }

    [Theory]
    [IndexData(with: Traits.TakesIds)]
    public void No_vectors_and_no_ids_are_fine(IndexCase type)
    {
        using var index = type.CreateTrained();

        index.AddWithIds(ReadOnlySpan<float>.Empty, []);

        Assert.Equal(0, index.Count);
    }

    [Theory]
    [IndexData(without: Traits.TakesIds)]
    public void Types_that_store_no_ids_say_so(IndexCase type)
    {
        using var index = type.CreateTrained();

        var error = Assert.Throws<NotSupportedException>(() => index.AddWithIds(type.Vectors(2, seed: 2), [3, 4]));

        Assert.NotEqual("", error.Message);
        Assert.Equal(0, index.Count);
        type.Fill(index, type.Vectors(2, seed: 2));
        Assert.Equal(2, index.Count);
    }

    [Theory]
    [IndexData(without: Traits.Numbers)]
    public void Types_that_need_ids_say_so(IndexCase type)
    {
        using var index = type.CreateTrained();

        var error = Assert.Throws<NotSupportedException>(() => index.Add(type.Vectors(2, seed: 2)));

        Assert.Contains("ids", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, index.Count);
    }

    [Theory]
    [IndexData(with: Traits.Removes)]
    public void Removing_takes_out_what_is_selected_and_nothing_else(IndexCase type)
    {
        const int n = 60;
        var vectors = type.Vectors(n, seed: 2);
        long[] gone = [3, 3, 59, 17, 1000, -5];
        foreach (var selector in new[] { IdSelector.Batch(gone), IdSelector.Range(10, 20), IdSelector.Range(long.MinValue, long.MaxValue), IdSelector.Batch() })
        {
            using var index = type.CreateFilled(vectors);
            type.ProbeAll(index);
            var kept = Enumerable.Range(0, n).Where(id => !selector.Contains(id)).ToArray();

            var removed = index.Remove(selector);

            Assert.Equal(n - kept.Length, removed);
            Assert.Equal(kept.Length, index.Count);
            var left = index.Search(type.Vectors(1, seed: 3), n)[0].Labels.ToArray().Order();
            // Without stored ids, what is left is numbered anew.
            var expected = type.Has(Traits.TakesIds) ? kept.Select(id => (long)id) : Enumerable.Range(0, kept.Length).Select(id => (long)id);
            Assert.Equal(expected, left);
            if (type.Has(Traits.Lossless | Traits.Reconstructs))
            {
                foreach (var (position, id) in kept.Index())
                {
                    var stored = index.Reconstruct(type.Has(Traits.TakesIds) ? id : position);
                    Assert.Equal(vectors.AsSpan(id * type.Dimension, type.Dimension).ToArray(), stored);
                }
            }
        }
    }

    [Theory]
    [IndexData(with: Traits.Removes)]
    public void What_is_left_after_removing_is_found_at_the_same_distances(IndexCase type)
    {
        const int n = 100;
        var vectors = type.Vectors(n, seed: 2);
        var query = type.Vectors(1, seed: 3);
        using var index = type.CreateFilled(vectors);
        type.ProbeAll(index);
        var before = index.Search(query, n)[0].Where(hit => hit.Id % 3 != 0).Select(hit => hit.Distance).Order().ToArray();

        index.Remove(IdSelector.Batch([.. Enumerable.Range(0, n).Where(id => id % 3 == 0).Select(id => (long)id)]));

        Assert.Equal(before, index.Search(query, n)[0].Select(hit => hit.Distance).Order());
    }

    [Theory]
    [IndexData(with: Traits.Removes)]
    public void After_removing_more_can_be_added(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        index.Remove(IdSelector.Range(0, 20));
        Assert.Equal(0, index.Count);

        type.Fill(index, type.Vectors(5, seed: 4));

        Assert.Equal(5, index.Count);
        type.ProbeAll(index);
        Assert.Equal(5, index.Search(type.Vectors(1, seed: 3), 5)[0].Count);
    }

    [Theory]
    [IndexData(without: Traits.Removes)]
    public void Types_that_cannot_remove_say_so_and_stay_as_they_are(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var before = IndexCase.Bytes(index);

        var error = Assert.Throws<NotSupportedException>(() => index.Remove(IdSelector.Range(0, 5)));

        Assert.NotEqual("", error.Message);
        Assert.Equal(20, index.Count);
        Assert.Equal(before, IndexCase.Bytes(index));
    }

    [Theory]
    [IndexData]
    public void Resetting_forgets_the_vectors_and_keeps_the_training(IndexCase type)
    {
        using var trained = type.CreateTrained();
        using var index = type.CreateFilled(type.Vectors(40, seed: 2));

        index.Reset();

        Assert.Equal(0, index.Count);
        Assert.True(index.IsTrained);
        Assert.Equal(IndexCase.Bytes(trained), IndexCase.Bytes(index));
        type.Fill(index, type.Vectors(6, seed: 4));
        type.ProbeAll(index);
        if (!type.Has(Traits.FixedProbes))
            Assert.Equal([0, 1, 2, 3, 4, 5], index.Search(type.Vectors(1, seed: 3), 6)[0].Labels.ToArray().Order());
    }
}
