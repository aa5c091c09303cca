using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Pieces;

/// <summary>Neighbours without an index, results put together by hand, FAISS's counters.</summary>
public sealed class DistancesAndStatisticsTests
{
    private const int D = 8, Count = 300, K = 6;

    private static readonly float[] Vectors = TestVectors.Clustered(Count, D, seed: 1);
    private static readonly float[] Queries = TestVectors.Clustered(20, D, seed: 2);

    [Theory]
    [NeedsNative]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.InnerProduct)]
    [InlineData(MetricType.L1)]
    [InlineData(MetricType.Linf)]
    public void Knn_is_the_search_of_a_flat_index(MetricType metric)
    {
        using var index = new IndexFlat(D, metric);
        index.Add(Vectors);
        var expected = index.Search(Queries, K);

        var found = FaissDistances.Knn(Queries, Vectors, D, K, metric);

        Assert.Equal(expected.Labels, found.Labels);
        Assert.Equal(expected.Distances, found.Distances);
        var all = FaissDistances.Pairwise(Queries, Vectors, D, metric);
        for (var q = 0; q < 20; q++)
        {
            foreach (var hit in found[q])
                Assert.Equal(hit.Distance, all[q * Count + hit.Id], 0.001);
        }
    }

    [Fact]
    [NeedsNative]
    public void Lp_takes_its_argument() =>
        Assert.Equal([8 + 27f], FaissDistances.Pairwise([0, 0], [2, 3], 2, MetricType.Lp, 3), (a, b) => Math.Abs(a - b) < 1e-3f);

    [Fact]
    [NeedsNative]
    public void Arguments_are_checked()
    {
        Assert.Equal(2, FaissDistances.Knn(Queries, Vectors.AsSpan(0, 2 * D), D, 5).K);
        Assert.Empty(FaissDistances.Knn(Queries, [], D, 5).Labels);
        Assert.Throws<ArgumentException>(() => FaissDistances.Knn(new float[D + 1], Vectors, D, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => FaissDistances.Knn(Queries, Vectors, D, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => FaissDistances.Pairwise(Queries, Vectors, 0));
        Assert.Throws<ArgumentException>(() => FaissDistances.Pairwise(Queries, Vectors, D, new float[3]));
        Assert.Throws<ArgumentException>(() => FaissDistances.Pairwise([float.NaN, 0], [1, 2], 2));
    }

    [Fact]
    [NeedsNative]
    public void Vectors_are_scaled_where_they_lie()
    {
        float[] vectors = [3, 4, 0, 0, -5, 0];

        FaissDistances.NormalizeL2(vectors, 2);

        Assert.Equal([0.6f, 0.8f, 0, 0, -1, 0], vectors, (a, b) => Math.Abs(a - b) < 1e-6f);
    }

    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.InnerProduct)]
    public void Shards_searched_one_by_one_find_what_the_whole_finds(MetricType metric)
    {
        using var whole = Flat(metric);
        whole.Add(Vectors);
        var expected = whole.Search(Queries, K);
        var heap = new ResultHeap(20, K, metric);
        var parts = new List<SearchResult>();
        // Pieces of 100, 100, 96 and 4 vectors: the last has fewer than k.
        foreach (var (start, count) in new[] { (200, 96), (0, 100), (296, 4), (100, 100) })
        {
            using var shard = Flat(metric);
            shard.Add(Vectors.AsSpan(start * D, count * D));
            var part = shard.Search(Queries, K);
            heap.Add(part, start);
            parts.Add(new SearchResult(part.QueryCount, part.K, part.Distances, [.. part.Labels.Select(id => id + start)]));
        }

        Assert.Equal(expected.Distances, heap.ToResult().Distances);
        Assert.Equal(expected.Labels, heap.ToResult().Labels);
        Assert.Equal(expected.Labels, ResultHeap.Merge(K, metric, [.. parts]).Labels);
    }

    private static VectorIndex Flat(MetricType metric) => metric == MetricType.L2 ? new M.IndexFlatL2(D) : new M.IndexFlatIP(D);

    [Fact]
    public void What_was_not_found_stays_none()
    {
        var heap = new ResultHeap(1, 3);
        heap.Add(2, [1f, float.MaxValue], [4, -1]);
        heap.Add(1, [0.5f], [9]);

        Assert.Equal([9, 4, -1], heap.Labels.ToArray());
        Assert.Equal([0.5f, 1, float.MaxValue], heap.Distances.ToArray());
        Assert.Throws<ArgumentException>(() => heap.Add(2, [1f], [1]));
        Assert.Throws<ArgumentException>(() => ResultHeap.Merge(3, MetricType.L2));
    }

    [Fact]
    [NeedsNative]
    public void Statistics_count_until_they_are_reset() => ChildProcess.Run(_ =>
    {
        // In a process of its own: they belong to the whole process, and other tests search meanwhile.
        using var lists = new IndexIVFFlat(D, 4);
        lists.Train(Vectors);
        lists.Add(Vectors);
        using var graph = IndexFactory.Create(D, "HNSW8");
        graph.Add(Vectors);
        FaissStatistics.Reset();
        Assert.Equal(default, FaissStatistics.Ivf);

        lists.Search(Queries, K, new SearchParameters { NProbe = 4 });
        graph.Search(Queries, K);

        Assert.Equal((20, 80, 20L * Count), (FaissStatistics.Ivf.Queries, FaissStatistics.Ivf.Lists, FaissStatistics.Ivf.Distances));
        Assert.Equal(20, FaissStatistics.Hnsw.Queries);
        Assert.InRange(FaissStatistics.Hnsw.Distances, 20 * K, 20 * Count);
        Assert.Equal(new IvfPqStatistics(0, 0, 0, 0), FaissStatistics.IvfPq);
    }).RequireSuccess();
}
