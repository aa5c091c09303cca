using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>Several indexes as one: FAISS's own engine.</summary>
[NeedsNative]
public sealed class ShardCases
{
    private const int K = 32, Shards = 3;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Restates("test_meta_index.py", "Shards.test_shards")]
    public void Shards_find_what_the_whole_finds(bool successive)
    {
        using var whole = new IndexFlatL2(Given.D);
        whole.Add(Given.Base);
        using var shards = new IndexShards(Given.D, successiveIds: successive);
        for (var i = 0; i < Shards; i++)
        {
            var (first, end) = (i * Given.Count / Shards, (i + 1) * Given.Count / Shards);
            var shard = new IndexFlatL2(Given.D);
            if (successive)
                shard.Add(Given.Rows(Given.Base, first, end - first));

            shards.AddShard(successive ? shard : new IndexIDMap(shard));
        }

        if (!successive)
            shards.Add(Given.Base);

        var (expected, found) = (whole.Search(Given.Asked, K), shards.Search(Given.Asked, K));
        Assert.Equal(Given.Count, shards.Count);
        Given.AssertFound(expected.Distances, expected.Labels, found);
    }
}
