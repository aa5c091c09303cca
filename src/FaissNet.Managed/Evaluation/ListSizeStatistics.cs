namespace FaissNet.Evaluation;

/// <summary>How the vectors of an inverted file spread over its lists.</summary>
/// <param name="Min">The smallest list.</param>
/// <param name="Median">The middle list; of an even number the mean of the middle two.</param>
/// <param name="Max">The largest list.</param>
/// <param name="Empty">The lists without a vector.</param>
/// <param name="ImbalanceFactor">nlist·Σ size² / (Σ size)²: 1 if all lists are of one size; a search compares that many times the vectors that
/// it would with equal lists. 0 for an empty index. FAISS's <c>imbalance_factor</c> (<c>faiss/utils/utils.h</c>).</param>
public sealed record ListSizeStatistics(long Min, double Median, long Max, int Empty, double ImbalanceFactor)
{
    /// <summary>Computes the statistics.</summary>
    /// <param name="sizes">The size of each list.</param>
    /// <exception cref="ArgumentException">There is no list.</exception>
    public static ListSizeStatistics Of(ReadOnlySpan<long> sizes)
    {
        if (sizes.IsEmpty)
            throw new ArgumentException("sizes is empty: expected at least one list.", nameof(sizes));

        var sorted = sizes.ToArray();
        Array.Sort(sorted);
        double sum = 0, squares = 0;
        foreach (double size in sorted)
        {
            sum += size;
            squares += size * size;
        }

        return new ListSizeStatistics(
            sorted[0],
            (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2.0,
            sorted[^1],
            sorted.AsSpan().Count(0L),
            sum == 0 ? 0 : sizes.Length * squares / (sum * sum));
    }
}
