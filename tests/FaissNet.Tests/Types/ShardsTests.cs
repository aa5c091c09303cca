using FaissNet.Tests.Support;

namespace FaissNet.Tests.Types;

/// <summary>Shards and replicas against one index with the same vectors.</summary>
[NeedsNative]
public sealed class ShardsTests
{
    private const int D = 8;
    private const int Count = 300;
    private static readonly float[] Vectors = TestVectors.Clustered(Count, D, seed: 1);
    private static readonly float[] Queries = TestVectors.Clustered(10, D, seed: 2);

    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.InnerProduct)]
    [InlineData(MetricType.L1)]
    public void Filled_shards_are_searched_as_one_index(MetricType metric)
    {
        using var whole = new IndexFlat(D, metric);
        whole.Add(Vectors);
        using var shards = new IndexShards(D, metric);
        foreach (var (first, end) in new[] { (0, 20), (20, 20), (20, 200), (200, Count) })
        {
            var shard = new IndexFlat(D, metric);
            shard.Add(Vectors.AsSpan(first * D, (end - first) * D));
            shards.AddShard(shard);
        }

        Assert.Equal((Count, 4), (shards.Count, shards.Shards.Count));
        foreach (var n in new[] { 1, 10 })
        {
            var expected = whole.Search(Queries.AsSpan(0, n * D), 50);
            var found = shards.Search(Queries.AsSpan(0, n * D), 50);
            Assert.Equal(expected.Distances, found.Distances);
            Assert.Equal(expected.Labels.Order(), found.Labels.Order());
        }

        var odd = new SearchParameters { Selector = IdSelector.Where(id => id % 2 == 1) };
        Assert.Equal(whole.Search(Queries, 5, odd).Distances, shards.Search(Queries, 5, odd).Distances);
        Assert.All(shards.Search(Queries, 5, odd).Labels, id => Assert.Equal(1, id % 2));
        Assert.Equal(Vectors.AsSpan(250 * D, D).ToArray(), shards.Reconstruct(250));
        foreach (var id in new[] { -1, Count, long.MinValue, long.MaxValue })
            Assert.Throws<KeyNotFoundException>(() => shards.Reconstruct(id));
    }

    [Fact]
    public void Later_vectors_keep_all_ids()
    {
        using var shards = Filled();

        shards.Add(Queries);

        Assert.Equal(Count + 10, shards.Count);
        Assert.Equal([Count / 2, Count / 2 + 10], shards.Shards.Select(shard => (int)shard.Count));
        for (var i = 0; i < Count + 10; i++)
            Assert.Equal(i < Count ? Vectors[(i * D)..((i + 1) * D)] : Queries[((i - Count) * D)..((i - Count + 1) * D)], shards.Reconstruct(i));

        shards.Shards[0].Add(Queries);
        Assert.Equal(Count + 20, shards.Count);
        Assert.Equal(Queries[..D], shards.Reconstruct(Count / 2));
        using var clone = shards.Clone();
        Assert.Equal(Count + 20, clone.Count);
    }

    [Fact]
    public void Nprobe_of_a_call_goes_to_every_shard()
    {
        using var shards = new IndexShards(D);
        shards.AddShard(new IndexIVFFlat(D, 8));
        shards.AddShard(new IndexIVFFlat(D, 8));
        shards.Train(Vectors);
        shards.Add(Vectors);
        using var whole = new IndexFlatL2(D);
        whole.Add(Vectors);

        Assert.Equal(whole.Search(Queries, 10).Distances, shards.Search(Queries, 10, new SearchParameters { NProbe = 8 }).Distances);
        Assert.NotEqual(whole.Search(Queries, 10).Distances, shards.Search(Queries, 10).Distances);
        shards.SetParameter("nprobe", 8);
        Assert.All(shards.Shards, shard => Assert.Equal(8, ((IndexIVF)shard).NProbe));
        Assert.Equal(whole.RangeSearch(Queries, 300).Distances.Length, shards.RangeSearch(Queries, 300).Distances.Length);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var shards = Filled();
        using var byIds = new IndexShards(D, successiveIds: false);
        using var replicas = new IndexReplicas(D);
        replicas.AddReplica(new IndexFlatL2(D));
        replicas.Add(Vectors);

        Refuses(shards.AddShard, new IndexFlatIP(D));
        Refuses(shards.AddShard, new IndexFlatL2(D + 1));
        Refuses(shards.AddShard, new IndexIVFFlat(D, 4));
        Refuses(shards.AddShard, new IndexIDMap(new IndexFlatL2(D)));
        Assert.Throws<ArgumentException>(() => shards.AddShard(shards.Shards[0]));
        Assert.Throws<ArgumentException>(() => shards.AddShard(shards));
        Assert.Throws<ArgumentException>(() => shards.AddShard(byIds));
        Refuses(byIds.AddShard, new IndexFlatL2(D));
        Refuses(replicas.AddReplica, new IndexFlatL2(D));
        Assert.Throws<ArgumentException>(() => new IndexIDMap(byIds));
        Assert.Throws<NotSupportedException>(() => shards.AddWithIds(Queries, new long[10]));
        Assert.Throws<NotSupportedException>(() => shards.Save(new MemoryStream()));
        Assert.Throws<NotSupportedException>(() => replicas.Save(new MemoryStream()));
        Assert.Throws<NotSupportedException>(() => replicas.Replicas[0].Reset());
        Assert.False(byIds.IsTrained);
        Assert.Throws<InvalidOperationException>(() => byIds.Search(Queries, 1));
        Assert.Equal((Count, 2), (shards.Count, shards.Shards.Count));
    }

    private static void Refuses(Action<FaissIndex> add, FaissIndex member)
    {
        using (member)
            Assert.Throws<ArgumentException>(() => add(member));
    }

    private static IndexShards Filled()
    {
        var shards = new IndexShards(D);
        shards.AddShard(new IndexFlatL2(D));
        shards.AddShard(new IndexFlatL2(D));
        shards.Add(Vectors);
        return shards;
    }
}
