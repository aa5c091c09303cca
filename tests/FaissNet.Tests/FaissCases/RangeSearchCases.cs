using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>Everything within a radius.</summary>
public sealed class RangeSearchCases
{
    [Theory]
    [Engines("Flat L2", "Flat InnerProduct", "IVF8,Flat L2", "IVF8,Flat InnerProduct")]
    [Restates("test_index.py", "TestRangeSearch.test_range_search")]
    public void A_radius_parts_the_vectors(string engine, string row)
    {
        var (key, metric) = (row.Split(' ')[0], Enum.Parse<MetricType>(row.Split(' ')[1]));
        using var index = Given.Filled(engine, key, metric);
        Given.Probe(index, key, Given.NList);
        // No distance lies near it.
        var radius = metric == MetricType.L2 ? 4.25f : 9.5f;

        var found = index.RangeSearch(Given.Asked, radius);

        var total = 0;
        for (var q = 0; q < Given.Queries; q++)
        {
            var distances = BruteForce.Distances(metric, Given.Asked.AsSpan(q * Given.D, Given.D), Given.Base);
            var expected = Enumerable.Range(0, Given.Count).Where(i => metric == MetricType.L2 ? distances[i] < radius : distances[i] > radius).ToArray();
            Assert.Equal(expected.Select(i => (long)i), Given.Sorted(found[q]).Select(hit => hit.Id));
            Assert.All(found[q], hit => Assert.Equal(distances[hit.Id], hit.Distance, 1e-4));
            total += expected.Length;
        }

        Assert.InRange(total, 200, 9800);
    }

    [Theory]
    [Engines]
    [Restates("test_index.py", "TestLargeRangeSearch.test_range_search")]
    public void Everything_can_be_within(string engine)
    {
        using var index = Given.Create(engine, 4, "Flat");
        index.Add(new float[4 * 20_000]);

        var found = index.RangeSearch(new float[4 * 16], 1);

        Assert.Equal(16 * 20_000, found.Labels.Length);
        Assert.Equal(20_000L * 20_000 * 19_999 / 20_000 / 2 * 16, found.Labels.Sum());
        Assert.All(found.Distances, distance => Assert.Equal(0, distance));
    }

    [Theory]
    [InlineData("IVF8,PQ8x4fs", MetricType.L2)]
    [InlineData("IVF8,PQ8x4fs", MetricType.InnerProduct)]
    [Restates("test_fast_scan_ivf.py", "TestRangeSearchImplem12.test_L2", "TestRangeSearchImplem12.test_IP")]
    public void Fast_scan_finds_within_a_radius_by_the_distances_to_its_codes(string key, MetricType metric)
    {
        using var index = Given.Filled(Given.Managed, key, metric);
        index.SetParameter("nprobe", Given.NList);
        var stored = Given.Stored(index);
        var radius = metric == MetricType.L2 ? 3.5f : 8.5f;

        var found = index.RangeSearch(Given.Asked, radius);

        Assert.True(found.Labels.Length > 100);
        for (var q = 0; q < Given.Queries; q++)
        {
            var distances = BruteForce.Distances(metric, Given.Asked.AsSpan(q * Given.D, Given.D), stored);
            var ids = found[q].Select(hit => hit.Id).ToHashSet();
            Assert.All(Enumerable.Range(0, Given.Count).Where(i => Math.Abs(distances[i] - radius) > 1e-4), i =>
                Assert.Equal(metric == MetricType.L2 ? distances[i] < radius : distances[i] > radius, ids.Contains(i)));
        }
    }
}
