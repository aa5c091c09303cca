using FaissNet.Tests.Support;

namespace FaissNet.Tests.Contracts;

/// <summary>Saving, loading, cloning.</summary>
public sealed class CopyContract
{
    [Theory]
    [IndexData(without: Traits.Unsaved)]
    public void A_loaded_index_is_the_saved_one(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(80, seed: 2));
        var bytes = IndexCase.Bytes(index);

        using var loaded = type.Load(bytes);

        AssertSame(type, index, loaded);
        Assert.Equal(bytes, IndexCase.Bytes(loaded));
    }

    [Theory]
    [IndexData(without: Traits.Unsaved)]
    public void An_untrained_index_and_an_empty_one_survive_too(IndexCase type)
    {
        using var untrained = type.Create();
        if (IsUnreadableUntrained(type))
        {
            Assert.Contains("train it first", Assert.Throws<NotSupportedException>(() => IndexCase.Bytes(untrained)).Message, StringComparison.Ordinal);
            return;
        }

        if (type.Type.Contains("LocalSearch", StringComparison.Ordinal))
        {
            Assert.Throws<NotSupportedException>(() => type.Load(IndexCase.Bytes(untrained)));
            return;
        }

        using var loaded = type.Load(IndexCase.Bytes(untrained));
        Assert.Equal((untrained.IsTrained, 0L), (loaded.IsTrained, loaded.Count));
        // FAISS saves an OPQ as the matrix that it learnt: without one, nothing is left that could learn.
        if (!type.Type.StartsWith("OPQ", StringComparison.Ordinal))
        {
            if (type.Has(Traits.Trains))
                loaded.Train(type.Vectors(Registry.TrainingCount, seed: 1));

            type.Fill(loaded, type.Vectors(5, seed: 2));
            Assert.Equal(5, loaded.Count);
        }

        using var empty = type.CreateTrained();
        using var second = type.Load(IndexCase.Bytes(empty));
        type.Fill(second, type.Vectors(5, seed: 2));
        Assert.Equal(5, second.Count);
    }

    [Theory]
    [IndexData(without: Traits.Unsaved)]
    public void Two_indexes_in_one_stream_come_back_one_after_the_other(IndexCase type)
    {
        using var first = type.CreateFilled(type.Vectors(8, seed: 2));
        using var second = type.CreateFilled(type.Vectors(9, seed: 3));
        using var stream = new MemoryStream();
        first.Save(stream);
        second.Save(stream);
        stream.Position = 0;

        using var loaded = type.Engine.Load(stream);
        using var next = type.Engine.Load(stream);

        Assert.Equal((8, 9), (loaded.Count, next.Count));
        Assert.Equal(stream.Length, stream.Position);
    }

    [Theory]
    [IndexData(without: Traits.Unsaved)]
    public void A_loaded_index_takes_more_vectors(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(30, seed: 2));
        using var loaded = type.Load(IndexCase.Bytes(index));

        type.Fill(index, type.Vectors(20, seed: 4));
        type.Fill(loaded, type.Vectors(20, seed: 4));

        AssertSame(type, index, loaded);
    }

    [Theory]
    [IndexData]
    public void A_clone_is_the_same_and_its_own(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(80, seed: 2));
        var bytes = IndexCase.Bytes(index);

        using var clone = index.Clone();

        Assert.IsType(index.GetType(), clone);
        AssertSame(type, index, clone);
        Assert.Equal(bytes, IndexCase.Bytes(clone));
        type.Fill(clone, type.Vectors(5, seed: 4));
        Assert.Equal((80, 85), (index.Count, clone.Count));
        Assert.Equal(bytes, IndexCase.Bytes(index));
        // And it lives on alone.
        index.Dispose();
        Assert.Equal(85, clone.Search(type.Vectors(1, seed: 3), 85).K);
        clone.Reset();
        Assert.Equal(0, clone.Count);
    }

    [Theory]
    [IndexData]
    public void An_untrained_clone_can_be_trained(IndexCase type)
    {
        using var index = type.Create();
        if (IsUnreadableUntrained(type))
        {
            Assert.Throws<NotSupportedException>(index.Clone);
            return;
        }

        using var clone = index.Clone();
        Assert.Equal(index.IsTrained, clone.IsTrained);
        if (type.Has(Traits.Trains))
            clone.Train(type.Vectors(Registry.TrainingCount, seed: 1));

        type.Fill(clone, type.Vectors(5, seed: 2));

        Assert.Equal((0, 5), (index.Count, clone.Count));
        Assert.Equal(!type.Has(Traits.Trains), index.IsTrained);
    }

    // Copies are made as through a file. FAISS computes tables of codebooks that are not there, or has left a quantizer out, or says no.
    private static bool IsUnreadableUntrained(IndexCase type) =>
        !TestEngine.IsManagedOnly && (
        type.Type.Contains("Residual", StringComparison.Ordinal) || type.Type == "IndexIVFPQR"
        || (FaissVersions.ReadsNoUntrainedCodebooks && type.Type.Contains("LocalSearch", StringComparison.Ordinal)));

    private static void AssertSame(IndexCase type, VectorIndex expected, VectorIndex actual)
    {
        Assert.Equal(
            (expected.Dimension, expected.Metric, expected.Count, expected.IsTrained),
            (actual.Dimension, actual.Metric, actual.Count, actual.IsTrained));
        var queries = type.Vectors(10, seed: 3);
        var (a, b) = (expected.Search(queries, 7), actual.Search(queries, 7));
        // FAISS links an HNSW graph in whatever order its threads run.
        if (type.Has(Traits.Repeatable))
            Assert.Equal(a.Labels, b.Labels);

        if (type.Has(Traits.Repeatable))
            Assert.Equal(a.Distances, b.Distances);
    }
}
