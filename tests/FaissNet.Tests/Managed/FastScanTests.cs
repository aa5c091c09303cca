using FaissNet.Managed;
using FaissNet.Tests.Serialization;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Managed;

/// <summary>Fast-scan indexes: FAISS's blocks, exact distances from the codes, the filter against the exhaustive scan, and FAISS's neighbours.</summary>
public sealed unsafe class FastScanTests
{
    [Theory]
    [InlineData("ivf-pq-fastscan")]
    [InlineData("ivf-pq-fastscan-64")]
    [InlineData("ivf-pq-fastscan-residual")]
    public void FAISS_blocks_go_both_ways(string name)
    {
        var file = FastScanFile.Read(File.ReadAllBytes(GoldenFiles.PathOf(name)));
        for (var list = 0; list < file.Lists.Count; list++)
        {
            var (ids, blocks) = file.Lists[list];
            var expected = file.Codes(list);
            var codes = new byte[expected.Length];
            var again = new byte[FastScanLayout.FaissBytes(ids.Length, file.CodeSize, file.BlockSize)];
            fixed (byte* from = blocks, to = codes, back = again)
            {
                FastScanLayout.FromFaissBlocks(from, ids.Length, file.CodeSize, file.BlockSize, to);
                FastScanLayout.ToFaissBlocks(to, ids.Length, file.CodeSize, file.BlockSize, back);
            }

            Assert.Equal(expected, codes);
            Assert.Equal(blocks, again);
        }
    }

    [Theory]
    [InlineData(MetricType.L2, "IVF10,PQ8x4fs", 24)]
    [InlineData(MetricType.L2, "IVF10,PQ8x4fsr", 24)]
    [InlineData(MetricType.L2, "IVF10,PQ7x4fs_64", 21)]
    [InlineData(MetricType.InnerProduct, "IVF10,PQ8x4fs", 24)]
    [InlineData(MetricType.InnerProduct, "IVF10,PQ8x4fsr", 24)]
    [NeedsNative]
    public void From_FAISS_training_come_FAISS_codes_and_neighbours(MetricType metric, string description, int d)
    {
        var vectors = TestVectors.Clustered(4000, d, seed: 1);
        var queries = TestVectors.Clustered(100, d, seed: 2);
        using var native = FaissNet.IndexFactory.Create(d, description, metric);
        native.Train(vectors);
        native.Add(vectors);
        var file = FastScanFile.Of(native);
        using var index = file.Trained();
        index.Add(vectors);
        for (var list = 0; list < file.Lists.Count; list++)
        {
            Assert.Equal(file.Lists[list].Ids, new ReadOnlySpan<long>(index.Lists.Ids(list), index.Lists.Size(list)));
            var codes = new byte[file.Lists[list].Ids.Length * file.CodeSize];
            fixed (byte* to = codes)
                index.Lists.CopyCodes(list, 0, index.Lists.Size(list), to);

            Assert.Equal(file.Codes(list), codes);
        }

        const int k = 10;
        index.NProbe = 4;
        native.SetParameter("nprobe", 4);
        var expected = native.Search(queries, k);
        var actual = index.Search(queries, k);
        var same = 0;
        for (var i = 0; i < 100; i++)
            same += expected.Labels.AsSpan(i * k, k).ToArray().Intersect(actual.Labels.AsSpan(i * k, k).ToArray()).Count();

        // FAISS rounds its tables to bytes, and finds others where distances differ by less.
        Assert.True(same >= 100 * k * 0.8, $"{same} of {100 * k} neighbours are FAISS's");
        for (var i = 0; i < 100; i++)
        {
            for (var j = 0; j < k; j++)
            {
                var decoded = index.Reconstruct(actual.Labels[i * k + j]);
                var distance = BruteForce.Distance(metric, queries.AsSpan(i * d, d), decoded);
                Assert.Equal(distance, actual.Distances[i * k + j], Math.Abs(distance) * 1e-5 + 2e-3);
            }
        }
    }

    [Theory]
    [InlineData(MetricType.L2, false)]
    [InlineData(MetricType.L2, true)]
    [InlineData(MetricType.InnerProduct, false)]
    [InlineData(MetricType.InnerProduct, true)]
    public void The_filter_misses_nothing(MetricType metric, bool byResidual)
    {
        const int d = 12, nlist = 3;
        foreach (var (name, vectors) in Adversaries(d))
        {
            using var index = new FaissNet.Managed.IndexIVFPQFastScan(d, nlist, 6, 4, metric) { ByResidual = byResidual };
            index.Train(vectors);
            index.Add(vectors);
            var queries = vectors.AsSpan(0, 20 * d).ToArray();
            foreach (var nprobe in new[] { 1, nlist })
            {
                foreach (var k in new[] { 1, 10, 32, 33, 200, 1500 })
                {
                    var parameters = new SearchParameters { NProbe = nprobe };
                    CheckAgainstAll(name, index, queries, k, parameters);
                    CheckAgainstAll(name, index, queries, k, parameters with { Selector = IdSelector.Where(id => id % 3 == 0) });
                    // One query at a time takes another way.
                    CheckAgainstAll(name, index, queries.AsSpan(0, d), k, parameters);
                }
            }
        }
    }

    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.InnerProduct)]
    public void The_flat_filter_misses_nothing(MetricType metric)
    {
        const int d = 10;
        foreach (var (name, vectors) in Adversaries(d))
        {
            using var index = new M.IndexPQFastScan(d, 5, 4, metric);
            index.Train(vectors);
            index.Add(vectors);
            foreach (var k in new[] { 1, 10, 32, 33, 200, 1500 })
                CheckAgainstAll(name, index, vectors.AsSpan(0, 20 * d), k, null);
        }
    }

    [Fact]
    public void Candidates_hold_the_nearest()
    {
        const int d = 12, n = 20, k = 40, room = 144;
        foreach (var (name, vectors) in Adversaries(d))
        {
            using var index = new FaissNet.Managed.IndexIVFPQFastScan(d, 3, 6);
            index.Train(vectors);
            index.Add(vectors);
            var parameters = new SearchParameters { NProbe = 3 };
            var nearest = index.Search(vectors.AsSpan(0, n * d), k, parameters);
            var (labels, counts) = (new long[n * room], new int[n]);
            fixed (float* query = vectors)
            fixed (long* label = labels)
            fixed (int* count = counts)
                index.FindCandidates(query, n, k, room, label, count, parameters);

            for (var i = 0; i < n; i++)
            {
                Assert.InRange(counts[i], k, room);
                var found = labels.AsSpan(i * room, counts[i]).ToArray();
                Assert.Equal(counts[i], found.Distinct().Count());
                Assert.True(nearest.Labels.AsSpan(i * k, k).ToArray().All(found.Contains), $"{name}, query {i}");
            }
        }
    }

    [Fact]
    public void Content_can_change()
    {
        const int d = 16;
        var vectors = TestVectors.Clustered(1500, d, seed: 3);
        foreach (var index in new VectorIndex[]
        {
            new FaissNet.Managed.IndexIVFPQFastScan(d, 8, 8) { NProbe = 8 },
            new FaissNet.Managed.IndexIVFPQFastScan(d, 8, 8) { ByResidual = true, NProbe = 8 },
            new M.IndexPQFastScan(d, 8),
        })
        {
            using (index)
            {
                index.Train(vectors);
                index.Add(vectors.AsSpan(0, 700 * d));
                var before = index.Reconstruct(699);
                var removed = index.Remove(IdSelector.Where(id => id % 2 == 0));
                Assert.Equal(350, removed);
                Assert.Equal(350, index.Count);
                // A flat index numbers on; lists keep ids.
                Assert.Equal(before, index.Reconstruct(index is M.IndexPQFastScan ? 349 : 699));
                index.Add(vectors.AsSpan(700 * d, 800 * d));
                CheckAgainstAll("changed", index, vectors.AsSpan(0, 10 * d), 25, null);
                index.Reset();
                Assert.Equal(0, index.Count);
                var label = new long[2];
                index.Search(vectors.AsSpan(0, d), 2, new float[2], label);
                Assert.Equal([-1, -1], label);
            }
        }
    }

    [Fact]
    [NeedsNative]
    public void A_flat_index_finds_what_FAISS_finds()
    {
        const int d = 24, k = 10;
        var vectors = TestVectors.Clustered(3000, d, seed: 4);
        var queries = TestVectors.Clustered(50, d, seed: 5);
        using var native = FaissNet.IndexFactory.Create(d, "PQ8x4fs");
        using var index = new M.IndexPQFastScan(d, 8);
        native.Train(vectors);
        index.Train(vectors);
        native.Add(vectors);
        index.Add(vectors);
        var truth = BruteForce.Distance(MetricType.L2, vectors.AsSpan(0, d), index.Reconstruct(0));
        Assert.Equal(BruteForce.Distance(MetricType.L2, vectors.AsSpan(0, d), native.Reconstruct(0)), truth, truth * 0.5 + 50);
        var (expected, actual) = (native.Search(queries, k), index.Search(queries, k));
        var same = Enumerable.Range(0, 50).Sum(i => expected.Labels.AsSpan(i * k, k).ToArray().Intersect(actual.Labels.AsSpan(i * k, k).ToArray()).Count());
        Assert.True(same >= 50 * k * 0.5, $"{same} of {50 * k} neighbours are FAISS's");
    }

    // Ties, equal vectors, all-zero codes, huge and tiny norms, and a far offset, whose rounding errors exceed all differences.
    private static IEnumerable<(string Name, float[] Vectors)> Adversaries(int d)
    {
        const int n = 1500;
        yield return ("clusters", TestVectors.Clustered(n, d, seed: 1));
        yield return ("few values", TestVectors.Uniform(n, d, 1, seed: 2));
        yield return ("equal", [.. Enumerable.Repeat(3f, n * d)]);
        yield return ("zero", new float[n * d]);
        yield return ("tiny", [.. TestVectors.Uniform(n, d, 9, seed: 3).Select(x => x * 1e-18f)]);
        yield return ("huge", [.. TestVectors.Uniform(n, d, 9, seed: 4).Select(x => x * 1e15f)]);
        yield return ("far", [.. TestVectors.Uniform(n, d, 9, seed: 5).Select(x => 1e5f + x * 0.01f)]);
        var mixed = TestVectors.Uniform(n, d, 9, seed: 6);
        for (var i = 0; i < n * d; i++)
            mixed[i] *= MathF.Pow(10, i / d % 7 - 3);

        yield return ("mixed norms", mixed);
    }

    // What a search finds is what a range search without a limit finds, sorted: that computes every distance, and knows no filter.
    private static void CheckAgainstAll(string name, VectorIndex index, ReadOnlySpan<float> queries, int k, SearchParameters? parameters)
    {
        var isProduct = index.Metric == MetricType.InnerProduct;
        var all = index.RangeSearch(queries, isProduct ? float.MinValue : float.MaxValue, parameters);
        var found = index.Search(queries, k, parameters);
        for (var i = 0; i < all.QueryCount; i++)
        {
            var expected = Enumerable.Range((int)all.Limits[i], (int)(all.Limits[i + 1] - all.Limits[i]))
                .Select(j => (Distance: all.Distances[j], Label: all.Labels[j]))
                .OrderBy(hit => isProduct ? -hit.Distance : hit.Distance)
                .ThenBy(hit => hit.Label)
                .Take(k)
                .ToArray();
            for (var j = 0; j < k; j++)
            {
                var actual = (found.Distances[i * k + j], found.Labels[i * k + j]);
                var wanted = j < expected.Length ? expected[j] : (isProduct ? float.MinValue : float.MaxValue, -1);
                Assert.True(wanted.Equals(actual), $"{name}, {index.GetType().Name}, k = {k}, query {i}, rank {j}: {actual}, expected {wanted}");
            }
        }
    }
}
