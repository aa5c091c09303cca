using FaissNet.Data;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Data;

[NeedsNative]
public sealed class IndexBuilderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_sample_has_one_row_of_each_part_in_order()
    {
        using var reader = Rows(1000);
        var sample = TrainingSample.Read(reader, 10, seed: 5);
        Assert.Equal(10, sample.Count);
        for (var i = 0; i < 10; i++)
        {
            // Each row holds its own number.
            Assert.InRange(sample.Values[2 * i], 100 * i, 100 * i + 99);
            Assert.Equal(sample.Values[2 * i], -sample.Values[2 * i + 1]);
        }

        Assert.Equal(sample.Values, TrainingSample.Read(reader, 10, seed: 5).Values);
        Assert.NotEqual(sample.Values, TrainingSample.Read(reader, 10, seed: 6).Values);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    public void A_sample_of_all_is_the_file(long size)
    {
        using var reader = Rows(10);
        var sample = TrainingSample.Read(reader, size);
        Assert.Equal(Enumerable.Range(0, 10).SelectMany(i => new float[] { i, -i }), sample.Values);
    }

    [Theory]
    [InlineData(1_000_000, 8, 4096, 8, 1_048_576, 1_000_000)]
    [InlineData(10_000_000, 8, 4096, 8, 1_048_576, 1_048_576)]
    [InlineData(10_000_000, 8, 16, 8, 65_536, 65_536)]
    [InlineData(10_000_000, 8, 16, 12, 1_048_576, 1_048_576)]
    [InlineData(10_000_000, 8, 0, 0, 65_536, 65_536)]
    [InlineData(500, 8, 256, 8, 65_536, 500)]
    public void The_default_size_is_what_faiss_makes_use_of(long count, int d, long nlist, int nbits, long used, long expected)
    {
        Assert.Equal(Math.Min(count, used), expected);
        Assert.Equal(expected, TrainingSample.DefaultSize(count, d, nlist, nbits));
    }

    [Fact]
    public void The_default_size_fits_into_one_array() =>
        Assert.InRange(TrainingSample.DefaultSize(long.MaxValue, 1 << 20, 1 << 20, 8), 1, Array.MaxLength >> 20);

    // Several batches of 64 MiB: d is large.
    [Fact]
    public void All_vectors_come_in_under_their_row_numbers()
    {
        const int d = 4096, n = 9_000;
        var bytes = new byte[n * (long)(4 + d)];
        for (var i = 0; i < n; i++)
        {
            var row = bytes.AsSpan(i * (4 + d), 4 + d);
            BitConverter.TryWriteBytes(row, d);
            BitConverter.TryWriteBytes(row[4..], i);
        }

        File.WriteAllBytes(_folder.File("wide.bvecs"), bytes);
        using var reader = VectorFile.Open(_folder.File("wide.bvecs"));
        using var index = new IndexFlatL2(d);
        var recorder = new Recorder();
        var times = IndexBuilder.Build(index, reader, trainSize: 1, recorder);
        Assert.Equal((0L, (long)n, (long)n), (times.VectorsTrained, times.VectorsAdded, index.Count));
        foreach (var id in new[] { 0, 4095, 4096, 8191, 8192, 8999 })
        {
            var vector = index.Reconstruct(id);
            Assert.Equal([(byte)id, (byte)(id >> 8)], vector[..2]);
        }

        Assert.All(recorder.Reports, report => Assert.Equal((IndexStage.Adding, (long)n), (report.Stage, report.Total)));
        Assert.Equal(n, recorder.Reports[^1].Completed);
        Assert.Equal(recorder.Reports.Select(report => report.Completed).Order(), recorder.Reports.Select(report => report.Completed));
    }

    [Fact]
    public void An_index_that_needs_it_is_trained_with_the_sample()
    {
        VectorFile.Write(_folder.File("a.fvecs"), TestVectors.Clustered(3000, 8, seed: 1), 8);
        using var reader = VectorFile.Open(_folder.File("a.fvecs"));
        using var index = new IndexIVFFlat(8, 16);
        var recorder = new Recorder();
        var times = IndexBuilder.Build(index, reader, trainSize: 1000, recorder);
        Assert.Equal((1000L, 3000L), (times.VectorsTrained, index.Count));
        Assert.Equal([IndexStage.Sampling, IndexStage.TrainingCoarse, IndexStage.Adding], recorder.Reports.Select(report => report.Stage).Distinct());
    }

    [Fact]
    public void Vectors_that_do_not_fit_are_refused()
    {
        using var index = new IndexFlatL2(3);
        using var reader = Rows(1);
        Assert.Contains(
            "have 2 components: expected the index's dimension, 3",
            Assert.Throws<ArgumentException>(() => IndexBuilder.Build(index, reader, 1)).Message,
            StringComparison.Ordinal);
        File.WriteAllBytes(_folder.File("none.npy"), FileBytes.Npy(FileBytes.NpyHeader("<f4", "(0, 3)"), []));
        using var none = VectorFile.Open(_folder.File("none.npy"));
        Assert.Contains("holds no vectors", Assert.Throws<ArgumentException>(() => IndexBuilder.Build(index, none, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_build_stops()
    {
        using var reader = Rows(10);
        using var index = new IndexFlatL2(2);
        Assert.ThrowsAny<OperationCanceledException>(() => IndexBuilder.Build(index, reader, 1, null, new CancellationToken(true)));
    }

    // Of 100,000 components a batch of 16 MiB holds 41 queries.
    [Fact]
    public void A_search_in_batches_gives_what_one_search_gives()
    {
        const int d = 100_000, n = 100, k = 3;
        var vectors = new float[n * d];
        for (var i = 0; i < n; i++)
            vectors[i * d + i] = i + 1;

        VectorFile.Write(_folder.File("q.fvecs"), vectors, d);
        using var index = new IndexFlatL2(d);
        index.Add(vectors);
        var expected = index.Search(vectors, k);
        using var queries = VectorFile.Open(_folder.File("q.fvecs"));
        var (labels, distances, batches) = (new List<long>(), new List<float>(), 0);
        FileSearch.Run(index, queries, k, (someDistances, someLabels) =>
        {
            labels.AddRange(someLabels);
            distances.AddRange(someDistances);
            batches++;
        });
        Assert.Equal(3, batches);
        Assert.Equal(expected.Labels, labels);
        Assert.Equal(expected.Distances, distances);
    }

    public void Dispose() => _folder.Dispose();

    // Row i is (i, -i).
    private VectorReader Rows(int n)
    {
        VectorFile.Write(_folder.File("rows.fvecs"), [.. Enumerable.Range(0, n).SelectMany(i => new float[] { i, -i })], 2);
        return VectorFile.Open(_folder.File("rows.fvecs"));
    }
}
