using System.Runtime.InteropServices;
using FaissNet.Tests.Parity;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Binary;

/// <summary>Indexes over floats that serve Hamming distance, against what is true of their vectors and against Python's faiss.</summary>
[NeedsNative]
public sealed class BinaryFromFloatTests : IDisposable
{
    private const int D = 64, Bytes = D / 8, Count = 400, K = 6;

    private static readonly byte[] Vectors = BinaryVectors.Make(Count, Bytes, seed: 7);
    private static readonly byte[] Queries = BinaryVectors.Make(30, Bytes, seed: 8);

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Kinds => ["Flat", "IVF6,Flat", "HNSW16", "IDMap,Flat", "PQ8x4np,RFlat", "L2norm,Flat"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Finds_the_nearest_where_it_looks_everywhere(string kind)
    {
        using var index = Filled(kind);
        var found = index.Search(Queries, K);

        // Vectors of bits have one length: dividing by it leaves the order, and changes the distances.
        if (kind == "L2norm,Flat")
            Assert.All(found.Distances, distance => Assert.InRange(distance, 0, 1));
        else
            Assert.Equal(BinaryVectors.NearestDistances(Vectors, Queries, Bytes, K), found.Distances);

        for (var query = 0; query < 30; query++)
        {
            var nearest = Vectors.AsSpan((int)found.Labels[query * K] * Bytes, Bytes);
            Assert.Equal(BinaryVectors.NearestDistances(Vectors, Queries, Bytes, 1)[query], BinaryVectors.Distance(nearest, Queries.AsSpan(query * Bytes, Bytes)));
        }
    }

    [Fact]
    public void Takes_the_parameters_of_the_index_over_floats()
    {
        using var index = Filled("IVF6,Flat");
        var ivf = (IndexIVFFlat)index.BaseIndex;
        ivf.NProbe = 1;
        Assert.Equal(1, index.GetParameter("nprobe"));
        var few = index.Search(Queries, K).Distances;
        var all = index.Search(Queries, K, new SearchParameters { NProbe = 6, Selector = IdSelector.Range(0, 200) }).Distances;

        Assert.Equal(BinaryVectors.NearestDistances(Vectors, Queries, Bytes, K, i => i < 200), all);
        Assert.True(few.Zip(BinaryVectors.NearestDistances(Vectors, Queries, Bytes, K)).All(pair => pair.First >= pair.Second));
        var near = index.RangeSearch(Queries.AsSpan(0, Bytes), 10, new SearchParameters { NProbe = 6 });
        Assert.Equal(
            Enumerable.Range(0, Count).Where(i => BinaryVectors.Distance(Vectors.AsSpan(i * Bytes, Bytes), Queries.AsSpan(0, Bytes)) < 10).Select(i => (long)i),
            near.Labels.Order());
        Assert.Equal(Vectors.AsSpan(5 * Bytes, Bytes).ToArray(), index.Reconstruct(5));
        Assert.Equal(3, index.Remove(IdSelector.Batch(1, 2, 3)));
        Assert.Equal((Count - 3, Count - 3), (index.Count, ivf.Count));
    }

    [Fact]
    public void What_is_added_through_either_is_in_both()
    {
        var flat = new IndexFlatL2(D);
        using var index = new IndexBinaryFromFloat(flat);
        Assert.Same(flat, index.BaseIndex);
        index.Add(Vectors);
        Assert.Equal(Count, flat.Count);
        flat.Add(Enumerable.Repeat(1f, D).ToArray());
        Assert.Equal((Count + 1, Count + 1), (index.Count, flat.Count));
        Assert.Equal(Enumerable.Repeat((byte)255, Bytes), index.Reconstruct(Count));
        index.Reset();
        Assert.Equal(0, flat.Count);

        flat.Dispose();
        index.Add(Vectors);
        Assert.Equal(Count, flat.Count);
        index.Dispose();
        Assert.Throws<ObjectDisposedException>(() => flat.Search(new float[D], 1));
        Assert.Throws<ObjectDisposedException>(() => index.Search(Queries, 1));
    }

    [Fact]
    public void Parts_of_the_index_over_floats_stay_usable()
    {
        var ivf = new IndexIVFFlat(D, 4);
        var quantizer = ivf.Quantizer;
        using (var index = new IndexBinaryFromFloat(ivf))
        {
            index.Train(Vectors);
            index.Add(Vectors);
            Assert.Equal(4, quantizer.Count);
            Assert.Same(quantizer, ((IndexIVFFlat)index.BaseIndex).Quantizer);
            Assert.True(ivf.IsTrained);
        }

        Assert.Throws<ObjectDisposedException>(() => quantizer.Search(new float[D], 1));
    }

    [Fact]
    public async Task Both_ends_may_be_used_at_once()
    {
        var flat = new IndexFlatL2(D);
        var ones = Enumerable.Repeat(1f, D).ToArray();
        var index = new IndexBinaryFromFloat(flat);
        index.Add(Vectors);
        Task[] tasks =
        [
            .. Enumerable.Range(0, 2).Select(_ => Task.Run(() => Repeat(200, () => index.Search(Queries, K)))),
            Task.Run(() => Repeat(200, () => flat.Search(ones, K))),
            Task.Run(() => Repeat(200, () => flat.Add(ones))),
            Task.Run(() => Repeat(200, () => index.Add(Vectors.AsSpan(0, Bytes)))),
        ];
        await Task.WhenAll(tasks).WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((Count + 400, Count + 400), (index.Count, flat.Count));

        // Disposed in the middle of calls on both: those under way finish, the others are refused. They go on until then, however late it comes.
        Task[] last =
        [
            Task.Run(() => Repeat(int.MaxValue, () => index.Search(Queries, K))),
            Task.Run(() => Repeat(int.MaxValue, () => flat.Add(ones))),
        ];
        await Task.Delay(20, TestContext.Current.CancellationToken);
        index.Dispose();
        foreach (var task in last)
            await Assert.ThrowsAsync<ObjectDisposedException>(() => task.WaitAsync(TimeSpan.FromMinutes(2)));

        static void Repeat(int times, Action run)
        {
            for (var i = 0; i < times; i++)
                run();
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_file_and_a_clone_hold_the_same(string kind)
    {
        using var index = Filled(kind);
        index.Save(_folder.File("index"));
        using var loaded = FaissBinaryIndex.Load(_folder.File("index"));
        using var clone = index.Clone();
        var expected = index.Search(Queries, K).Distances;
        foreach (var copy in new BinaryIndex[] { loaded, clone })
        {
            Assert.Equal(index.BaseIndex.GetType(), Assert.IsType<IndexBinaryFromFloat>(copy).BaseIndex.GetType());
            Assert.Equal(Count, copy.Count);
            Assert.Equal(expected, copy.Search(Queries, K).Distances);
        }

        index.Reset();
        Assert.Equal(Count, clone.Count);
        Assert.True(IndexFile.Validate(_folder.File("index")) is { IsBinary: true, IsRecognised: true, TypeName: "IndexBinaryFromFloat", Count: Count });
    }

    [Fact]
    public void Python_and_FaissNet_find_the_same_in_each_others_files()
    {
        File.WriteAllBytes(_folder.File("x"), Vectors);
        File.WriteAllBytes(_folder.File("q"), Queries);
        using var index = Filled("IVF6,Flat");
        index.Save(_folder.File("ours"));

        Witness.RunScript(_folder, $$"""
            x = np.fromfile(folder + "/x", dtype="uint8").reshape(-1, {{Bytes}})
            q = np.fromfile(folder + "/q", dtype="uint8").reshape(-1, {{Bytes}})
            inner = faiss.IndexFlatL2({{D}})
            index = faiss.IndexBinaryFromFloat(inner)
            index.add(x)
            faiss.write_index_binary(index, folder + "/python")
            ours = faiss.read_index_binary(folder + "/ours")
            distances, ids = ours.search(q, {{K}})
            distances.astype("<i4").tofile(folder + "/distances")
            faiss.write_index_binary(ours, folder + "/again")
            """);

        Assert.Equal(MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(_folder.File("distances"))).ToArray(), index.Search(Queries, K).Distances);
        Assert.Equal(File.ReadAllBytes(_folder.File("ours")), File.ReadAllBytes(_folder.File("again")));
        using var python = FaissBinaryIndex.Load(_folder.File("python"));
        Assert.Equal(BinaryVectors.NearestDistances(Vectors, Queries, Bytes, K), python.Search(Queries, K).Distances);
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        using var index = Filled("IVF6,Flat");
        using var stream = new MemoryStream();
        index.Save(stream);
        var file = stream.ToArray();
        for (var length = 0; length < file.Length; length += 1 + file.Length / 50)
            Assert.ThrowsAny<Exception>(() => FaissBinaryIndex.Load(new MemoryStream(file, 0, length)));

        // The number of vectors, and the dimension, of the index inside.
        foreach (var position in new[] { 12, 29, 33 })
        {
            byte[] damaged = [.. file];
            damaged[position] ^= 8;
            Assert.Throws<InvalidDataException>(() => FaissBinaryIndex.Load(new MemoryStream(damaged)));
        }
    }

    [Fact]
    public void What_makes_no_such_index_is_named()
    {
        using var odd = new IndexFlatL2(12);
        using var products = new IndexFlatIP(16);
        using var map = new IndexIDMap(new IndexFlatL2(16));
        using var taken = new IndexBinaryFromFloat(new IndexFlatL2(16));
        Assert.Contains("dimension 12", Assert.Throws<ArgumentException>(() => new IndexBinaryFromFloat(odd)).Message, StringComparison.Ordinal);
        Assert.Contains("metric", Assert.Throws<ArgumentException>(() => new IndexBinaryFromFloat(products)).Message, StringComparison.Ordinal);
        Assert.Contains("part", Assert.Throws<ArgumentException>(() => new IndexBinaryFromFloat(map.BaseIndex)).Message, StringComparison.Ordinal);
        Assert.Contains("part", Assert.Throws<ArgumentException>(() => new IndexBinaryFromFloat(taken.BaseIndex)).Message, StringComparison.Ordinal);
        Assert.Contains("part", Assert.Throws<ArgumentException>(() => new IndexIDMap(taken.BaseIndex)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => new IndexBinaryFromFloat((FaissIndex)null!));
        Assert.Contains("binary", Assert.Throws<NotSupportedException>(() => FaissIndex.Load(Saved(taken))).Message, StringComparison.Ordinal);

        static MemoryStream Saved(BinaryIndex index)
        {
            var stream = new MemoryStream();
            index.Save(stream);
            stream.Position = 0;
            return stream;
        }
    }

    private static IndexBinaryFromFloat Filled(string kind)
    {
        var index = new IndexBinaryFromFloat(IndexFactory.Create(D, kind));
        index.Train(Vectors);
        if (kind.StartsWith("IDMap", StringComparison.Ordinal))
            index.AddWithIds(Vectors, [.. Enumerable.Range(0, Count).Select(i => (long)i)]);
        else
            index.Add(Vectors);

        if (kind.StartsWith("IVF", StringComparison.Ordinal))
            index.SetParameter("nprobe", 6);

        if (kind.StartsWith("HNSW", StringComparison.Ordinal))
            index.SetParameter("efSearch", Count);

        if (kind.EndsWith("RFlat", StringComparison.Ordinal))
            index.SetParameter("k_factor_rf", 40);

        return index;
    }
}
