namespace FaissNet.Managed;

// Searching.
public unsafe partial class IndexRefine
{
    // Candidates of so many queries are found before they are ordered: matrix kernels want batches, and caches small ones.
    private const int QueriesPerTask = 256;

    // Bounds the candidates of one task where k is large.
    private const int CandidatesPerTask = 1 << 20;

    /// <inheritdoc/>
    protected override void SearchCore(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters)
    {
        var kFactor = parameters?.KFactor ?? KFactor;
        // No index returns more than it holds.
        var candidates = (int)Math.Min((long)(k * kFactor), Math.Max(1, Count));
        var perTask = Math.Clamp(CandidatesPerTask / candidates, 1, QueriesPerTask);
        var inner = ForBase(parameters);
        var tasks = (n + perTask - 1) / perTask;
        fixed (float* query = queries)
        fixed (float* distance = distances)
        fixed (long* label = labels)
        {
            if (tasks == 1 || ManagedThreads.Count == 1)
            {
                for (var task = 0; task < tasks; task++)
                    SearchTask(task, perTask, query, n, k, candidates, distance, label, inner);
            }
            else
            {
                SearchInParallel(tasks, perTask, query, n, k, candidates, distance, label, inner);
            }
        }
    }

    /// <inheritdoc/>
    protected override RangeSearchResult RangeSearchCore(ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters)
    {
        // What the base index finds within the radius, with better distances: as FAISS does it.
        var found = Base.RangeSearchInner(queries, n, radius, ForBase(parameters));
        var better = new float[found.Labels.Length];
        fixed (float* query = queries)
        fixed (long* label = found.Labels)
        fixed (float* distance = better)
        {
            for (var i = 0; i < n; i++)
            {
                long first = found.Limits[i], count = found.Limits[i + 1] - first;
                Compute(query + (long)i * Dimension, label + first, (int)count, distance + first);
            }
        }

        for (var i = 0; Metric == MetricType.InnerProduct && i < better.Length; i++)
            better[i] = -better[i];

        return new RangeSearchResult(found.Limits.ToArray(), better, found.Labels.ToArray());
    }

    /// <summary>What is compared by, for candidates of a query.</summary>
    private protected virtual void Compute(float* query, long* candidates, int count, float* distances)
    {
        using var scratch = Scratch.Rent();
        var vector = scratch.Floats(Dimension);
        for (var i = 0; i < count; i++)
        {
            Refine.ReconstructInner(candidates[i], new Span<float>(vector, Dimension));
            distances[i] = DistanceKernels.Compare(Metric, query, vector, Dimension);
        }
    }

    // A method of its own: the closure would be allocated on every path of the one that it stands in.
    private void SearchInParallel(
        int tasks, int perTask, float* queries, int n, int k, int candidates, float* distances, long* labels, SearchParameters? parameters) =>
        ManagedThreads.For(tasks, task => SearchTask(task, perTask, queries, n, k, candidates, distances, labels, parameters));

    private void SearchTask(
        int task, int perTask, float* queries, int n, int k, int candidates, float* distances, long* labels, SearchParameters? parameters)
    {
        var first = task * perTask;
        var count = Math.Min(perTask, n - first);
        using var scratch = Scratch.Rent();
        // An index whose own distances are too coarse to tell which are the nearest hands over those that may be.
        var room = 2 * candidates + 64;
        var found = scratch.Longs((long)count * room);
        var counts = scratch.Ints(count);
        Base.FindCandidates(queries + (long)first * Dimension, count, candidates, room, found, counts, parameters);
        var computed = scratch.Floats(room);
        for (var i = 0; i < count; i++)
        {
            var of = found + (long)i * room;
            Compute(queries + (long)(first + i) * Dimension, of, counts[i], computed);
            Keep(of, computed, counts[i], k, distances + (long)(first + i) * k, labels + (long)(first + i) * k);
        }
    }

    private void Keep(long* candidates, float* computed, int count, int k, float* distances, long* labels)
    {
        NearestHeap.Clear(distances, labels, k);
        for (var i = 0; i < count; i++)
            NearestHeap.Offer(distances, labels, k, computed[i], candidates[i]);

        NearestHeap.Finish(distances, labels, k, Metric);
    }

    private static SearchParameters? ForBase(SearchParameters? parameters) =>
        parameters?.KFactor is null ? parameters
        : parameters.NProbe is null && parameters.MaxCodes is null && parameters.Selector is null ? null
        : parameters with { KFactor = null };
}
