namespace FaissNet;

/// <summary>
/// Collects the k nearest neighbours of n queries from several searches: of the shards of a data set that is searched piece by piece.
/// Python's <c>faiss.ResultHeap</c> and <c>merge_knn_results</c>.
/// </summary>
/// <remarks>Of equal distances of two pieces the smaller id comes first, so that the order of the pieces does not matter. One thread at a
/// time may use it.</remarks>
public sealed class ResultHeap
{
    private readonly bool _isSimilarity;
    private readonly float[] _distances;
    private readonly long[] _labels;
    private readonly float[] _row;
    private readonly long[] _rowLabels;

    /// <summary>An empty collection.</summary>
    /// <param name="queries">The number of queries, n.</param>
    /// <param name="k">Neighbours to keep per query.</param>
    /// <param name="metric">How the vectors were compared: with the inner product larger is nearer.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public ResultHeap(int queries, int k, MetricType metric = MetricType.L2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(queries);
        VectorArguments.RequireK(k);
        var results = VectorArguments.CountResults(queries, k);
        (QueryCount, K, _isSimilarity) = (queries, k, metric == MetricType.InnerProduct);
        _distances = new float[results];
        _labels = new long[results];
        _row = new float[k];
        _rowLabels = new long[k];
        Array.Fill(_distances, _isSimilarity ? float.MinValue : float.MaxValue);
        Array.Fill(_labels, -1);
    }

    /// <summary>The number of queries, n.</summary>
    public int QueryCount { get; }

    /// <summary>Neighbours kept per query.</summary>
    public int K { get; }

    /// <summary>n·K distances, row by row, nearest first.</summary>
    public ReadOnlySpan<float> Distances => _distances;

    /// <summary>n·K ids; -1 where fewer were found so far.</summary>
    public ReadOnlySpan<long> Labels => _labels;

    /// <summary>Adds what one search of all queries found.</summary>
    /// <param name="result">A result of as many queries.</param>
    /// <param name="addId">Added to its ids: where the piece begins whose positions they are.</param>
    /// <exception cref="ArgumentException">The result is of another number of queries.</exception>
    public void Add(SearchResult result, long addId = 0)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.QueryCount != QueryCount)
            throw new ArgumentException($"result is of {result.QueryCount} queries: expected {QueryCount}.", nameof(result));

        Add(result.K, result.Distances, result.Labels, addId);
    }

    /// <summary>Adds what one search of all queries found.</summary>
    /// <param name="k">Columns.</param>
    /// <param name="distances">n·k distances, row by row, nearest first.</param>
    /// <param name="labels">n·k ids; -1 for none.</param>
    /// <param name="addId">Added to the ids.</param>
    /// <exception cref="ArgumentException">A length is not n·k.</exception>
    public void Add(int k, ReadOnlySpan<float> distances, ReadOnlySpan<long> labels, long addId = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        var results = (long)QueryCount * k;
        if (distances.Length != results || labels.Length != results)
            throw new ArgumentException($"There are {distances.Length} distances and {labels.Length} labels: expected n * k = {results} each.", nameof(distances));

        for (var q = 0; q < QueryCount; q++)
            Merge(q * K, distances.Slice(q * k, k), labels.Slice(q * k, k), addId);
    }

    /// <summary>What was collected so far.</summary>
    public SearchResult ToResult() => new(QueryCount, K, [.. _distances], [.. _labels]);

    /// <summary>Merges results of the same queries from several indexes. Python's <c>merge_knn_results</c>.</summary>
    /// <param name="k">Neighbours to keep per query.</param>
    /// <param name="metric">How the vectors were compared.</param>
    /// <param name="results">The results; their ids are taken as they are.</param>
    /// <exception cref="ArgumentException">There is none, or they are of different numbers of queries.</exception>
    public static SearchResult Merge(int k, MetricType metric, params ReadOnlySpan<SearchResult> results)
    {
        if (results.IsEmpty)
            throw new ArgumentException("results is empty: expected at least one.", nameof(results));

        var heap = new ResultHeap(results[0].QueryCount, k, metric);
        foreach (var result in results)
            heap.Add(result);

        return heap.ToResult();
    }

    private void Merge(int start, ReadOnlySpan<float> distances, ReadOnlySpan<long> labels, long addId)
    {
        // Both rows are ordered, so that this is one pass.
        var (old, fresh) = (0, 0);
        for (var i = 0; i < K; i++)
        {
            var take = fresh < labels.Length && labels[fresh] >= 0 &&
                (_labels[start + old] < 0 || IsNearer(distances[fresh], labels[fresh] + addId, _distances[start + old], _labels[start + old]));
            (_row[i], _rowLabels[i]) = take ? (distances[fresh], labels[fresh] + addId) : (_distances[start + old], _labels[start + old]);
            if (take)
                fresh++;
            else
                old++;
        }

        _row.CopyTo(_distances, start);
        _rowLabels.CopyTo(_labels, start);
    }

    private bool IsNearer(float distance, long id, float other, long otherId) =>
        distance == other ? id < otherId : _isSimilarity ? distance > other : distance < other;
}
