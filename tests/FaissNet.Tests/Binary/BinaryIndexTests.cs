using FaissNet.Tests.Support;

namespace FaissNet.Tests.Binary;

/// <summary>Binary indexes against what is true of their vectors.</summary>
[NeedsNative]
public sealed class BinaryIndexTests : IDisposable
{
    private const int D = 64, Bytes = D / 8, Count = 500, K = 6;

    private static readonly byte[] Vectors = BinaryVectors.Make(Count, Bytes, seed: 1);
    private static readonly byte[] Queries = BinaryVectors.Make(40, Bytes, seed: 2);
    private static readonly long[] Ids = [.. Enumerable.Range(0, Count).Select(i => (i * 7L % Count << 33) + 5)];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Kinds =>
        ["BFlat", "BIVF6", "BIVF6_HNSW4", "BHNSW8", "BHash8", "BHash4x8", "IDMap,BFlat", "IDMap2,BHNSW8", "IDMap,BHash4x8"];

    public static TheoryData<string> Removable => ["BFlat", "BIVF6", "IDMap,BFlat", "IDMap2,BFlat"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Finds_the_nearest_where_it_looks_everywhere(string kind)
    {
        using var index = Filled(kind);

        var found = index.Search(Queries, K);

        Assert.Equal(BinaryVectors.NearestDistances(Vectors, Queries, Bytes, K), found.Distances);
        for (var i = 0; i < found.Labels.Length; i++)
            Assert.Equal(found.Distances[i], BinaryVectors.Distance(Vector(index, found.Labels[i]), Query(i / K)));

        Assert.Equal(new BinaryNeighbor(found.Labels[K + 1], found.Distances[K + 1]), found[1][1]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_span_search_pads_what_it_does_not_find(string kind)
    {
        using var index = Filled(kind);
        const int k = Count + 3;
        var (distances, labels) = (new int[k], new long[k]);

        index.Search(Query(0), k, distances, labels);

        Assert.Equal([-1, -1, -1], labels[Count..]);
        Assert.Equal([int.MaxValue, int.MaxValue, int.MaxValue], distances[Count..]);
        Assert.Equal(Count, index.Search(Query(0), int.MaxValue).K);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_range_search_finds_all_that_differ_in_fewer_bits(string kind)
    {
        using var index = Filled(kind);
        if (kind.Contains("BHNSW", StringComparison.Ordinal))
        {
            Assert.Throws<NotSupportedException>(() => index.RangeSearch(Queries, 9));
            return;
        }

        var found = index.RangeSearch(Queries, 9);

        for (var q = 0; q < found.QueryCount; q++)
        {
            var expected = Enumerable.Range(0, Count).Count(i => BinaryVectors.Distance(Vectors.AsSpan(i * Bytes, Bytes), Query(q)) < 9);
            Assert.Equal(expected, found[q].Count);
            Assert.All(found[q], hit => Assert.Equal(hit.Distance, BinaryVectors.Distance(Vector(index, hit.Id), Query(q))));
        }

        Assert.Empty(index.RangeSearch(Queries, 0).Labels);
        Assert.Empty(index.RangeSearch([], 5).Labels);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_file_and_a_clone_hold_the_same(string kind)
    {
        using var index = Filled(kind);
        var path = _folder.File("index");
        index.Save(path);
        using var loaded = FaissBinaryIndex.Load(path);
        using var forward = FaissBinaryIndex.Load(new Serialization.ForwardStream(File.ReadAllBytes(path)));
        using var clone = index.Clone();

        foreach (var copy in new BinaryIndex[] { loaded, forward, clone })
        {
            Assert.Equal(index.GetType(), copy.GetType());
            Assert.Equal((index.Dimension, index.Count, index.IsTrained), (copy.Dimension, copy.Count, copy.IsTrained));
            Assert.Equal(index.Search(Queries, K).Distances, copy.Search(Queries, K).Distances);
        }

        index.Reset();
        Assert.Equal((0, Count), (index.Count, clone.Count));
        Add(index, Vectors.AsSpan(0, Bytes), [9]);
        Assert.Equal(1, index.Search(Queries, K).K);
        var info = IndexFile.Validate(path);
        Assert.True(info is { IsBinary: true, IsRecognised: true, Dimension: D, Count: Count });
    }

    [Theory]
    [MemberData(nameof(Removable))]
    public void Removes_and_merges(string kind)
    {
        using var index = Filled(kind);
        using var other = index.Clone();
        var gone = kind == "BFlat" || kind == "BIVF6" ? IdSelector.Range(0, 100) : IdSelector.Batch(Ids.AsSpan(0, 100));

        Assert.Equal(100, index.Remove(gone));

        var left = index.Search(Queries, K);
        Assert.Equal(BinaryVectors.NearestDistances(Vectors, Queries, Bytes, K, i => i >= 100), left.Distances);
        index.MergeFrom(other);
        Assert.Equal((2 * Count - 100, 0), (index.Count, other.Count));
        byte[] all = [.. Vectors, .. Vectors[(100 * Bytes)..]];
        Assert.Equal(BinaryVectors.NearestDistances(all, Queries, Bytes, K), index.Search(Queries, K).Distances);
    }

    [Theory]
    [MemberData(nameof(Removable))]
    public void A_selector_leaves_the_rest_out(string kind)
    {
        using var index = Filled(kind);
        var takesIds = kind.StartsWith("IDMap", StringComparison.Ordinal);
        var parameters = new SearchParameters { Selector = IdSelector.Where(id => (takesIds ? Array.IndexOf(Ids, id) : id) % 50 == 7) };

        var found = index.Search(Queries, 12, parameters);

        for (var q = 0; q < found.QueryCount; q++)
            Assert.Equal(BinaryVectors.NearestDistances(Vectors, Query(q).ToArray(), Bytes, 12, i => i % 50 == 7), found[q].Distances.ToArray());

        Assert.Equal(10, index.RangeSearch(Query(0), D + 1, parameters).Labels.Length);
    }

    [Fact]
    public void Lists_are_visited_as_set_or_as_the_call_asks()
    {
        using var index = (IndexBinaryIVF)Filled("BIVF6");
        Assert.Equal((6, 6, (long)Count), (index.NList, index.NProbe, index.GetListSizes().Sum()));
        index.NProbe = 1;
        var few = index.Search(Queries, K);

        var all = index.Search(Queries, K, new SearchParameters { NProbe = 6 });

        Assert.Equal(BinaryVectors.NearestDistances(Vectors, Queries, Bytes, K), all.Distances);
        Assert.NotEqual(few.Distances, all.Distances);
        Assert.Throws<ArgumentOutOfRangeException>(() => index.NProbe = 0);
        Assert.Throws<NotSupportedException>(() => index.RangeSearch(Queries, 3, new SearchParameters { NProbe = 2 }));
        Assert.Throws<NotSupportedException>(() => index.Search(Queries, K, new SearchParameters { KFactor = 2 }));
        Assert.Throws<NotSupportedException>(() => index.Search(Queries, K, new SearchParameters { EfSearch = 20 }));
        Assert.Throws<NotSupportedException>(() => index.RangeSearch(Queries, 5, new SearchParameters { PolysemousHt = 20 }));
    }

    [Fact]
    public void Types_know_what_they_were_made_with()
    {
        using var graph = new IndexBinaryHNSW(D, 12) { EfSearch = 30, EfConstruction = 50 };
        using var hash = new IndexBinaryHash(D, 20) { NFlip = 2 };
        using var hashes = new IndexBinaryMultiHash(D, 4, 16) { NFlip = 1 };
        using var map = new IndexBinaryIDMap2(D, "BHNSW4");

        Assert.Equal((12, 30, 50), (graph.M, graph.EfSearch, graph.EfConstruction));
        Assert.Equal((20, 2), (hash.B, hash.NFlip));
        Assert.Equal((4, 16, 1), (hashes.NHash, hashes.B, hashes.NFlip));
        Assert.Equal("IndexBinaryIDMap2(IndexBinaryHNSW)", map.TypeName);
        Assert.Throws<ArgumentException>(() => hash.NFlip = 21);
        Assert.Throws<ArgumentException>(() => graph.SetParameter("nprobe", 3));
    }

    [Fact]
    public void Training_reports_and_stops()
    {
        using var index = new IndexBinaryIVF(D, 6);
        var recorder = new Recorder();
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => index.Train(Vectors, new Recorder(_ => stop.Cancel()), stop.Token));
        Assert.False(index.IsTrained);

        index.Train(Vectors, recorder);
        index.Add(Vectors, recorder);

        var training = recorder.Reports.SkipLast(1).ToArray();
        if (!FaissVersions.StopsEarly)
            Assert.Equal(10, training.Length);

        Assert.Equal(Enumerable.Range(1, training.Length - 1).Append(10).Select(i => new IndexProgress(IndexStage.TrainingCoarse, i, 10)), training);
        Assert.Equal(new IndexProgress(IndexStage.Adding, Count, Count), recorder.Reports[^1]);
        Assert.Throws<InvalidOperationException>(() => index.Train(Vectors));
    }

    [Fact]
    public void A_cancelled_add_keeps_whole_chunks()
    {
        using var index = new IndexBinaryFlat(8);
        using var stop = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() => index.Add(new byte[200_000], new Recorder(_ => stop.Cancel()), stop.Token));

        Assert.Equal(1 << 16, index.Count);
    }

    [Fact]
    public void Wrong_arguments_are_named()
    {
        using var index = new IndexBinaryIVF(D, 6);
        using var flat = new IndexBinaryFlat(D);
        Assert.Equal("d", Assert.Throws<ArgumentOutOfRangeException>(() => new IndexBinaryFlat(12)).ParamName);
        Assert.Equal("nlist", Assert.Throws<ArgumentOutOfRangeException>(() => new IndexBinaryIVF(D, 0)).ParamName);
        Assert.Equal("m", Assert.Throws<ArgumentOutOfRangeException>(() => new IndexBinaryHNSW(D, 1)).ParamName);
        Assert.Equal("b", Assert.Throws<ArgumentOutOfRangeException>(() => new IndexBinaryHash(D, 61)).ParamName);
        Assert.Equal("nhash", Assert.Throws<ArgumentOutOfRangeException>(() => new IndexBinaryMultiHash(D, 5, 16)).ParamName);
        Assert.Contains("BQuux", Assert.Throws<ArgumentException>(() => BinaryIndexFactory.Create(D, "BQuux")).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => index.Add(Vectors));
        Assert.Throws<InvalidOperationException>(() => index.Search(Queries, 1));
        Assert.Contains("nlist = 6", Assert.Throws<ArgumentException>(() => index.Train(Vectors.AsSpan(0, 5 * Bytes))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => flat.Add(new byte[Bytes + 1]));
        Assert.Throws<ArgumentException>(() => flat.Train([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => flat.Search(Queries, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => flat.RangeSearch(Queries, -1));
        Assert.Throws<ArgumentException>(() => flat.Search(Queries, 2, new int[79], new long[80]));
        Assert.Throws<NotSupportedException>(() => flat.AddWithIds(Vectors, Ids));
        Assert.Throws<KeyNotFoundException>(() => flat.Reconstruct(0));
        Assert.Throws<ArgumentException>(() => flat.MergeFrom(flat));
        Assert.Throws<ArgumentException>(() => flat.MergeFrom(index));
        using var map = new IndexBinaryIDMap(D, "BFlat");
        Assert.Throws<NotSupportedException>(() => map.Add(Vectors));
        Assert.Throws<ArgumentException>(() => map.AddWithIds(Vectors.AsSpan(0, Bytes), [-1]));
        Assert.Throws<ArgumentException>(() => map.AddWithIds(Vectors.AsSpan(0, Bytes), [1, 2]));
        flat.Dispose();
        Assert.Throws<ObjectDisposedException>(() => flat.Add(Vectors));
        Assert.Throws<ObjectDisposedException>(() => flat.Search(Queries, 1));
    }

    [Fact]
    public void Each_loader_says_which_other_one_is_needed()
    {
        using var binary = new IndexBinaryFlat(D);
        using var other = new IndexFlatL2(D);
        using MemoryStream binaryFile = new(), otherFile = new();
        binary.Save(binaryFile);
        other.Save(otherFile);
        binaryFile.Position = otherFile.Position = 0;

        Assert.Contains("FaissBinaryIndex.Load", Assert.Throws<NotSupportedException>(() => FaissIndex.Load(binaryFile)).Message, StringComparison.Ordinal);
        Assert.Contains("FaissIndex.Load", Assert.Throws<NotSupportedException>(() => FaissBinaryIndex.Load(otherFile)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_span_search_allocates_nothing()
    {
        using var index = Filled("BFlat");
        var (distances, labels) = (new int[40 * K], new long[40 * K]);
        index.Search(Queries, K, distances, labels);
        var before = GC.GetAllocatedBytesForCurrentThread();

        index.Search(Queries, K, distances, labels);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static FaissBinaryIndex Filled(string kind)
    {
        var index = BinaryIndexFactory.Create(D, kind);
        index.Train(Vectors);
        Add(index, Vectors, Ids);
        if (kind.Contains("BIVF", StringComparison.Ordinal))
            index.SetParameter("nprobe", 6);
        if (kind.Contains("BHNSW", StringComparison.Ordinal))
            index.SetParameter("efSearch", Count);
        if (kind.Contains("BHash", StringComparison.Ordinal))
            index.SetParameter("nflip", 8);
        if (kind.Contains("_HNSW", StringComparison.Ordinal))
            index.SetParameter("quantizer_efSearch", 32);

        return index;
    }

    private static void Add(BinaryIndex index, ReadOnlySpan<byte> vectors, ReadOnlySpan<long> ids)
    {
        if (index is IndexBinaryIDMap)
            index.AddWithIds(vectors, ids);
        else
            index.Add(vectors);
    }

    private static ReadOnlySpan<byte> Query(int q) => Queries.AsSpan(q * Bytes, Bytes);

    private static ReadOnlySpan<byte> Vector(BinaryIndex index, long id)
    {
        var position = index is IndexBinaryIDMap ? Array.IndexOf(Ids, id) : (int)id;
        Assert.Equal(index.Reconstruct(id), Vectors.AsSpan(position * Bytes, Bytes).ToArray());
        return Vectors.AsSpan(position * Bytes, Bytes);
    }
}
