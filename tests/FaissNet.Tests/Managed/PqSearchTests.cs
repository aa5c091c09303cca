using System.Runtime.Intrinsics.X86;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

/// <summary>
/// The k nearest that the filtered search finds against all distances, as a range search without a bound computes them one by one: the same to
/// the bit, ties in the order of their ids.
/// </summary>
public sealed class PqSearchTests
{
    [Fact]
    public void What_is_skipped_is_never_among_the_nearest() => CheckAll([]);

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public void Without_an_instruction_set(string knob) =>
        ChildProcess.Run(CheckAll, [knob], new Dictionary<string, string?> { [knob] = "0" }, timeoutSeconds: 300).RequireSuccess();

    private static void CheckAll(string[] absent)
    {
        // Without AVX-512 alone there is another filter.
        if (absent.Length > 0)
            Assert.False(absent[0] == "DOTNET_EnableAVX512" ? PqFilter.HasVbmi : PqFilter.IsSupported);

        var random = new Random(11);
        foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
        {
            foreach (var byResidual in new[] { true, false })
            {
                Check(metric, byResidual, 16, 8, 8, Gaussian(random, 2000, 16, 1, 0), 1);
                Check(metric, byResidual, 16, 8, 4, Gaussian(random, 2000, 16, 1, 0), 1);
            }

            // Long vectors near each other, and lengths at both ends of what float32 holds.
            Check(metric, true, 12, 6, 8, Gaussian(random, 1500, 12, 1, 300), 1);
            Check(metric, true, 12, 6, 8, Gaussian(random, 1500, 12, 1e15f, 0), 1e15f);
            Check(metric, true, 12, 6, 8, Gaussian(random, 1500, 12, 1e-17f, 0), 1e-17f);

            // Few different vectors, each many times; and one vector alone.
            var few = Gaussian(random, 20, 8, 1, 0);
            Check(metric, true, 8, 4, 8, [.. Enumerable.Range(0, 1500).SelectMany(i => few[(i % 20 * 8)..(i % 20 * 8 + 8)])], 1);
            Check(metric, true, 8, 4, 8, [.. Enumerable.Range(0, 600).SelectMany(_ => few[..8])], 1);
        }
    }

    private static void Check(MetricType metric, bool byResidual, int d, int m, int nbits, float[] vectors, float scale)
    {
        const int nlist = 6;
        using var index = new FaissNet.Managed.IndexIVFPQ(d, nlist, m, nbits, metric) { ByResidual = byResidual };
        index.Train(vectors);
        index.Add(vectors);
        var random = new Random(d);
        var queries = Gaussian(random, 6, d, scale, 0);
        vectors.AsSpan(5 * d, d).CopyTo(queries);
        queries.AsSpan(d, d).Clear();
        using var flat = new FaissNet.Managed.IndexPQ(d, m, nbits, metric);
        flat.Train(vectors);
        flat.Add(vectors);
        foreach (var nprobe in new[] { 1, 3, nlist })
        {
            foreach (var selector in new[] { null, IdSelector.Range(200, 900), IdSelector.Batch(3, 77, 78, 500) })
            {
                var parameters = new SearchParameters { NProbe = nprobe, Selector = selector };
                Compare(index, queries, parameters);
                if (nprobe == 1)
                    Compare(flat, queries, new SearchParameters { Selector = selector });
            }
        }
    }

    private static void Compare(VectorIndex index, float[] queries, SearchParameters parameters)
    {
        var d = index.Dimension;
        var isProduct = index.Metric == MetricType.InnerProduct;
        var all = index.RangeSearch(queries, isProduct ? float.MinValue : float.MaxValue, parameters);
        foreach (var k in new[] { 1, 2, 10, 64, 100, 250, 3000 })
        {
            var found = index.Search(queries, k, parameters);
            for (var i = 0; i < found.QueryCount; i++)
            {
                var expected = all[i].OrderBy(hit => isProduct ? -hit.Distance : hit.Distance).ThenBy(hit => hit.Id).Take(k).ToArray();
                Assert.Equal(expected, found[i].ToArray());

                // Alone as in the batch.
                if (k == 10)
                    Assert.Equal(expected, index.Search(queries.AsSpan(i * d, d), k, parameters)[0].ToArray());
            }
        }
    }

    private static float[] Gaussian(Random random, int n, int d, float scale, float offset)
    {
        var vectors = new float[n * d];
        for (var i = 0; i < vectors.Length; i++)
        {
            var sum = -6.0;
            for (var j = 0; j < 12; j++)
                sum += random.NextDouble();

            vectors[i] = (float)(scale * (sum + offset));
        }

        return vectors;
    }
}
