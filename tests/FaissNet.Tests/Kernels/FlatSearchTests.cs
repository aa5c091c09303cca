using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Kernels;

/// <summary>
/// What a batch finds by its matrix product against the distances of all rows, computed one by one and sorted: the filter may cost time,
/// but never a neighbour, whatever the vectors are like.
/// </summary>
public sealed unsafe class FlatSearchTests
{
    private static readonly string[] Kinds = ["random", "equal", "ties", "huge norms, tiny differences", "one huge", "overflow", "subnormal", "mixed scales"];

    [Fact]
    public void No_neighbour_is_lost() => CheckAll([]);

    [Theory]
    [MemberData(nameof(InstructionSets.Switches), MemberType = typeof(InstructionSets))]
    public void Without_an_instruction_set(string knob, string absent) => InstructionSets.RunWithout(knob, absent, CheckAll);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(70)]
    [InlineData(700)]
    public void Threads_change_nothing(int queryCount)
    {
        const int d = 33, n = 20_000, k = 7;
        // Small whole numbers: many distances are equal, and which of them is kept must not depend on who comes first.
        var rows = TestVectors.Uniform(n, d, 2, seed: 1);
        var queries = TestVectors.Uniform(queryCount, d, 2, seed: 2);
        var expected = Search(MetricType.L2, queries, rows, d, k, threads: 1);
        foreach (var threads in new[] { 2, 3, 5, 16 })
        {
            var actual = Search(MetricType.L2, queries, rows, d, k, threads);
            Assert.Equal(expected.Distances, actual.Distances);
            Assert.Equal(expected.Labels, actual.Labels);
        }
    }

    private static void CheckAll(string[] absent)
    {
        InstructionSets.RequireAbsent(absent);
        foreach (var kind in Kinds)
        {
            foreach (var (d, n, queries, k) in new[] { (1, 50, 3, 4), (3, 100, 20, 100), (16, 400, 17, 1), (33, 613, 50, 10), (100, 301, 97, 25), (784, 60, 2, 5) })
            {
                Check(kind, MetricType.L2, d, n, queries, k);
                Check(kind, MetricType.InnerProduct, d, n, queries, k);
            }
        }
    }

    private static void Check(string kind, MetricType metric, int d, int n, int queryCount, int k)
    {
        var random = new Random(d + k);
        var rows = Vectors(kind, n, d, random);
        var queries = Vectors(kind, queryCount, d, random);
        // Queries that are rows: the distance is nothing beside the norms.
        rows.AsSpan(d, Math.Min(queryCount / 2, n - 1) * d).CopyTo(queries);
        var (distances, labels) = Search(metric, queries, rows, d, k, threads: 1);
        fixed (float* x = queries)
        fixed (float* y = rows)
        {
            for (var q = 0; q < queryCount; q++)
            {
                var all = new (float Distance, long Id)[n];
                for (var i = 0; i < n; i++)
                    all[i] = (DistanceKernels.Compare(metric, x + q * d, y + i * d, d), i);

                var expected = all.Where(pair => !float.IsNaN(pair.Distance)).Order().Take(k).ToArray();
                var actual = Enumerable.Range(q * k, expected.Length).Select(i => (distances[i], labels[i])).ToArray();
                Assert.True(expected.SequenceEqual(actual), $"{kind}, {metric}, d = {d}, n = {n}, k = {k}, query {q}: {string.Join(' ', actual)}");
            }
        }
    }

    private static (float[] Distances, long[] Labels) Search(MetricType metric, float[] queries, float[] rows, int d, int k, int threads)
    {
        var count = queries.Length / d;
        var (distances, labels) = (new float[count * k], new long[count * k]);
        fixed (float* x = queries)
        fixed (float* y = rows)
        fixed (float* heaps = distances)
        fixed (long* ids = labels)
        {
            var search = new FlatSearch
            {
                Metric = metric,
                Dimension = d,
                Rows = new RowSet { Vectors = y, Count = rows.Length / d },
                Queries = x,
                Count = count,
                Heaps = heaps,
                Labels = ids,
                K = k,
                Stride = k,
            };
            search.Run(threads);
            for (var i = 0; i < count; i++)
                NearestHeap.Sort(heaps + i * k, ids + i * k, k);
        }

        return (distances, labels);
    }

    private static float[] Vectors(string kind, int n, int d, Random random)
    {
        var vectors = new float[n * d];
        for (var i = 0; i < vectors.Length; i++)
        {
            var (row, value) = (i / d, random.NextSingle() - 0.5f);
            vectors[i] = kind switch
            {
                "equal" => 1.5f,
                "ties" => random.Next(-1, 2),
                "huge norms, tiny differences" => 10_000 + value / 100,
                "one huge" => row == 7 ? 1e15f * value : value,
                "overflow" => row % 3 == 1 ? 3e19f + 1e15f * value : 1e17f * value,
                "subnormal" => 1e-42f * value,
                "mixed scales" => value * MathF.Pow(10, row % 30 - 15),
                _ => value,
            };
        }

        return vectors;
    }
}
