namespace FaissNet.Managed;

/// <summary>What a range search finds for one query, and the result of all queries from it.</summary>
internal sealed class RangeHits
{
    private readonly List<float> _distances = [];
    private readonly List<long> _ids = [];

    public void Add(float distance, long id)
    {
        _distances.Add(distance);
        _ids.Add(id);
    }

    /// <summary>Joins the hits of all queries in their order.</summary>
    /// <param name="hits">One entry per query.</param>
    /// <exception cref="InvalidOperationException">There are more hits than an array holds.</exception>
    public static RangeSearchResult Join(ReadOnlySpan<RangeHits> hits)
    {
        var limits = new long[hits.Length + 1];
        for (var i = 0; i < hits.Length; i++)
            limits[i + 1] = limits[i] + hits[i]._ids.Count;

        if (limits[^1] > Array.MaxLength)
        {
            throw new InvalidOperationException(
                $"The range search found {limits[^1]} vectors, more than an array holds: search with fewer queries or a smaller radius.");
        }

        var distances = new float[limits[^1]];
        var ids = new long[limits[^1]];
        for (var i = 0; i < hits.Length; i++)
        {
            hits[i]._distances.CopyTo(distances, (int)limits[i]);
            hits[i]._ids.CopyTo(ids, (int)limits[i]);
        }

        return new RangeSearchResult(limits, distances, ids);
    }
}
