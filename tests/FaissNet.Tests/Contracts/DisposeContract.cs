using FaissNet.Tests.Support;

namespace FaissNet.Tests.Contracts;

public sealed class DisposeContract
{
    [Theory]
    [IndexData]
    public void Every_call_on_a_disposed_index_says_so(IndexCase type)
    {
        var index = type.CreateFilled(type.Vectors(10, seed: 2));
        index.Dispose();
        index.Dispose();
        var vectors = type.Vectors(2, seed: 3);

        foreach (var call in new Action[]
        {
            () => index.Train(vectors),
            () => index.Add(vectors),
            () => index.Add(vectors, new Recorder()),
            () => index.AddWithIds(vectors, [1, 2]),
            () => index.Search(vectors, 1),
            () => index.Search(vectors, 1, progress: new Recorder()),
            () => index.Search(vectors, 1, new float[2], new long[2]),
            () => index.RangeSearch(vectors, 1),
            () => index.Reconstruct(0),
            () => index.Remove(IdSelector.Range(0, 1)),
            index.Reset,
            () => index.SetParameter("nprobe", 1),
            () => index.GetParameter("nprobe"),
            () => index.Clone(),
            () => index.Save(new MemoryStream()),
            () => index.Assign(vectors, 1, new long[2]),
            () => index.SearchAndReconstruct(vectors, 1, new float[2], new long[2], new float[vectors.Length]),
            () => index.ReconstructBatch(0, 1),
            () => _ = index.EncodedSize,
            () => index.Encode(vectors, new byte[4096]),
            () => index.Decode([], []),
        })
        {
            Assert.Throws<ObjectDisposedException>(call);
        }
    }

    [Theory]
    [IndexData]
    public void What_a_disposed_index_would_have_saved_is_not_begun(IndexCase type)
    {
        using var folder = new TemporaryFolder();
        var index = type.Create();
        index.Dispose();

        Assert.Throws<ObjectDisposedException>(() => index.Save(folder.File("index")));

        Assert.Empty(folder.Names());
    }

    [Theory]
    [IndexData]
    public void An_add_that_is_under_way_finishes(IndexCase type)
    {
        var index = type.CreateTrained();
        var vectors = type.Vectors(17_000, seed: 2);
        var recorder = new Recorder(_ => index.Dispose());

        // Two chunks: the index is disposed between them.
        type.Fill(index, vectors, recorder);

        Assert.Equal(17_000, index.Count);
        Assert.Equal(17_000, recorder.Reports[^1].Completed);
        Assert.Throws<ObjectDisposedException>(() => type.Fill(index, vectors));
    }

    [Theory]
    [IndexData]
    public void A_search_that_is_under_way_finishes(IndexCase type)
    {
        var index = type.CreateFilled(type.Vectors(10, seed: 2));
        var queries = type.Vectors(3000, seed: 3);
        var expected = index.Search(queries, 2).Labels;

        var result = index.Search(queries, 2, progress: new Recorder(_ => index.Dispose()));

        Assert.Equal(expected, result.Labels);
        Assert.Throws<ObjectDisposedException>(() => index.Search(queries, 2));
    }

    [Theory]
    [IndexData(with: Traits.Watched)]
    public void A_training_that_is_under_way_finishes(IndexCase type)
    {
        var index = type.Create();

        index.Train(type.Vectors(Registry.TrainingCount, seed: 1), new Recorder(_ => index.Dispose()));

        Assert.True(index.IsTrained);
        Assert.Throws<ObjectDisposedException>(() => index.Add(type.Vectors(1, seed: 2)));
    }
}
