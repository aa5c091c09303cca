using FaissNet.Evaluation;

namespace FaissNet.Tests.Evaluation;

/// <summary>What counts as agreement, on distances that can be told by hand.</summary>
public sealed class EngineComparisonTests
{
    [Fact]
    public void The_same_index_agrees_with_itself()
    {
        using var index = Flat(0, 1, 2, 3);
        var comparison = EngineComparison.Compare(index, index, [0f, 3f], k: 3);
        Assert.Equal((2, 3, 2, 0, 0, 1.0, 0.0), Figures(comparison));
        Assert.True(comparison.Agrees);
        Assert.Empty(comparison.Largest);
    }

    [Fact]
    public void Swapped_ids_at_nearly_one_distance_are_a_tie()
    {
        using var reference = Flat(1, 1.000001f);
        using var other = Flat(1.000001f, 1);
        var comparison = EngineComparison.Compare(reference, other, [0f], k: 2);
        Assert.Equal((0, 1, 0), (comparison.SameIds, comparison.SameButTies, comparison.Different));
        Assert.True(comparison.Agrees);
        Assert.False(EngineComparison.Compare(reference, other, [0f], k: 2, tolerance: 1e-7).Agrees);
    }

    [Fact]
    public void A_difference_is_relative_to_the_larger_distance()
    {
        // Id 2 is 25 away in one and 16 in the other: |25 − 16| / 25.
        using var reference = Flat(1, -1, 5);
        using var other = Flat(1, -1, 4);
        var comparison = EngineComparison.Compare(reference, other, [0f], k: 3);
        Assert.Equal((1, 3, 0, 0, 1, 1.0, 0.36), Figures(comparison));
        var largest = Assert.Single(comparison.Largest);
        Assert.Equal((0, 2, 2L, 25f, 2L, 16f), (largest.Query, largest.Rank, largest.ReferenceId, largest.ReferenceDistance, largest.Id, largest.Distance));
    }

    [Fact]
    public void An_id_has_one_distance_wherever_it_stands()
    {
        // The same distances at each rank, 1 and 4, and yet every id has another distance than it should.
        using var reference = Flat(1, 2);
        using var other = Flat(2, 1);
        var comparison = EngineComparison.Compare(reference, other, [0f], k: 2);
        Assert.Equal((1, 2, 0, 0, 1, 1.0, 0.75), Figures(comparison));
    }

    [Fact]
    public void A_neighbour_that_one_side_lacks_is_an_infinite_difference()
    {
        using var reference = Flat(1, 2);
        using var other = Flat(1);
        var comparison = EngineComparison.Compare(reference, other, [0f], k: 2);
        Assert.Equal((1, 2, 0, 0, 1, 0.5, double.PositiveInfinity), Figures(comparison));
    }

    [Fact]
    public void Where_two_part_one_of_them_has_the_nearer()
    {
        // The first is farther by rounding alone and does not count; then 4 beside 9, and 16 beside 4 behind it.
        using var reference = Flat(1, 3, 2.5f);
        using var other = Flat(1.0000001f, 2, 4);
        var comparison = EngineComparison.Compare(reference, other, [0f], k: 3);
        Assert.Equal((1, 1, 0), (comparison.Different, comparison.Nearer, comparison.Farther));
        comparison = EngineComparison.Compare(other, reference, [0f], k: 3);
        Assert.Equal((1, 0, 1), (comparison.Different, comparison.Nearer, comparison.Farther));

        // Of inner products the larger is nearer; nothing is farther than anything.
        using var products = new FaissNet.Managed.IndexFlat(1, MetricType.InnerProduct);
        using var fewer = new FaissNet.Managed.IndexFlat(1, MetricType.InnerProduct);
        products.Add([3f, 1f]);
        fewer.Add([2f]);
        comparison = EngineComparison.Compare(products, fewer, [1f, 0f], k: 2);
        Assert.Equal((2, 0, 2), (comparison.Different, comparison.Nearer, comparison.Farther));
        comparison = EngineComparison.Compare(fewer, products, [1f, 0f], k: 2);
        Assert.Equal((2, 2, 0), (comparison.Different, comparison.Nearer, comparison.Farther));
    }

    [Fact]
    public void What_cancels_is_measured_by_the_query()
    {
        // Distances 0 and 0.01 beside a query of squared length 10,000: 0.01 / 1,000.
        using var reference = Flat(100);
        using var other = Flat(100.1f);
        var comparison = EngineComparison.Compare(reference, other, [100f], k: 1, tolerance: 2e-5);
        Assert.True(comparison.Agrees);
        Assert.Equal(1e-5, comparison.LargestDifference, 1e-7);
        Assert.False(EngineComparison.Compare(reference, other, [100f], k: 1, tolerance: 5e-6).Agrees);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var index = Flat(1, 2);
        using var wide = new FaissNet.Managed.IndexFlat(2);
        Assert.Contains("2 dimensions: expected 1", Assert.Throws<ArgumentException>(() => EngineComparison.Compare(index, wide, [0f], 1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => EngineComparison.Compare(index, index, [0f], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => EngineComparison.Compare(index, index, [0f], 1, tolerance: double.NaN));
    }

    private static (int, int, int, int, int, double, double) Figures(EngineComparison comparison) => (
        comparison.Queries, comparison.K, comparison.SameIds, comparison.SameButTies, comparison.Different, comparison.Overlap, comparison.LargestDifference);

    private static FaissNet.Managed.IndexFlat Flat(params float[] values)
    {
        var index = new FaissNet.Managed.IndexFlat(1);
        index.Add(values);
        return index;
    }
}
