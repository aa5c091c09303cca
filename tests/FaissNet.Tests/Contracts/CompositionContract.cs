using FaissNet.Tests.Support;

namespace FaissNet.Tests.Contracts;

/// <summary>What is made of searching, reconstructing and saving: assigning, batches, writing without waiting.</summary>
public sealed class CompositionContract
{
    private const int Count = 80;

    [Theory]
    [IndexData]
    public void Assigning_gives_the_labels_of_a_search(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        var queries = type.Vectors(6, seed: 3);
        var expected = index.Search(queries, 4).Labels;
        var labels = Enumerable.Repeat(-77L, 6 * 4 + 2).ToArray();

        index.Assign(queries, 4, labels);

        Assert.Equal([.. expected, -77, -77], labels);
        Assert.Throws<ArgumentException>("labels", () => index.Assign(queries, 4, new long[23]));
        Assert.Throws<ArgumentOutOfRangeException>("k", () => index.Assign(queries, 0, new long[23]));
        Assert.Throws<ArgumentException>("queries", () => index.Assign(queries.AsSpan(1), 1, new long[23]));
    }

    [Theory]
    [IndexData(with: Traits.Reconstructs, without: Traits.FixedProbes)]
    public void Searching_gives_the_vectors_back_too(IndexCase type)
    {
        const int n = 3, k = 5, few = 4;
        using var index = type.CreateFilled(type.Vectors(few, seed: 2));
        type.ProbeAll(index);
        var queries = type.Vectors(n, seed: 3);
        var (expected, expectedLabels) = (new float[n * k], new long[n * k]);
        index.Search(queries, k, expected, expectedLabels);
        var (distances, labels, vectors) = (new float[n * k], new long[n * k], new float[n * k * type.Dimension]);

        index.SearchAndReconstruct(queries, k, distances, labels, vectors);

        Assert.Equal(expected, distances);
        Assert.Equal(expectedLabels, labels);
        for (var i = 0; i < n * k; i++)
        {
            var vector = vectors[(i * type.Dimension)..((i + 1) * type.Dimension)];
            // The fifth of four is missing.
            Assert.Equal(i % k == few, labels[i] == -1);
            if (labels[i] >= 0)
                Assert.Equal(index.Reconstruct(labels[i]), vector);
            else
                Assert.All(vector, component => Assert.True(float.IsNaN(component)));
        }

        Assert.Throws<ArgumentException>("vectors", () => index.SearchAndReconstruct(queries, k, distances, labels, vectors.AsSpan(1)));
        Assert.Throws<ArgumentException>("labels", () => index.SearchAndReconstruct(queries, k, distances, labels.AsSpan(1), vectors));
    }

    [Theory]
    [IndexData(with: Traits.Reconstructs)]
    public void Several_vectors_come_back_at_once(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        long[] ids = [5, 0, Count - 1, 5];

        var vectors = index.ReconstructBatch(ids);

        Assert.Equal(ids.SelectMany(id => index.Reconstruct(id)), vectors);
        Assert.Empty(index.ReconstructBatch([]));
        Assert.Throws<KeyNotFoundException>(() => index.ReconstructBatch(1, 2, Count));
        Assert.Throws<ArgumentException>("vectors", () => index.ReconstructBatch(ids, new float[4 * type.Dimension - 1]));
    }

    [Theory]
    [IndexData(without: Traits.Unsaved)]
    public async Task What_is_saved_without_waiting_is_what_is_saved(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        using var folder = new TemporaryFolder();
        using var stream = new AsynchronousStream();

        await index.SaveAsync(folder.File("index"), TestContext.Current.CancellationToken);
        await index.SaveAsync(stream, TestContext.Current.CancellationToken);

        var expected = IndexCase.Bytes(index);
        Assert.Equal(expected, await File.ReadAllBytesAsync(folder.File("index"), TestContext.Current.CancellationToken));
        Assert.Equal(expected, stream.Written);
        Assert.True(stream.Flushed);
    }

    [Theory]
    [IndexData(without: Traits.Unsaved)]
    public async Task Saving_can_be_cancelled_and_then_leaves_the_file_as_it_was(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        await File.WriteAllTextAsync(folder.File("index"), "before", TestContext.Current.CancellationToken);
        using var stream = new AsynchronousStream { OnWrite = cancellation.Cancel };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => index.SaveAsync(stream, cancellation.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => index.SaveAsync(folder.File("index"), cancellation.Token));

        Assert.Equal("before", await File.ReadAllTextAsync(folder.File("index"), TestContext.Current.CancellationToken));
        Assert.Equal(["index"], folder.Names());
    }

    [Theory]
    [IndexData(without: Traits.Unsaved)]
    public async Task Errors_of_saving_come_with_the_task(IndexCase type)
    {
        var index = type.CreateTrained();
        var thrown = new InvalidTimeZoneException("from the test");
        using var stream = new AsynchronousStream { OnWrite = () => throw thrown };

        Assert.Same(thrown, await Assert.ThrowsAsync<InvalidTimeZoneException>(() => index.SaveAsync(stream, TestContext.Current.CancellationToken)));
        Assert.Throws<ArgumentException>("stream", () => { _ = index.SaveAsync(new MemoryStream([], writable: false), TestContext.Current.CancellationToken); });
        Assert.Throws<ArgumentException>("path", () => { _ = index.SaveAsync("", TestContext.Current.CancellationToken); });
        index.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => index.SaveAsync(new MemoryStream(), TestContext.Current.CancellationToken));
    }

    /// <summary>A stream as of a web server: it has asynchronous methods alone.</summary>
    private sealed class AsynchronousStream : Stream
    {
        private readonly MemoryStream _written = new();

        public Action OnWrite { get; init; } = () => { };

        public byte[] Written => _written.ToArray();

        public bool Flushed { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            OnWrite();
            cancellationToken.ThrowIfCancellationRequested();
            _written.Write(buffer.Span);
        }

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            Flushed = true;
            return Task.CompletedTask;
        }

        public override void Write(byte[] buffer, int offset, int count) => throw new InvalidOperationException("synchronous");

        public override void Flush() => throw new InvalidOperationException("synchronous");

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
