namespace FaissNet.Tests.Contracts;

/// <summary>Moving the vectors of one index to another.</summary>
public sealed class MergeContract
{
    private const int Count = 120;
    private const int First = 70;

    [Theory]
    [IndexData(with: Traits.Merges)]
    public void Two_parts_are_the_whole(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        using var whole = type.CreateFilled(vectors[..(First * type.Dimension)]);
        type.Fill(whole, vectors.AsSpan(First * type.Dimension));
        using var index = type.CreateFilled(vectors[..(First * type.Dimension)]);
        using var other = type.CreateFilled(vectors[(First * type.Dimension)..]);
        if (type.Has(Traits.Reconstructs))
            Assert.Throws<KeyNotFoundException>(() => index.Reconstruct(First));

        index.MergeFrom(other);

        Assert.Equal((Count, 0), (index.Count, other.Count));
        type.ProbeAll(whole);
        type.ProbeAll(index);
        var queries = type.Vectors(10, seed: 3);
        var (expected, found) = (whole.Search(queries, Count), index.Search(queries, Count));
        Assert.Equal(expected.Distances, found.Distances);
        for (var q = 0; q < 10; q++)
            Assert.Equal(expected[q].OrderBy(hit => (hit.Distance, hit.Id)), found[q].OrderBy(hit => (hit.Distance, hit.Id)));

        if (type.Has(Traits.Reconstructs))
        {
            foreach (var id in new[] { 0, First - 1, First, Count - 1 })
                Assert.Equal(whole.Reconstruct(id), index.Reconstruct(id));

            Assert.Throws<KeyNotFoundException>(() => other.Reconstruct(0));
        }

        // Both are indexes like any other.
        Assert.Equal(0, other.Search(queries, 3).K);
        type.Fill(other, type.Vectors(5, seed: 4));
        index.MergeFrom(other);
        Assert.Equal((Count + 5, 0), (index.Count, other.Count));
        using var loaded = type.Load(IndexCase.Bytes(index));
        Assert.Equal(index.Search(queries, 7).Labels, loaded.Search(queries, 7).Labels);
    }

    [Theory]
    [IndexData(with: Traits.Merges)]
    public void Nothing_can_be_merged_and_merged_into(IndexCase type)
    {
        using var index = type.CreateTrained();
        using var filled = type.CreateFilled(type.Vectors(10, seed: 2));
        using var empty = type.CreateTrained();

        index.MergeFrom(empty);
        Assert.Equal(0, index.Count);
        index.MergeFrom(filled);
        Assert.Equal((10, 0), (index.Count, filled.Count));
        index.MergeFrom(filled);
        Assert.Equal((10, 0), (index.Count, filled.Count));
    }

    [Theory]
    [IndexData(with: Traits.Merges | Traits.TakesIds)]
    public void Ids_are_shifted_by_what_is_asked_for(IndexCase type)
    {
        var vectors = type.Vectors(4, seed: 2);
        foreach (var (addId, expected) in new[] { (0L, new[] { -3L, 5, 10 }), (1000L, [5, 997, 1010]), (1L << 50, [5, (1L << 50) - 3, (1L << 50) + 10]) })
        {
            using var index = type.CreateTrained();
            using var other = type.CreateTrained();
            index.AddWithIds(vectors.AsSpan(0, type.Dimension), [5]);
            other.AddWithIds(vectors.AsSpan(0, 2 * type.Dimension), [10, -3]);

            index.MergeFrom(other, addId);

            type.ProbeAll(index);
            Assert.Equal(expected, index.Search(vectors, 3)[0].Select(hit => hit.Id).Order());
            if (type.Has(Traits.Reconstructs))
                Assert.Equal(type.Dimension, index.Reconstruct(10 + addId).Length);
        }
    }

    [Theory]
    [IndexData(with: Traits.Merges, without: Traits.TakesIds)]
    public void Types_that_store_no_ids_number_on(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(10, seed: 2));
        using var other = type.CreateFilled(type.Vectors(6, seed: 4));

        foreach (var addId in new[] { 0, 9, 11 })
            Assert.ThrowsAny<ArgumentException>(() => index.MergeFrom(other, addId));

        Assert.Equal((10, 6), (index.Count, other.Count));
        index.MergeFrom(other, 10);
        Assert.Equal((16, 0), (index.Count, other.Count));
    }

    [Theory]
    [IndexData(with: Traits.Merges)]
    public void What_does_not_fit_is_refused_and_nothing_changes(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(10, seed: 2));
        var before = IndexCase.Bytes(index);

        Assert.Throws<ArgumentNullException>("other", () => index.MergeFrom(null!));
        var self = Assert.Throws<ArgumentException>("other", () => index.MergeFrom(index));
        Assert.Contains("itself", self.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("other", () => index.MergeFrom(index, 10));
        Assert.Throws<ArgumentOutOfRangeException>("addId", () => index.MergeFrom(index, -1));
        foreach (var stranger in Registry.All.Where(entry => entry.Key != type.Key && !AreOneType(entry, type)))
        {
            using var other = stranger.CreateFilled(stranger.Vectors(3, seed: 4));
            var error = Assert.ThrowsAny<ArgumentException>(() => index.MergeFrom(other));
            Assert.NotEmpty(error.Message);
            Assert.Equal(3, other.Count);
        }

        Assert.Equal(before, IndexCase.Bytes(index));
    }

    [Theory]
    [IndexData(with: Traits.Merges | Traits.Trains)]
    public void Another_training_is_refused(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(10, seed: 2));
        using var untrained = type.Create();
        using var other = type.Create();
        other.Train(type.Vectors(Registry.TrainingCount, seed: 77));
        type.Fill(other, type.Vectors(5, seed: 4));

        Assert.ThrowsAny<ArgumentException>(() => index.MergeFrom(other));
        Assert.ThrowsAny<ArgumentException>(() => index.MergeFrom(untrained));
        Assert.Throws<InvalidOperationException>(() => untrained.MergeFrom(index));

        Assert.Equal((10, 5), (index.Count, other.Count));
    }

    [Theory]
    [IndexData(with: Traits.Merges)]
    public void Crosswise_merging_does_not_lock_up(IndexCase type)
    {
        using var a = type.CreateFilled(type.Vectors(10, seed: 2));
        using var b = type.CreateFilled(type.Vectors(10, seed: 4));
        var threads = new[] { (a, b), (b, a) }.Select(pair => new Thread(() =>
        {
            for (var i = 0; i < 50; i++)
                pair.Item1.MergeFrom(pair.Item2);
        }) { IsBackground = true }).ToList();

        threads.ForEach(thread => thread.Start());

        Assert.All(threads, thread => Assert.True(thread.Join(TimeSpan.FromSeconds(30)), "the threads wait for each other"));
        Assert.Equal(20, a.Count + b.Count);
    }

    [Theory]
    [IndexData(with: Traits.Merges)]
    public void A_disposed_index_merges_with_nothing(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(10, seed: 2));
        var disposed = type.CreateFilled(type.Vectors(10, seed: 2));
        disposed.Dispose();

        Assert.Throws<ObjectDisposedException>(() => index.MergeFrom(disposed));
        Assert.Throws<ObjectDisposedException>(() => disposed.MergeFrom(index));
        Assert.Equal(10, index.Count);
    }

    [Theory]
    [IndexData(without: Traits.Merges)]
    public void Types_that_cannot_merge_say_so(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(10, seed: 2));
        using var other = type.CreateFilled(type.Vectors(10, seed: 4));

        Assert.Throws<NotSupportedException>(() => index.MergeFrom(other));

        Assert.Equal((10, 10), (index.Count, other.Count));
    }

    // IDMap2 is an IDMap to some, but not the other way round; they are left out.
    // Made in different ways, or with quantizers that hold the same centroids.
    private static bool AreOneType(IndexCase a, IndexCase b) =>
        new[] { "IDMap", "IndexIVFFlat" }.Any(name => a.Type.Contains(name, StringComparison.Ordinal) && b.Type.Contains(name, StringComparison.Ordinal));
}
