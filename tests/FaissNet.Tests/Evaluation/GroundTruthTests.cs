using FaissNet.Data;
using FaissNet.Evaluation;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Evaluation;

[NeedsNative]
public sealed class GroundTruthTests : IDisposable
{
    private const int D = 12;

    private readonly TemporaryFolder _folder = new();

    // Components from -1 to 1: most distances are ties, which ids have to break.
    [Theory]
    [InlineData(MetricType.L2, 1)]
    [InlineData(MetricType.L2, 7)]
    [InlineData(MetricType.L2, 1000)]
    [InlineData(MetricType.InnerProduct, 64)]
    public void Neighbours_are_those_of_the_definition(MetricType metric, int batchSize)
    {
        const int k = 20;
        var vectors = TestVectors.Uniform(300, D, 1, seed: 1);
        var queries = TestVectors.Uniform(15, D, 1, seed: 2);
        using var reader = Open(vectors);
        using var flat = new IndexFlat(D, metric);
        var result = GroundTruth.Compute(flat, reader, queries, k, new GroundTruthOptions { BatchSize = batchSize });
        Assert.Equal((15, k, 0L), (result.QueryCount, result.K, flat.Count));
        for (var q = 0; q < result.QueryCount; q++)
        {
            var distances = BruteForce.Distances(metric, queries.AsSpan(q * D, D), vectors);
            var nearest = BruteForce.Nearest(metric, distances, k);
            // Ties beyond the candidates of a batch may go either way; the distances may not.
            Assert.Equal(nearest.Select(i => (float)distances[i]), result.Distances.AsSpan(q * k, k).ToArray());
            Assert.Equal(result.Labels.AsSpan(q * k, k).ToArray().Select(i => (float)distances[i]), result.Distances.AsSpan(q * k, k).ToArray());
        }
    }

    // Small batches: every vector is a candidate, so ties have nowhere to go.
    [Fact]
    public void Ties_are_in_the_order_of_ids()
    {
        var vectors = TestVectors.Uniform(200, D, 1, seed: 3);
        var queries = TestVectors.Uniform(5, D, 1, seed: 4);
        using var reader = Open(vectors);
        using var flat = new IndexFlatL2(D);
        var result = GroundTruth.Compute(flat, reader, queries, 50, new GroundTruthOptions { BatchSize = 80, ThreadCount = 1 });
        for (var q = 0; q < 5; q++)
        {
            var distances = BruteForce.Distances(MetricType.L2, queries.AsSpan(q * D, D), vectors);
            Assert.Equal(BruteForce.Nearest(MetricType.L2, distances, 50).Select(i => (long)i), result.Labels.AsSpan(q * 50, 50).ToArray());
        }
    }

    // Far from the origin float32 cannot tell these neighbours apart by way of ‖x‖² + ‖y‖² − 2·x·y: 0.01 against 4,000,000.
    [Fact]
    public void Near_neighbours_far_from_the_origin_are_told_apart()
    {
        const int n = 30, d = 4;
        var vectors = new float[n * d];
        for (var i = 0; i < n; i++)
            vectors.AsSpan(i * d, d).Fill(1000 + (n - i) / 64f);

        var query = new float[d];
        query.AsSpan().Fill(1000);
        VectorFile.Write(_folder.File("far.fvecs"), vectors, d);
        using var reader = VectorFile.Open(_folder.File("far.fvecs"));
        using var flat = new IndexFlatL2(d);
        // 40 queries: enough for FAISS to go through its matrix product.
        var result = GroundTruth.Compute(flat, reader, Enumerable.Repeat(query, 40).SelectMany(q => q).ToArray(), 10);
        for (var q = 0; q < 40; q++)
            Assert.Equal([29, 28, 27, 26, 25, 24, 23, 22, 21, 20], result.Labels.AsSpan(q * 10, 10).ToArray());

        Assert.Equal(4 / (64f * 64f), result.Distances[0]);
    }

    [Fact]
    public void Cosine_compares_directions()
    {
        var vectors = TestVectors.Uniform(200, D, 9, seed: 5);
        vectors.AsSpan(17 * D, D).Clear();
        var queries = TestVectors.Uniform(6, D, 9, seed: 6);
        using var reader = Open(vectors);
        using var flat = new IndexFlatIP(D);
        var result = GroundTruth.Compute(flat, reader, queries, 5, new GroundTruthOptions { Normalize = true, BatchSize = 33 });
        for (var q = 0; q < 6; q++)
        {
            var query = queries.AsSpan(q * D, D).ToArray();
            var cosines = Enumerable.Range(0, 200).Select(i =>
            {
                var vector = vectors.AsSpan(i * D, D);
                var lengths = Math.Sqrt(BruteForce.Distance(MetricType.InnerProduct, query, query) * BruteForce.Distance(MetricType.InnerProduct, vector, vector));
                return lengths == 0 ? 0 : BruteForce.Distance(MetricType.InnerProduct, query, vector) / lengths;
            }).ToArray();
            var nearest = BruteForce.Nearest(MetricType.InnerProduct, cosines, 5);
            for (var j = 0; j < 5; j++)
                Assert.Equal(cosines[nearest[j]], result.Distances[q * 5 + j], 1e-6);
        }
    }

    [Fact]
    public void Progress_counts_the_vectors()
    {
        using var reader = Open(TestVectors.Uniform(100, D, 9, seed: 1));
        using var flat = new IndexFlatL2(D);
        var recorder = new Recorder();
        GroundTruth.Compute(flat, reader, TestVectors.Uniform(2, D, 9, seed: 2), 1, new GroundTruthOptions { BatchSize = 40 }, recorder);
        Assert.Equal([40, 80, 100], recorder.Reports.Select(report => report.Completed));
        Assert.All(recorder.Reports, report => Assert.Equal(100, report.Total));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var reader = Open(TestVectors.Uniform(10, D, 9, seed: 1));
        var query = new float[D];
        using var flat = new IndexFlatL2(D);
        Assert.Contains("expected 1 to 10", Throws<ArgumentOutOfRangeException>(() => GroundTruth.Compute(flat, reader, query, 11)), StringComparison.Ordinal);
        Assert.Contains("queries is empty", Throws<ArgumentException>(() => GroundTruth.Compute(flat, reader, default, 1)), StringComparison.Ordinal);
        Assert.Contains(
            "expected InnerProduct",
            Throws<ArgumentException>(() => GroundTruth.Compute(flat, reader, query, 1, new GroundTruthOptions { Normalize = true })),
            StringComparison.Ordinal);
        using var narrow = new IndexFlatL2(D - 1);
        Assert.Contains("12 components: expected 11", Throws<ArgumentException>(() => GroundTruth.Compute(narrow, reader, query, 1)), StringComparison.Ordinal);
        flat.Add(query);
        Assert.Contains("expected an empty index", Throws<ArgumentException>(() => GroundTruth.Compute(flat, reader, query, 1)), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new GroundTruthOptions { BatchSize = 0 });
    }

    public void Dispose() => _folder.Dispose();

    private VectorReader Open(float[] vectors)
    {
        VectorFile.Write(_folder.File("base.fvecs"), vectors, D);
        return VectorFile.Open(_folder.File("base.fvecs"));
    }

    private static string Throws<T>(Action action)
        where T : Exception => Assert.Throws<T>(action).Message;
}
