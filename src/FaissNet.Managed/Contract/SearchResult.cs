using System.Collections;

namespace FaissNet;

/// <summary>One vector found.</summary>
/// <param name="Id">The id of the vector.</param>
/// <param name="Distance">Its distance to the query in the index's metric; with <see cref="MetricType.L2"/> this is the squared
/// distance, with <see cref="MetricType.InnerProduct"/> the product (larger is nearer).</param>
public readonly record struct Neighbor(long Id, float Distance);

/// <summary>The vectors found for one query, without padding.</summary>
public readonly struct QueryHits : IReadOnlyList<Neighbor>
{
    private readonly ReadOnlyMemory<long> _labels;
    private readonly ReadOnlyMemory<float> _distances;

    internal QueryHits(ReadOnlyMemory<long> labels, ReadOnlyMemory<float> distances) =>
        (_labels, _distances) = (labels, distances);

    /// <summary>How many vectors were found.</summary>
    public int Count => _labels.Length;

    /// <summary>The ids found.</summary>
    public ReadOnlySpan<long> Labels => _labels.Span;

    /// <summary>The distances, in the order of <see cref="Labels"/>. With <see cref="MetricType.L2"/> they are squared.</summary>
    public ReadOnlySpan<float> Distances => _distances.Span;

    /// <summary>The hit at a position.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such position.</exception>
    public Neighbor this[int index] => new(_labels.Span[index], _distances.Span[index]);

    /// <inheritdoc/>
    public IEnumerator<Neighbor> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>The k nearest neighbours of each of n queries, nearest first.</summary>
public sealed class SearchResult
{
    internal SearchResult(int queryCount, int k, float[] distances, long[] labels) =>
        (QueryCount, K, Distances, Labels) = (queryCount, k, distances, labels);

    /// <summary>The number of queries, n.</summary>
    public int QueryCount { get; }

    /// <summary>The columns of the result: the k that was asked for, or the index's count of vectors if that is smaller.</summary>
    public int K { get; }

    /// <summary>n·K distances, row by row. With <see cref="MetricType.L2"/> they are squared.</summary>
    public float[] Distances { get; }

    /// <summary>n·K ids, row by row. Where an approximate search found fewer than K vectors, the rest of the row is -1.</summary>
    public long[] Labels { get; }

    /// <summary>The vectors found for one query, the -1 padding left out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such query.</exception>
    public QueryHits this[int query]
    {
        get
        {
            if ((uint)query >= (uint)QueryCount)
                throw new ArgumentOutOfRangeException(nameof(query), query, $"query is {query}: expected 0 to {QueryCount - 1}.");

            var row = Labels.AsMemory(query * K, K);
            var found = row.Span.IndexOf(-1L) is >= 0 and var padding ? padding : K;
            return new QueryHits(row[..found], Distances.AsMemory(query * K, found));
        }
    }
}

/// <summary>All vectors within a radius of each of n queries, in no particular order.</summary>
public sealed class RangeSearchResult
{
    internal RangeSearchResult(long[] limits, float[] distances, long[] labels) =>
        (Limits, Distances, Labels) = (limits, distances, labels);

    /// <summary>The results of queries that were asked in parts.</summary>
    internal static RangeSearchResult Join(List<RangeSearchResult> parts)
    {
        if (parts.Count == 1)
            return parts[0];

        var hits = parts.Sum(part => (long)part.Labels.Length);
        if (hits > Array.MaxLength)
        {
            throw new InvalidOperationException(
                $"The range search found {hits} vectors, more than an array holds: search with fewer queries or a smaller radius.");
        }

        var limits = new long[parts.Sum(part => part.QueryCount) + 1];
        var (distances, labels) = (new float[hits], new long[hits]);
        var (query, found) = (0, 0);
        foreach (var part in parts)
        {
            part.Distances.CopyTo(distances, found);
            part.Labels.CopyTo(labels, found);
            for (var i = 0; i < part.QueryCount; i++)
                limits[++query] = found + part.Limits[i + 1];

            found += part.Labels.Length;
        }

        return new RangeSearchResult(limits, distances, labels);
    }

    /// <summary>The number of queries, n.</summary>
    public int QueryCount => Limits.Length - 1;

    /// <summary>n + 1 positions: query i's hits stand from <c>Limits[i]</c> up to, but not including, <c>Limits[i + 1]</c>.</summary>
    public long[] Limits { get; }

    /// <summary>The distances of all hits. With <see cref="MetricType.L2"/> they are squared.</summary>
    public float[] Distances { get; }

    /// <summary>The ids of all hits.</summary>
    public long[] Labels { get; }

    /// <summary>The vectors found for one query.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such query.</exception>
    public QueryHits this[int query]
    {
        get
        {
            if ((uint)query >= (uint)QueryCount)
                throw new ArgumentOutOfRangeException(nameof(query), query, $"query is {query}: expected 0 to {QueryCount - 1}.");

            var (start, length) = ((int)Limits[query], (int)(Limits[query + 1] - Limits[query]));
            return new QueryHits(Labels.AsMemory(start, length), Distances.AsMemory(start, length));
        }
    }
}
