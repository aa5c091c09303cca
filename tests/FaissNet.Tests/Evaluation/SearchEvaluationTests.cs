using FaissNet.Data;
using FaissNet.Evaluation;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Evaluation;

[NeedsNative]
public sealed class SearchEvaluationTests
{
    private const int D = 8, K = 5;
    private static readonly float[] Base = TestVectors.Clustered(2000, D, seed: 1);
    private static readonly float[] Queries = TestVectors.Clustered(60, D, seed: 2);

    [Fact]
    public void Every_nprobe_is_measured_and_the_index_left_as_it_was()
    {
        using var index = new IndexIVFFlat(D, 16);
        index.Train(Base);
        index.Add(Base);
        index.NProbe = 3;
        var steps = new List<EvaluationProgress>();
        var results = SearchEvaluation.Run(index, Queries, Truth(), K, [1, 16], new Steps(steps));
        Assert.Equal([1, 16], results.Select(result => result.NProbe));
        Assert.Equal(3, index.NProbe);
        Assert.Equal([new(0, 2, 1), new(1, 2, 16), new(2, 2, null)], steps);
        foreach (var result in results)
        {
            index.NProbe = result.NProbe!.Value;
            var found = index.Search(Queries, K).Labels;
            Assert.Equal(Recall.At1(found, K, Truth().Labels, K), result.RecallAt1);
            Assert.Equal(Recall.AtK(found, K, Truth().Labels, K, K), result.RecallAtK);
            Assert.True(result.Qps > 0 && double.IsFinite(result.Qps), $"QPS is {result.Qps}");
            Assert.True(result.LatencyMs.P50 > 0 && result.LatencyMs.P50 <= result.LatencyMs.P99, $"latencies are {result.LatencyMs}");
            Assert.InRange(result.LatencyMs.Samples, 50, 60);
        }

        // All lists: integer vectors make it exact, up to ties.
        Assert.InRange(results[1].RecallAtK, 0.9, 1);
        Assert.True(results[0].RecallAtK < results[1].RecallAtK, $"one list finds {results[0].RecallAtK}");
    }

    [Fact]
    public void Without_nprobe_the_index_is_measured_as_it_is()
    {
        using var index = new IndexFlatL2(D);
        index.Add(Base);
        var result = Assert.Single(SearchEvaluation.Run(index, Queries, Truth(), K, []));
        Assert.Null(result.NProbe);
        Assert.InRange(result.RecallAtK, 0.9, 1);
    }

    [Fact]
    public void The_setting_comes_back_after_a_failure()
    {
        using var index = new IndexIVFFlat(D, 16);
        index.Train(Base);
        index.Add(Base);
        index.NProbe = 3;
        using var cancellation = new CancellationTokenSource();
        var cancel = new Steps([], step => cancellation.Cancel());
        Assert.Throws<OperationCanceledException>(() => SearchEvaluation.Run(index, Queries, Truth(), K, [8], cancel, cancellation.Token));
        Assert.Equal(3, index.NProbe);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var index = new IndexFlatL2(D);
        index.Add(Base);
        Assert.Throws<ArgumentException>(() => SearchEvaluation.Run(index, Queries, Truth(), K, [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => SearchEvaluation.Run(index, Queries, Truth(), K, [0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => SearchEvaluation.Run(index, Queries, Truth(), K + 1, []));
        Assert.Throws<ArgumentException>(() => SearchEvaluation.Run(index, Queries.AsMemory(D), Truth(), K, []));
        Assert.Throws<ArgumentException>(() => SearchEvaluation.Run(index, default, Truth(), K, []));
    }

    [Theory]
    [InlineData(0.5, 50)]
    [InlineData(0.99, 99)]
    [InlineData(1, 100)]
    [InlineData(0.001, 1)]
    public void Percentiles_are_of_the_nearest_rank(double share, double expected) =>
        Assert.Equal(expected, SearchEvaluation.Percentile([.. Enumerable.Range(1, 100).Select(i => (double)i)], share));

    private static NeighborSet Truth() => new(
        [.. Enumerable.Range(0, 60).SelectMany(q =>
            BruteForce.Nearest(MetricType.L2, BruteForce.Distances(MetricType.L2, Queries.AsSpan(q * D, D), Base), K).Select(i => (long)i))],
        60,
        K);

    private sealed class Steps(List<EvaluationProgress> steps, Action<EvaluationProgress>? then = null) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value)
        {
            steps.Add(value);
            then?.Invoke(value);
        }
    }
}
