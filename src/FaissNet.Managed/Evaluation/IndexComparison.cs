namespace FaissNet.Evaluation;

/// <summary>Whether two indexes answer alike.</summary>
/// <param name="Queries">The queries asked.</param>
/// <param name="K">Neighbours per query.</param>
/// <param name="QueriesWithOtherIds">The queries for which the ids or their order differ.</param>
/// <param name="QueriesWithOtherDistances">The queries for which a distance differs in any bit.</param>
public sealed record IndexComparison(int Queries, int K, int QueriesWithOtherIds, int QueriesWithOtherDistances)
{
    /// <summary>Whether every answer is the same, bit for bit.</summary>
    public bool Identical => QueriesWithOtherIds == 0 && QueriesWithOtherDistances == 0;

    /// <summary>Asks both indexes the same.</summary>
    /// <param name="one">An index of either engine.</param>
    /// <param name="other">Another one, of the same dimension.</param>
    /// <param name="queries">n·d floats.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <exception cref="ArgumentException">The dimensions differ, or the queries do not fit.</exception>
    public static IndexComparison Compare(VectorIndex one, VectorIndex other, ReadOnlySpan<float> queries, int k)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        if (one.Dimension != other.Dimension)
            throw new ArgumentException($"other has {other.Dimension} dimensions: expected {one.Dimension}.", nameof(other));

        var n = VectorArguments.CountVectors(queries, one.Dimension, nameof(queries));
        VectorArguments.RequireK(k);
        var results = VectorArguments.CountResults(n, k);
        var (distances, labels) = (new float[results], new long[results]);
        var (otherDistances, otherLabels) = (new float[results], new long[results]);
        one.Search(queries, k, distances, labels);
        other.Search(queries, k, otherDistances, otherLabels);
        int otherIds = 0, differ = 0;
        for (var row = 0; row < results; row += k)
        {
            otherIds += labels.AsSpan(row, k).SequenceEqual(otherLabels.AsSpan(row, k)) ? 0 : 1;
            differ += distances.AsSpan(row, k).SequenceEqual(otherDistances.AsSpan(row, k)) ? 0 : 1;
        }

        return new IndexComparison(n, k, otherIds, differ);
    }
}
