using FaissNet.Managed;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Managed;

/// <summary>Refinement: exact distances of the candidates, and no candidate missed.</summary>
public sealed class IndexRefineTests
{
    private const int D = 16;
    private const int N = 2000;

    private static readonly float[] Vectors = TestVectors.Clustered(N, D, seed: 1);
    private static readonly float[] Queries = TestVectors.Clustered(60, D, seed: 2);

    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.InnerProduct)]
    public void With_all_as_candidates_the_result_is_exact(MetricType metric)
    {
        using var index = Filled(metric);
        var found = index.Search(Queries, 10, new SearchParameters { NProbe = 8, KFactor = N / 10 });
        Assert.Equal(BruteForceSearch(metric, 10).Distances, found.Distances);
        for (var i = 0; i < found.Labels.Length; i++)
            Assert.Equal(Distance(metric, i / 10, found.Labels[i]), found.Distances[i]);
    }

    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.InnerProduct)]
    public void Candidates_are_at_least_those_of_the_base(MetricType metric)
    {
        const int k = 5, factor = 4;
        using var inner = new FaissNet.Managed.IndexIVFPQFastScan(D, 8, 8, 4, metric);
        using var index = Filled(metric);
        inner.Train(Vectors);
        inner.Add(Vectors);
        var parameters = new SearchParameters { NProbe = 3 };
        var candidates = inner.Search(Queries, k * factor, parameters);
        index.KFactor = factor;
        Assert.Equal(factor, index.GetParameter("k_factor_rf"));
        var found = index.Search(Queries, k, parameters);
        for (var i = 0; i < 60; i++)
        {
            var best = candidates.Labels.AsSpan(i * k * factor, k * factor).ToArray()
                .Select(id => (double)Distance(metric, i, id))
                .OrderBy(distance => metric == MetricType.L2 ? distance : -distance)
                .Take(k)
                .ToArray();
            for (var j = 0; j < k; j++)
            {
                var distance = found.Distances[i * k + j];
                Assert.Equal(Distance(metric, i, found.Labels[i * k + j]), distance);
                Assert.True(metric == MetricType.L2 ? distance <= best[j] : distance >= best[j]);
            }
        }
    }

    [Fact]
    public void Generic_refinement_orders_by_the_second_index()
    {
        using var index = new M.IndexRefine(
            new FaissNet.Managed.IndexIVFPQFastScan(D, 8, 4), new FaissNet.Managed.IndexFlat(D)) { KFactor = 10 };
        using var flat = Filled(MetricType.L2, m: 4);
        index.Train(Vectors);
        index.Add(Vectors);
        flat.KFactor = 10;
        Assert.Equal(flat.Search(Queries, 5).Labels, index.Search(Queries, 5).Labels);
    }

    [Fact]
    public void Range_search_gives_exact_distances_of_what_the_base_finds()
    {
        using var index = Filled(MetricType.L2);
        var found = index.RangeSearch(Queries, 2000, new SearchParameters { NProbe = 8 });
        Assert.NotEmpty(found.Labels);
        for (var i = 0; i < found.QueryCount; i++)
        {
            for (var j = found.Limits[i]; j < found.Limits[i + 1]; j++)
                Assert.Equal(Distance(MetricType.L2, i, found.Labels[j]), found.Distances[j]);
        }
    }

    [Fact]
    public void Selected_vectors_alone_are_found()
    {
        using var index = Filled(MetricType.L2);
        var found = index.Search(Queries, 10, new SearchParameters { NProbe = 8, KFactor = 3, Selector = IdSelector.Range(100, 300) });
        Assert.All(found.Labels, id => Assert.InRange(id, 100, 299));
    }

    [Fact]
    public void Vectors_come_back_as_they_were()
    {
        using var index = Filled(MetricType.L2);
        Assert.Equal(Vectors.AsSpan(7 * D, D).ToArray(), index.Reconstruct(7));
        Assert.Throws<NotSupportedException>(() => index.Remove(IdSelector.All));
    }

    [Fact]
    [NeedsNative]
    public void Finds_what_FAISS_finds()
    {
        using var index = Filled(MetricType.L2);
        using var native = FaissNet.IndexFactory.Create(D, "IVF8,PQ8x4fs,RFlat");
        native.Train(Vectors);
        native.Add(Vectors);
        native.SetParameter("nprobe", 8);
        native.SetParameter("k_factor_rf", 40);
        var expected = native.Search(Queries, 10);
        var actual = index.Search(Queries, 10, new SearchParameters { NProbe = 8, KFactor = 40 });
        var same = Enumerable.Range(0, 60).Sum(i =>
            expected.Labels.AsSpan(i * 10, 10).ToArray().Intersect(actual.Labels.AsSpan(i * 10, 10).ToArray()).Count());
        Assert.True(same >= 594, $"{same} of 600 neighbours are FAISS's");
    }

    [Fact]
    public void Indexes_that_do_not_fit_are_refused()
    {
        using var filled = new FaissNet.Managed.IndexFlat(D);
        filled.Add(Vectors);
        Assert.Throws<ArgumentException>(() => new M.IndexRefineFlat(filled));
        Assert.Throws<ArgumentException>(() => new M.IndexRefine(filled, new FaissNet.Managed.IndexFlat(D)));
        Assert.Throws<ArgumentException>(() => new M.IndexRefine(filled, filled));
        using var index = Filled(MetricType.L2);
        Assert.Throws<ArgumentOutOfRangeException>(() => index.KFactor = 0.5f);
        Assert.Throws<ArgumentException>(() => index.SetParameter("k_factor_rf", 2000));
    }

    private static M.IndexRefineFlat Filled(MetricType metric, int m = 8)
    {
        var index = new M.IndexRefineFlat(new FaissNet.Managed.IndexIVFPQFastScan(D, 8, m, 4, metric));
        index.Train(Vectors);
        index.Add(Vectors);
        return index;
    }

    private static float Distance(MetricType metric, int query, long id) =>
        (float)BruteForce.Distance(metric, Queries.AsSpan(query * D, D), Vectors.AsSpan((int)id * D, D));

    private static SearchResult BruteForceSearch(MetricType metric, int k)
    {
        using VectorIndex flat = TestEngine.IsManagedOnly ? new FaissNet.Managed.IndexFlat(D, metric) : new FaissNet.IndexFlat(D, metric);
        flat.Add(Vectors);
        return flat.Search(Queries, k);
    }
}
