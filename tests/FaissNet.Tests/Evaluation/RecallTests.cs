using FaissNet.Evaluation;

namespace FaissNet.Tests.Evaluation;

public sealed class RecallTests
{
    private static readonly long[] Truth = [1, 2, 3, 4, 11, 12, 13, 14];

    [Theory]
    [InlineData(new long[] { 1, 2, 3, 4, 11, 12, 13, 14 }, 1, 1)]
    [InlineData(new long[] { 4, 3, 2, 1, 14, 13, 12, 11 }, 0, 1)]
    [InlineData(new long[] { 1, 9, 8, 7, 9, 8, 7, 6 }, 0.5, 1 / 8.0)]
    [InlineData(new long[] { 9, 1, 2, 3, 11, 12, -1, -1 }, 0.5, 5 / 8.0)]
    [InlineData(new long[] { -1, -1, -1, -1, -1, -1, -1, -1 }, 0, 0)]
    // An id that comes twice is one neighbour found.
    [InlineData(new long[] { 1, 1, 1, 1, 11, 11, 12, 12 }, 1, 3 / 8.0)]
    public void Recall_is_the_share_of_the_truth_that_was_found(long[] found, double at1, double at4)
    {
        Assert.Equal(at1, Recall.At1(found, 4, Truth, 4));
        Assert.Equal(at4, Recall.AtK(found, 4, Truth, 4, 4), 15);
    }

    // Of the first two found, the first two true ones: {1} of {1, 2} and {12} of {11, 12}.
    [Fact]
    public void A_smaller_k_looks_at_the_first_columns_of_both() =>
        Assert.Equal(0.5, Recall.AtK([1, 3, 2, 9, 12, 13, 11, 9], 4, Truth, 4, 2));

    [Fact]
    public void What_a_narrow_result_lacks_was_not_found() => Assert.Equal(0.25, Recall.AtK([1, 11], 1, Truth, 4, 4));

    [Fact]
    public void Padding_of_the_truth_is_never_found() => Assert.Equal(0.5, Recall.AtK([1, -1], 2, [1, -1], 2, 2));

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Recall.AtK(Truth, 4, Truth, 4, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Recall.AtK(Truth, 4, Truth, 4, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Recall.AtK(Truth, 0, Truth, 4, 1));
        Assert.Throws<ArgumentException>(() => Recall.AtK(Truth.AsSpan(0, 4), 4, Truth, 4, 1));
        Assert.Throws<ArgumentException>(() => Recall.AtK([], 4, [], 4, 1));
    }
}
