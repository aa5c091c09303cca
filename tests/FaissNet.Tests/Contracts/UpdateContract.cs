namespace FaissNet.Tests.Contracts;

/// <summary>Replacing stored vectors.</summary>
public sealed class UpdateContract
{
    private const int Count = 60;

    private static readonly long[] s_ids = [.. Enumerable.Range(0, Count).Select(i => 1000L + 3 * i)];

    [Theory]
    [IndexData(with: Traits.TakesIds | Traits.Reconstructs | Traits.Removes, without: Traits.Unsaved)]
    public void Some_vectors_are_replaced_and_the_rest_stay(IndexCase type)
    {
        var (vectors, others) = (type.Vectors(Count, seed: 2), type.Vectors(2, seed: 5));
        using var index = type.CreateTrained();
        index.AddWithIds(vectors, s_ids);
        using var expected = type.CreateTrained();
        expected.AddWithIds(vectors, s_ids);
        expected.Remove(IdSelector.Batch(s_ids[7], s_ids[30]));
        expected.AddWithIds(others, [s_ids[30], s_ids[7]]);

        index.UpdateVectors([s_ids[30], s_ids[7]], others);

        Assert.Equal(Count, index.Count);
        Assert.Equal(IndexCase.Bytes(expected), IndexCase.Bytes(index));
        if (type.Has(Traits.Lossless))
        {
            Assert.Equal(others[..type.Dimension], index.Reconstruct(s_ids[30]));
            Assert.Equal(others[type.Dimension..], index.Reconstruct(s_ids[7]));
            Assert.Equal(vectors[..type.Dimension], index.Reconstruct(s_ids[0]));
        }
    }

    [Theory]
    [IndexData(with: Traits.TakesIds | Traits.Reconstructs | Traits.Removes, without: Traits.Unsaved)]
    public void What_cannot_be_replaced_changes_nothing(IndexCase type)
    {
        using var index = type.CreateTrained();
        index.AddWithIds(type.Vectors(Count, seed: 2), s_ids);
        var before = IndexCase.Bytes(index);
        var two = type.Vectors(2, seed: 5);

        Assert.Throws<KeyNotFoundException>(() => index.UpdateVectors([s_ids[0], 999], two));
        Assert.Throws<ArgumentException>("ids", () => index.UpdateVectors([s_ids[0], s_ids[0]], two));
        Assert.Throws<ArgumentException>("ids", () => index.UpdateVectors([s_ids[0]], two));
        Assert.Throws<ArgumentException>("vectors", () => index.UpdateVectors([s_ids[0]], two.AsSpan(1)));
        index.UpdateVectors([], []);

        Assert.Equal(before, IndexCase.Bytes(index));
    }

    [Theory]
    [IndexData(without: Traits.TakesIds)]
    public void Types_that_store_no_ids_say_so_and_keep_what_they_hold(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));

        Assert.Throws<NotSupportedException>(() => index.UpdateVectors([3], type.Vectors(1, seed: 5)));

        Assert.Equal(Count, index.Count);
    }
}
