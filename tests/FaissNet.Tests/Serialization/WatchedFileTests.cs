using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Serialization;

/// <summary>Saving and loading with progress and cancellation.</summary>
public sealed class WatchedFileTests : IDisposable
{
    private const int D = 64, Count = 20_000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<bool> Engines => TestEngine.IsManagedOnly ? [false] : [false, true];

    [Theory]
    [MemberData(nameof(Engines))]
    public void Bytes_are_reported_up_to_the_last(bool native)
    {
        using var index = Create(native);
        var (saving, loading) = (new Recorder(), new Recorder());

        index.Save(_folder.File("index"), saving);
        Load(native, _folder.File("index"), loading, default).Dispose();

        var length = new FileInfo(_folder.File("index")).Length;
        AssertComplete(saving.Reports, IndexStage.Saving, length);
        AssertComplete(loading.Reports, IndexStage.Loading, length);
        using var plain = new MemoryStream();
        index.Save(plain);
        Assert.Equal(plain.ToArray(), File.ReadAllBytes(_folder.File("index")));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_save_that_is_cancelled_leaves_the_target_as_it_was(bool native)
    {
        using var index = Create(native);
        File.WriteAllText(_folder.File("index"), "before");
        using var stream = new MemoryStream();
        stream.Write("before"u8);

        Assert.Throws<OperationCanceledException>(() => Cancelled((progress, token) => index.Save(_folder.File("index"), progress, token)));
        Assert.Throws<OperationCanceledException>(() => Cancelled((progress, token) => index.Save(stream, progress, token)));

        Assert.Equal("before", File.ReadAllText(_folder.File("index")));
        Assert.Equal(["index"], _folder.Names());
        Assert.Equal("before"u8, stream.ToArray());
        Assert.Equal(6, stream.Position);
        index.Save(stream);
        stream.Position = 6;
        using var loaded = Load(native, stream, null, default);
        Assert.Equal(Count, loaded.Count);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void A_load_that_is_cancelled_leaves_the_stream_where_it_was(bool native)
    {
        using var index = Create(native);
        using var stream = new MemoryStream();
        stream.Write("before"u8);
        index.Save(stream);
        stream.Position = 6;

        Assert.Throws<OperationCanceledException>(() => Cancelled((progress, token) => Load(native, stream, progress, token).Dispose()));

        Assert.Equal(6, stream.Position);
        using var loaded = Load(native, stream, null, new CancellationTokenSource().Token);
        Assert.Equal(stream.Length, stream.Position);
        Assert.Throws<OperationCanceledException>(() => Load(native, new ForwardStream(stream.ToArray()), null, new CancellationToken(true)));
    }

    private static void Cancelled(Action<IProgress<IndexProgress>, CancellationToken> work)
    {
        using var source = new CancellationTokenSource();
        var recorder = new Recorder(_ => source.Cancel());
        try
        {
            work(recorder, source.Token);
        }
        finally
        {
            Assert.Single(recorder.Reports);
        }
    }

    private static void AssertComplete(List<IndexProgress> reports, IndexStage stage, long total)
    {
        Assert.True(reports.Count > 2);
        Assert.All(reports, report => Assert.Equal((stage, total), (report.Stage, report.Total)));
        Assert.Equal(reports.Select(report => report.Completed).Order().Distinct(), reports.Select(report => report.Completed));
        Assert.Equal(total, reports[^1].Completed);
    }

    private static VectorIndex Create(bool native)
    {
        VectorIndex index = native ? new IndexIVFFlat(D, 4) : new FaissNet.Managed.IndexIVFFlat(D, 4);
        var vectors = TestVectors.Uniform(Count, D, 20, seed: 1);
        index.Train(vectors.AsSpan(0, 1000 * D));
        index.Add(vectors);
        return index;
    }

    private static VectorIndex Load(bool native, string path, IProgress<IndexProgress>? progress, CancellationToken token) =>
        native ? FaissIndex.Load(path, trusted: false, progress, token) : ManagedIndex.Load(path, null, progress, token);

    private static VectorIndex Load(bool native, Stream stream, IProgress<IndexProgress>? progress, CancellationToken token) =>
        native ? FaissIndex.Load(stream, trusted: false, progress, token) : ManagedIndex.Load(stream, progress, token);
}
