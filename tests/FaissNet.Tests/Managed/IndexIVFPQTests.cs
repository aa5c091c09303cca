using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

/// <summary>The managed <see cref="FaissNet.Managed.IndexIVFPQ"/> beside FAISS's, from FAISS's own training.</summary>
[NeedsNative]
public sealed unsafe class IndexIVFPQTests
{
    private const int NList = 12;

    [Theory]
    [InlineData(16, 4, 8)]
    [InlineData(24, 8, 8)]
    [InlineData(30, 5, 8)]
    [InlineData(33, 11, 8)]
    [InlineData(64, 2, 8)]
    [InlineData(7, 1, 8)]
    [InlineData(16, 8, 4)]
    [InlineData(15, 5, 4)]
    [InlineData(36, 9, 6)]
    [InlineData(6, 3, 5)]
    public void Codes_and_results_are_those_of_FAISS(int d, int m, int nbits)
    {
        Check(d, m, nbits, MetricType.L2);
        Check(d, m, nbits, MetricType.InnerProduct);
    }

    /// <summary>FAISS 1.7.3 has no more than 8 bits and no switch for residuals in its constructor: arithmetic instead, the distance to what
    /// the code decodes to.</summary>
    [Theory]
    [InlineData(8, false)]
    [InlineData(4, false)]
    [InlineData(6, false)]
    [InlineData(2, true)]
    [InlineData(1, true)]
    [InlineData(10, true)]
    [InlineData(12, true)]
    public void Distances_are_those_to_what_codes_decode_to(int nbits, bool byResidual)
    {
        // Few parts where each has thousands of centroids to train.
        var (d, m) = nbits < 10 ? (10, 5) : (3, 1);
        foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
        {
            var count = Math.Max(2000, (1 << nbits) + 100);
            var vectors = TestVectors.Clustered(count, d, seed: 1);
            var queries = TestVectors.Clustered(10, d, seed: 2);
            using var index = new FaissNet.Managed.IndexIVFPQ(d, NList, m, nbits, metric) { ByResidual = byResidual };
            Assert.Equal((m * nbits + 7) / 8, index.CodeSize);
            index.Train(vectors);
            index.Add(vectors);
            CheckByArithmetic(index, queries, count);
        }
    }

    private static void Check(int d, int m, int nbits, MetricType metric)
    {
        var count = Math.Max(3000, 1 << nbits);
        var vectors = TestVectors.Clustered(count, d, seed: 1);
        var queries = TestVectors.Clustered(50, d, seed: 2);
        using var native = new FaissNet.IndexIVFPQ(d, NList, m, nbits, metric);
        native.Train(vectors);
        native.Add(vectors);
        var state = FaissIvfPq.Of(native);
        using var managed = new FaissNet.Managed.IndexIVFPQ(d, NList, m, nbits, metric);
        managed.RestoreTraining(state.Centroids, state.Codebooks);
        managed.Add(vectors);
        for (var list = 0; list < NList; list++)
        {
            var codes = new byte[state.Codes[list].Length];
            fixed (byte* to = codes)
                managed.Lists.CopyCodes(list, 0, state.Ids[list].Length, to);

            Assert.Equal(state.Ids[list], new ReadOnlySpan<long>(managed.Lists.Ids(list), managed.Lists.Size(list)).ToArray());
            Assert.Equal(state.Codes[list], codes);
        }

        Compare();

        // The same after removing and merging, and for chosen ids.
        var part = IdSelector.Range(500, 1500);
        Assert.Equal(native.Remove(part), managed.Remove(part));
        Compare();
        using var more = new FaissNet.Managed.IndexIVFPQ(d, NList, m, nbits, metric);
        more.RestoreTraining(state.Centroids, state.Codebooks);
        more.Add(queries);
        managed.MergeFrom(more, addId: 10_000);
        native.AddWithIds(queries, [.. Enumerable.Range(10_000, queries.Length / d).Select(id => (long)id)]);
        Assert.Equal(0, more.Count);
        Compare();
        CheckByArithmetic(managed, queries[..(5 * d)], (int)managed.Count);
        return;

        void Compare()
        {
            foreach (var nprobe in new[] { 1, 4, NList })
            {
                foreach (var k in new[] { 1, 10, 100 })
                {
                    var parameters = new SearchParameters { NProbe = nprobe };
                    SameResults.Require(native.Search(queries, k, parameters), managed.Search(queries, k, parameters), k, d);
                }

                // FAISS's results for chosen ids are those of them among all.
                var all = native.Search(queries, (int)native.Count, new SearchParameters { NProbe = nprobe });
                var chosen = IdSelector.Range(100, 1700);
                var found = managed.Search(queries, 10, new SearchParameters { NProbe = nprobe, Selector = chosen });
                SameResults.Require(SameResults.Choose(all, chosen, 10), found, 10, d);
            }

            var some = native.Search(queries, 20, new SearchParameters { NProbe = 3 });
            var radius = some.Distances[19];
            var expected = native.RangeSearch(queries, radius, new SearchParameters { NProbe = 3 });
            var actual = managed.RangeSearch(queries, radius, new SearchParameters { NProbe = 3 });
            SameResults.RequireRanges(expected, actual, radius, d);
        }
    }

    private static void CheckByArithmetic(FaissNet.Managed.IndexIVFPQ index, float[] queries, int k)
    {
        var d = index.Dimension;
        var found = index.Search(queries, k, new SearchParameters { NProbe = NList });
        for (var i = 0; i < queries.Length / d; i++)
        {
            for (var rank = 0; rank < k; rank++)
            {
                var vector = index.Reconstruct(found.Labels[i * k + rank]);
                double expected = 0;
                for (var j = 0; j < d; j++)
                {
                    double x = queries[i * d + j], y = vector[j];
                    expected += index.Metric == MetricType.L2 ? (x - y) * (x - y) : x * y;
                }

                Assert.Equal(expected, found.Distances[i * k + rank], SameResults.Rounding(d));
            }
        }
    }
}
