using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Serialization;

/// <summary>The managed engine reads what FAISS writes and writes it again.</summary>
public sealed class ManagedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>The files whose types only the native engine has.</summary>
    private static readonly HashSet<string> NativeOnly =
    [
        .. GoldenFiles.All.Where(file => !file.IsRecognised).Select(file => file.Name),
        "2layer", "binary-flat", "binary-hash", "binary-hnsw", "binary-idmap2", "binary-ivf", "binary-ivf-hnsw", "binary-multihash",
        "flat-l1", "flat-lp", "hnsw-2level", "hnsw-empty", "hnsw-flat", "hnsw-flat-ip", "hnsw-one", "hnsw-pq", "hnsw-sq8",
        "ivf-flat-dedup", "ivf-flat-on-disk", "ivf-hnsw-flat", "ivf-imi-pq", "ivf-lsq", "ivf-plsq", "ivf-pqr", "ivf-prq", "ivf-rcq-flat", "ivf-rq",
        "ivf-spectral-hash", "ivf-spectral-hash-centroid", "legacy-ivf-pqr", "legacy-lsh", "lsh", "lsh-64", "lsh-thresholds", "lsq",
        "nested-deep", "nndescent-flat", "nsg-empty", "nsg-flat", "plsq", "pretransform-itq", "prq", "rowwise-minmax", "rowwise-minmax-fp16",
        "rq", "rq-ip", "rq-norm-float", "rq-norm-qint8",
    ];

    public static TheoryData<string> Supported => [.. GoldenFiles.Accepted.Where(file => !NativeOnly.Contains(file.Name)).Select(file => file.Name)];

    public static TheoryData<string> Unsupported => [.. NativeOnly];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Supported))]
    public void A_file_is_written_again_as_FAISS_writes_it(string name)
    {
        using var index = ManagedIndex.Load(GoldenFiles.PathOf(name));

        Assert.Equal(Current(name), Bytes(index));
    }

    [Theory]
    [MemberData(nameof(Supported))]
    public void A_mapped_file_is_written_again_as_FAISS_writes_it(string name)
    {
        using var index = ManagedIndex.LoadMapped(GoldenFiles.PathOf(name));

        Assert.Equal(Current(name), Bytes(index));
    }

    [Theory]
    [MemberData(nameof(Supported))]
    public void A_file_says_what_kind_of_index_it_holds(string name)
    {
        var golden = GoldenFiles.Get(name);
        using var index = ManagedIndex.Load(GoldenFiles.PathOf(name));
        using var mapped = ManagedIndex.LoadMapped(GoldenFiles.PathOf(name));

        Assert.Equal((golden.Dimension, golden.Count, golden.Metric, golden.IsTrained), (index.Dimension, index.Count, (int)index.Metric, index.IsTrained));
        Assert.Equal(golden.Type, index.GetType().Name is "IndexFlatL2" or "IndexFlatIP" ? "IndexFlat" : index.GetType().Name);
        Assert.Equal(index.GetType(), mapped.GetType());
        Assert.Equal(index.Count, mapped.Count);
    }

    [Theory]
    [NeedsNative]
    [MemberData(nameof(Supported))]
    public void Every_way_of_loading_finds_what_FAISS_finds(string name)
    {
        var golden = GoldenFiles.Get(name);
        if (!golden.IsTrained)
            return;

        using var native = FaissIndex.Load(GoldenFiles.PathOf(name));
        using var index = ManagedIndex.Load(GoldenFiles.PathOf(name));
        using var mapped = ManagedIndex.LoadMapped(GoldenFiles.PathOf(name));
        using var forward = ManagedIndex.Load(new ForwardStream(golden.Read()));
        using var clone = mapped.Clone();
        var random = new Random(5);
        var queries = new float[20 * golden.Dimension];
        // With these FAISS compares whole bytes or not, as the processor and the dimension are.
        var inBytes = name.Contains("8bit-direct", StringComparison.Ordinal);
        foreach (ref var component in queries.AsSpan())
            component = inBytes ? random.Next(256) : random.NextSingle();

        var expected = native.Search(queries, 7);
        foreach (var loaded in new[] { index, mapped, forward, clone })
            AssertClose(expected, loaded.Search(queries, 7), name);

        // Rows in the file and rows in memory differ in where they lie alone.
        AssertClose(index.Search(queries, 7), mapped.Search(queries, 7), name);
    }

    [Theory]
    [MemberData(nameof(Supported))]
    public async Task Loading_asynchronously_gives_the_same(string name)
    {
        var golden = GoldenFiles.Get(name);
        using var file = await ManagedIndex.LoadAsync(GoldenFiles.PathOf(name), TestContext.Current.CancellationToken);
        using var stream = await ManagedIndex.LoadAsync(new MemoryStream(golden.Read()), TestContext.Current.CancellationToken);
        using var forward = await ManagedIndex.LoadAsync(new AsyncOnlyStream(golden.Read()), TestContext.Current.CancellationToken);

        var expected = Current(name);
        Assert.Equal(expected, Bytes(file));
        Assert.Equal(expected, Bytes(stream));
        Assert.Equal(expected, Bytes(forward));
        await file.SaveAsync(_folder.File("saved"), TestContext.Current.CancellationToken);
        Assert.Equal(expected, await File.ReadAllBytesAsync(_folder.File("saved"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Supported))]
    public void A_clone_is_the_same(string name)
    {
        using var index = ManagedIndex.Load(GoldenFiles.PathOf(name));
        using var clone = index.Clone();

        Assert.IsType(index.GetType(), clone);
        Assert.Equal(Current(name), Bytes(clone));
    }

    [Theory]
    [MemberData(nameof(Unsupported))]
    public void What_only_the_native_engine_has_is_named(string name)
    {
        foreach (var load in new Func<ManagedIndex>[]
        {
            () => ManagedIndex.Load(GoldenFiles.PathOf(name)), () => ManagedIndex.LoadMapped(GoldenFiles.PathOf(name)),
        })
        {
            var error = Assert.Throws<NotSupportedException>(load);
            Assert.Contains("FaissIndex.Load", error.Message, StringComparison.Ordinal);
        }

        var golden = GoldenFiles.Get(name);
        var message = Assert.Throws<NotSupportedException>(() => ManagedIndex.Load(GoldenFiles.PathOf(name))).Message;
        Assert.True(
            message.Contains(golden.Type, StringComparison.Ordinal) || name is "ivf-flat-on-disk" or "nested-deep" or "pretransform-itq",
            message);
    }

    [Fact]
    public void Indexes_stand_in_a_stream_one_after_the_other()
    {
        var (first, second) = (GoldenFiles.Get("ivf-flat").Read(), GoldenFiles.Get("flat-l2").Read());
        using var stream = new MemoryStream([1, 2, 3, .. first, .. second, 4, 5]);
        stream.Position = 3;

        using var a = ManagedIndex.Load(stream);
        Assert.Equal(3 + first.Length, stream.Position);
        using var b = ManagedIndex.Load(stream);
        Assert.Equal(3 + first.Length + second.Length, stream.Position);

        Assert.Equal(first, Bytes(a));
        Assert.Equal(second, Bytes(b));
    }

    [Fact]
    public void Arguments_are_checked_before_anything_is_opened()
    {
        Assert.Throws<ArgumentException>(() => ManagedIndex.Load(""));
        Assert.Throws<ArgumentException>(() => ManagedIndex.LoadMapped(""));
        Assert.Throws<ArgumentNullException>(() => ManagedIndex.Load((Stream)null!));
        using var closed = new FileStream(_folder.File("f"), FileMode.Create, FileAccess.Write);
        Assert.Equal("stream", Assert.Throws<ArgumentException>(() => ManagedIndex.Load(closed)).ParamName);
        Assert.Throws<FileNotFoundException>(() => ManagedIndex.Load(_folder.File("missing")));
        Assert.Throws<FileNotFoundException>(() => ManagedIndex.LoadMapped(_folder.File("missing")));
    }

    [Fact]
    public void A_file_that_is_no_index_is_invalid_data()
    {
        foreach (var content in new[] { Array.Empty<byte>(), "I"u8.ToArray(), "IxF2"u8.ToArray(), "What is this?"u8.ToArray() })
        {
            File.WriteAllBytes(_folder.File("f"), content);
            Assert.Throws<InvalidDataException>(() => ManagedIndex.Load(new MemoryStream(content)));
            Assert.Throws<InvalidDataException>(() => ManagedIndex.LoadMapped(_folder.File("f")));
        }

        // And nothing holds the file open.
        File.Delete(_folder.File("f"));
    }

    [Theory]
    [NeedsNative]
    [InlineData("ivf-flat-direct-map-array")]
    [InlineData("ivf-flat-direct-map-hashtable")]
    public void A_direct_map_is_kept_as_FAISS_keeps_it_when_vectors_come_in(string name)
    {
        using var managed = ManagedIndex.Load(GoldenFiles.PathOf(name));
        using var native = FaissIndex.Load(GoldenFiles.PathOf(name));
        var vectors = TestVectors.Uniform(20, managed.Dimension, 3, seed: 9);
        foreach (VectorIndex index in new VectorIndex[] { managed, native })
        {
            if (name.EndsWith("array", StringComparison.Ordinal))
                index.Add(vectors);
            else
                index.AddWithIds(vectors, [.. Enumerable.Range(0, 20).Select(i => 5_000_000_000L + i)]);
        }

        if (name.EndsWith("array", StringComparison.Ordinal))
            Assert.Equal(Bytes(native), Bytes(managed));

        using var reread = FaissIndex.Load(new MemoryStream(Bytes(managed)));
        var ids = name.EndsWith("array", StringComparison.Ordinal) ? new long[] { 0, 149, 150, 169 } : [1_000_000_007, 5_000_000_000, 5_000_000_019];
        foreach (var id in ids)
            Assert.Equal(native.Reconstruct(id), reread.Reconstruct(id));
    }

    [Fact]
    [NeedsNative]
    public void An_array_that_cannot_hold_the_ids_becomes_a_hashtable()
    {
        using var managed = ManagedIndex.Load(GoldenFiles.PathOf("ivf-flat-direct-map-array"));
        var expected = managed.Reconstruct(149);

        managed.Remove(IdSelector.Range(0, 10));

        using var native = FaissIndex.Load(new MemoryStream(Bytes(managed)));
        Assert.Equal(140, native.Count);
        Assert.Equal(expected, native.Reconstruct(149));
    }

    internal static byte[] Bytes(VectorIndex index)
    {
        using var stream = new MemoryStream();
        index.Save(stream);
        return stream.ToArray();
    }

    internal static void AssertClose(SearchResult expected, SearchResult actual, string name)
    {
        // FAISS sums fast-scan distances of tables that it rounds to bytes.
        var tolerance = name.Contains("fastscan", StringComparison.Ordinal) ? 1e-2f : 1e-5f;
        for (var q = 0; q < expected.QueryCount; q++)
        {
            for (var j = 0; j < expected.K; j++)
            {
                var (a, b) = (expected.Distances[q * expected.K + j], actual.Distances[q * expected.K + j]);
                Assert.True(
                    a == b || Math.Abs(a - b) <= tolerance * Math.Max(1, Math.Abs(a)),
                    $"{name}: query {q}, rank {j}: {b} ({actual.Labels[q * expected.K + j]}), FAISS {a} ({expected.Labels[q * expected.K + j]})");
            }

            if (expected.K > 0)
                Assert.Subset(actual[q].Labels.ToArray().ToHashSet(), Found(expected, q, tolerance));
        }
    }

    // Without the last place and all that tie with it.
    private static HashSet<long> Found(SearchResult result, int query, float tolerance)
    {
        var row = Enumerable.Range(query * result.K, result.K);
        var last = result.Distances[(query + 1) * result.K - 1];
        return [.. row.Where(i => Math.Abs(result.Distances[i] - last) > tolerance * Math.Max(1, Math.Abs(last))).Select(i => result.Labels[i])];
    }

    // FAISS writes older layouts in their current form.
    private static byte[] Current(string name)
    {
        if (!name.StartsWith("legacy", StringComparison.Ordinal))
            return GoldenFiles.Get(name).Read();

        TestEngine.RequireNative();
        using var native = FaissIndex.Load(GoldenFiles.PathOf(name));
        return Bytes(native);
    }

    private sealed class AsyncOnlyStream(byte[] data) : Stream
    {
        private readonly ForwardStream _inner = new(data);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new InvalidOperationException("Synchronous reads are off.");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var part = new byte[buffer.Length];
            var count = _inner.Read(part, 0, part.Length);
            part.AsSpan(0, count).CopyTo(buffer.Span);
            return ValueTask.FromResult(count);
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
