using FaissNet.Tests.Binary;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>Vectors of bits, against what is true of them.</summary>
[NeedsNative]
public sealed class BinaryCases : IDisposable
{
    private const int D = 32, Bytes = D / 8, Count = 1500, Queries = 100, K = 10, NList = 8;

    private static readonly byte[] s_base = BinaryVectors.Make(Count, Bytes, seed: 11);
    private static readonly byte[] s_asked = BinaryVectors.Make(Queries, Bytes, seed: 12);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("BFlat", 1)]
    [InlineData("BIVF8", NList)]
    [InlineData("BIVF8", 2048)]
    [Restates("test_index_binary.py",
        "TestBinaryFlat.test_flat", "TestBinaryIVF.test_ivf_flat_exhaustive", "TestBinaryIVF.test_ivf_nprobe")]
    public void Where_every_list_is_visited_the_nearest_are_found(string key, int nprobe)
    {
        using var index = Filled(key, nprobe);

        var found = index.Search(s_asked, K);

        Assert.Equal(BinaryVectors.NearestDistances(s_base, s_asked, Bytes, K), found.Distances);
        AssertTrueDistances(found);
        Assert.Equal(s_base.AsSpan(12 * Bytes, Bytes).ToArray(), index.Reconstruct(12));
        const int radius = 5;
        var within = index.RangeSearch(s_asked, radius);
        for (var q = 0; q < Queries; q++)
        {
            var expected = Enumerable.Range(0, Count).Where(i => Distance(q, i) < radius).Select(i => (long)i);
            Assert.Equal(expected, within[q].Labels.ToArray().Order());
        }
    }

    [Fact]
    [Restates("test_index_binary.py", "TestHNSW.test_hnsw_exact_distances")]
    public void A_graph_says_true_distances()
    {
        using var index = Filled("BHNSW16");

        AssertTrueDistances(index.Search(s_asked, 3));
    }

    [Theory]
    [InlineData("BFlat")]
    [InlineData("BIVF8")]
    [Restates("test_index_binary.py", "TestBinaryFlat.test_empty_flat", "TestBinaryIVF.test_ivf_flat_empty")]
    public void An_empty_index_finds_nothing(string key)
    {
        using var index = Trained(key);
        var (distances, labels) = (new int[Queries * K], new long[Queries * K]);

        index.Search(s_asked, K, distances, labels);

        Assert.All(labels, label => Assert.Equal(-1, label));
        Assert.All(distances, distance => Assert.Equal(int.MaxValue, distance));
    }

    [Theory]
    [InlineData("BFlat", 1)]
    [InlineData("BIVF8", 4)]
    [Restates("test_index_binary.py", "TestBinaryFlat.test_range_search", "TestBinaryIVF.test_ivf_range")]
    public void A_radius_finds_what_the_nearest_are_within_it(string key, int nprobe)
    {
        using var index = Filled(key, nprobe);
        var nearest = index.Search(s_asked, K);
        var last = Enumerable.Range(0, Queries).Select(q => nearest[q][K - 1].Distance).Order().ToArray();
        var radius = last[Queries / 2] + 1;

        var within = index.RangeSearch(s_asked, radius);

        for (var q = 0; q < Queries; q++)
        {
            var near = nearest[q].Where(hit => hit.Distance < radius).Select(hit => hit.Id).ToHashSet();
            var found = within[q].Labels.ToArray().ToHashSet();
            // Of those that tie at the end of the nearest there may be more.
            Assert.True(near.Count == K ? near.IsSubsetOf(found) : near.SetEquals(found));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Restates("test_index_binary.py", "TestBinaryIVF.test_ivf_reconstruction")]
    public void Lists_give_back_what_was_added(bool withIds)
    {
        using var index = Trained("BIVF8");
        var ids = Enumerable.Range(0, Count).Select(i => withIds ? 10_000 - 3L * i : i).ToArray();
        if (withIds)
            index.AddWithIds(s_base, ids);
        else
            index.Add(s_base);

        for (var i = 0; i < Count; i += 13)
            Assert.Equal(s_base.AsSpan(i * Bytes, Bytes).ToArray(), index.Reconstruct(ids[i]));
    }

    [Theory]
    [InlineData("BFlat", 1)]
    [InlineData("BIVF8", 4)]
    [InlineData("BHNSW16", 1)]
    [InlineData("BIVF8_HNSW16", 4)]
    [Restates("test_binary_io.py",
        "TestBinaryFlat.test_flat", "TestBinaryIVF.test_ivf_flat", "TestBinaryHNSW.test_hnsw", "TestBinaryHNSW.test_ivf_hnsw")]
    public void A_file_finds_the_same(string key, int nprobe)
    {
        using var index = Filled(key, nprobe);
        var expected = index.Search(s_asked, 3);
        index.Save(_folder.File("index"));

        using var loaded = FaissBinaryIndex.Load(_folder.File("index"));

        var found = loaded.Search(s_asked, 3);
        Assert.Equal(expected.Distances, found.Distances);
        Assert.Equal(expected.Labels, found.Labels);
    }

    [Fact]
    [Restates("test_binary_io.py", "TestBinaryFromFloat.test_binary_from_float")]
    public void Bits_in_an_index_of_floats_are_found_in_its_file()
    {
        using var index = new IndexBinaryFromFloat(new IndexFlatL2(D));
        index.Add(s_base);
        var expected = index.Search(s_asked, 3);
        index.Save(_folder.File("index"));

        using var loaded = FaissBinaryIndex.Load(_folder.File("index"));

        Assert.Equal(BinaryVectors.NearestDistances(s_base, s_asked, Bytes, 3), expected.Distances);
        Assert.Equal(expected.Distances, loaded.Search(s_asked, 3).Distances);
        Assert.Equal(expected.Labels, loaded.Search(s_asked, 3).Labels);
    }

    [Fact]
    [Restates("test_index_composite.py", "TestRemove.test_remove_id_map_binary")]
    public void What_was_removed_is_gone_from_the_file_too()
    {
        const int bytes = 5;
        var vectors = new byte[10 * bytes];
        for (var i = 0; i < 10; i++)
            vectors[i * bytes] = (byte)(100 + i);

        using var index = new IndexBinaryIDMap2(8 * bytes, "BFlat");
        index.AddWithIds(vectors, [.. Enumerable.Range(0, 10).Select(i => 1000L + i)]);
        Assert.Equal(104, index.Reconstruct(1004)[0]);

        index.Remove(IdSelector.Batch(1003));

        index.Save(_folder.File("index"));
        using var loaded = FaissBinaryIndex.Load(_folder.File("index"));
        foreach (var one in new BinaryIndex[] { index, loaded })
        {
            Assert.Equal(104, one.Reconstruct(1004)[0]);
            Assert.Throws<KeyNotFoundException>(() => one.Reconstruct(1003));
        }
    }

    private static FaissBinaryIndex Trained(string key, int nprobe = 0)
    {
        var index = BinaryIndexFactory.Create(D, key);
        index.Train(BinaryVectors.Make(200, Bytes, seed: 13));
        if (nprobe > 0 && key.Contains("IVF", StringComparison.Ordinal))
            index.SetParameter("nprobe", nprobe);

        return index;
    }

    private static FaissBinaryIndex Filled(string key, int nprobe = 0)
    {
        var index = Trained(key, nprobe);
        index.Add(s_base);
        return index;
    }

    private static int Distance(int query, long id) =>
        BinaryVectors.Distance(s_asked.AsSpan(query * Bytes, Bytes), s_base.AsSpan((int)id * Bytes, Bytes));

    private static void AssertTrueDistances(BinarySearchResult found)
    {
        for (var q = 0; q < Queries; q++)
            Assert.All(found[q], hit => Assert.Equal(Distance(q, hit.Id), hit.Distance));
    }
}
