using System.Collections;

namespace FaissNet;

/// <summary>One vector found in a binary index.</summary>
/// <param name="Id">The id of the vector.</param>
/// <param name="Distance">The number of bits in which it differs from the query.</param>
public readonly record struct BinaryNeighbor(long Id, int Distance);

/// <summary>The vectors found for one query of a binary index, without padding.</summary>
public readonly struct BinaryQueryHits : IReadOnlyList<BinaryNeighbor>
{
    private readonly ReadOnlyMemory<long> _labels;
    private readonly ReadOnlyMemory<int> _distances;

    internal BinaryQueryHits(ReadOnlyMemory<long> labels, ReadOnlyMemory<int> distances) =>
        (_labels, _distances) = (labels, distances);

    /// <summary>How many vectors were found.</summary>
    public int Count => _labels.Length;

    /// <summary>The ids found.</summary>
    public ReadOnlySpan<long> Labels => _labels.Span;

    /// <summary>The distances in bits, in the order of <see cref="Labels"/>.</summary>
    public ReadOnlySpan<int> Distances => _distances.Span;

    /// <summary>The hit at a position.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such position.</exception>
    public BinaryNeighbor this[int index] => new(_labels.Span[index], _distances.Span[index]);

    /// <inheritdoc/>
    public IEnumerator<BinaryNeighbor> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>The k nearest neighbours of each of n queries of a binary index, nearest first.</summary>
public sealed class BinarySearchResult
{
    internal BinarySearchResult(int queryCount, int k, int[] distances, long[] labels) =>
        (QueryCount, K, Distances, Labels) = (queryCount, k, distances, labels);

    /// <summary>The number of queries, n.</summary>
    public int QueryCount { get; }

    /// <summary>The columns of the result: the k that was asked for, or the index's count of vectors if that is smaller.</summary>
    public int K { get; }

    /// <summary>n·K distances in bits, row by row.</summary>
    public int[] Distances { get; }

    /// <summary>n·K ids, row by row. Where an approximate search found fewer than K vectors, the rest of the row is -1.</summary>
    public long[] Labels { get; }

    /// <summary>The vectors found for one query.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such query.</exception>
    public BinaryQueryHits this[int query]
    {
        get
        {
            if ((uint)query >= (uint)QueryCount)
                throw new ArgumentOutOfRangeException(nameof(query), query, $"query is {query}: expected 0 to {QueryCount - 1}.");

            var row = Labels.AsMemory(query * K, K);
            var found = row.Span.IndexOf(-1L) is >= 0 and var padding ? padding : K;
            return new BinaryQueryHits(row[..found], Distances.AsMemory(query * K, found));
        }
    }
}

/// <summary>All vectors of a binary index within a radius of each of n queries, in no particular order.</summary>
public sealed class BinaryRangeSearchResult
{
    internal BinaryRangeSearchResult(long[] limits, int[] distances, long[] labels) =>
        (Limits, Distances, Labels) = (limits, distances, labels);

    /// <summary>The number of queries, n.</summary>
    public int QueryCount => Limits.Length - 1;

    /// <summary>n + 1 positions: query i's hits stand from <c>Limits[i]</c> up to, but not including, <c>Limits[i + 1]</c>.</summary>
    public long[] Limits { get; }

    /// <summary>The distances of all hits, in bits.</summary>
    public int[] Distances { get; }

    /// <summary>The ids of all hits.</summary>
    public long[] Labels { get; }

    /// <summary>The vectors found for one query.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such query.</exception>
    public BinaryQueryHits this[int query]
    {
        get
        {
            if ((uint)query >= (uint)QueryCount)
                throw new ArgumentOutOfRangeException(nameof(query), query, $"query is {query}: expected 0 to {QueryCount - 1}.");

            var (start, length) = ((int)Limits[query], (int)(Limits[query + 1] - Limits[query]));
            return new BinaryQueryHits(Labels.AsMemory(start, length), Distances.AsMemory(start, length));
        }
    }
}
