namespace FaissNet.Managed;

// Searching: choose lists, then scan them.
public abstract unsafe partial class IndexIVF
{
    // Codes whose distances are computed before the heap looks at them.
    private const int CodesPerStep = 256;

    // Fewer are not worth a thread's start.
    private const int MinQueriesPerTask = 32;

    // Per query of a tile.
    private const long CoarseScoresPerStep = 1 << 13;

    // Bounds the heaps of one task where k is large.
    private const int ResultsPerTask = 1 << 20;

    /// <summary>Queries that are searched together on one thread: enough for matrix kernels and few enough to spread over threads.</summary>
    private protected virtual int QueriesPerTask => 64;

    /// <summary>Floats that the scan of one query needs for its tables.</summary>
    private protected abstract long ScanFloats { get; }

    /// <summary>Prepares the tables of a query, as far as they are the same for every list.</summary>
    private protected abstract void BeginQuery(float* query, float* tables);

    /// <summary>Prepares the tables for a list. <paramref name="coarseDistance"/> is the squared distance to its centroid, or the inner
    /// product negated.</summary>
    private protected abstract void BeginList(float* query, int list, float coarseDistance, float* tables);

    /// <summary>What heaps compare by (the squared distance, or the inner product negated) for consecutive codes of the list.</summary>
    private protected abstract void ScanCodes(float* query, int list, int first, int count, float* tables, float* distances);

    /// <summary>Whether distances are made up from those of the centroids.</summary>
    private protected abstract bool NeedsCoarseDistances { get; }

    /// <summary>Whether <see cref="SearchLists"/> leaves neighbours sorted, the nearest first, instead of heaps.</summary>
    private protected virtual bool FindsSorted => false;

    /// <summary>Scans the lists of several queries into their heaps. Types override this with something faster that gives the same.</summary>
    private protected virtual void SearchLists(in ListSearch search)
    {
        for (var i = 0; i < search.Count; i++)
            ScanOne(search, i);
    }

    /// <inheritdoc/>
    protected override void SearchCore(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters)
    {
        RequireOnly(parameters, probes: true, selector: true);
        // Larger heaps would only hold empty places.
        var found = (int)Math.Min(k, Math.Max(1, Count));
        var threads = ManagedThreads.Available;
        var perThread = Math.Max(MinQueriesPerTask, (n + threads - 1) / threads);
        var perTask = Math.Clamp(Math.Min(ResultsPerTask / found, perThread), 1, QueriesPerTask);
        var tasks = (n + perTask - 1) / perTask;
        fixed (float* query = queries)
        fixed (float* distance = distances)
        fixed (long* label = labels)
        {
            if (n == 1 && threads > 1 && SearchOneInParallel(query, k, found, distance, label, parameters, threads))
                return;

            if (tasks == 1 || threads == 1)
            {
                for (var task = 0; task < tasks; task++)
                    SearchTask(task, perTask, query, n, k, found, distance, label, parameters);
            }
            else
            {
                SearchInParallel(tasks, perTask, query, n, k, found, distance, label, parameters);
            }
        }
    }

    // A method of its own: the closure would be allocated on every path of the one that it stands in.
    private void SearchInParallel(
        int tasks, int perTask, float* queries, int n, int k, int found, float* distances, long* labels, SearchParameters? parameters) =>
        ManagedThreads.For(tasks, task => SearchTask(task, perTask, queries, n, k, found, distances, labels, parameters));

    private void SearchTask(
        int task, int perTask, float* queries, int n, int k, int found, float* distances, long* labels, SearchParameters? parameters)
    {
        var first = task * perTask;
        var count = Math.Min(perTask, n - first);
        var nprobe = Math.Min(parameters?.NProbe ?? NProbe, NList);
        using var scratch = Scratch.Rent();
        var search = new ListSearch
        {
            Queries = queries + (long)first * Dimension,
            Count = count,
            K = found,
            NProbe = nprobe,
            Lists = scratch.Ints((long)count * nprobe),
            CoarseDistances = scratch.Floats((long)count * nprobe),
            Distances = scratch.Floats((long)count * found),
            Labels = scratch.Longs((long)count * found),
            Selector = parameters?.Selector,
            MaxCodes = parameters?.MaxCodes ?? Volatile.Read(ref _maxCodes),
        };
        // Lists are left out from the farthest on.
        var areDistancesWanted = NeedsCoarseDistances || search.MaxCodes > 0;
        // In steps: the scores of all lists for all queries would take much memory.
        var step = (int)Math.Clamp(CoarseScoresPerStep / NList, 1, 8) * PackedPoints.TileSize;
        for (var i = 0; i < count; i += step)
        {
            var offset = (long)i * nprobe;
            var queriesOfStep = search.Queries + (long)i * Dimension;
            ChooseLists(
                queriesOfStep, Math.Min(step, count - i), nprobe, search.Lists + offset, search.CoarseDistances + offset, areDistancesWanted);
        }

        SearchAndFinish(search, k, distances + (long)first * k, labels + (long)first * k);
    }

    // A search whose lists are chosen, and its results as the caller expects them.
    private void SearchAndFinish(in ListSearch search, int k, float* distances, long* labels)
    {
        var (count, found) = (search.Count, search.K);
        NearestHeap.Clear(search.Distances, search.Labels, count * found);
        SearchLists(search);
        for (var i = 0; i < count; i++)
        {
            float* heap = search.Distances + (long)i * found;
            var ids = search.Labels + (long)i * found;
            if (!FindsSorted)
                NearestHeap.Sort(heap, ids, found);

            Finish(heap, ids, found, k, distances + (long)i * k, labels + (long)i * k);
        }
    }

    // Sorted neighbours as the caller expects them.
    private void Finish(float* sorted, long* ids, int found, int k, float* distances, long* labels)
    {
        NearestHeap.FinishSorted(sorted, ids, found, Metric);
        new ReadOnlySpan<float>(sorted, found).CopyTo(new Span<float>(distances, found));
        new ReadOnlySpan<long>(ids, found).CopyTo(new Span<long>(labels, found));
        if (k > found)
        {
            new Span<float>(distances + found, k - found).Fill(Metric == MetricType.InnerProduct ? float.MinValue : float.MaxValue);
            new Span<long>(labels + found, k - found).Fill(-1);
        }
    }

    /// <inheritdoc/>
    protected override RangeSearchResult RangeSearchCore(ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters)
    {
        RequireOnly(parameters, probes: true, selector: true);
        var hits = new RangeHits[n];
        var nprobe = Math.Min(parameters?.NProbe ?? NProbe, NList);
        fixed (float* first = queries)
        {
            var start = first;
            ManagedThreads.For(n, i => hits[i] = RangeOne(start + (long)i * Dimension, radius, nprobe, parameters));
        }

        return RangeHits.Join(hits);
    }

    private protected void ScanOne(in ListSearch search, int i)
    {
        using var scratch = Scratch.Rent();
        var tables = scratch.Floats(ScanFloats);
        var distances = scratch.Floats(CodesPerStep);
        var query = search.Queries + (long)i * Dimension;
        var heap = search.Distances + (long)i * search.K;
        var labels = search.Labels + (long)i * search.K;
        BeginQuery(query, tables);
        var scanned = 0L;
        for (var p = 0; p < search.NProbe; p++)
        {
            var list = search.Lists[(long)i * search.NProbe + p];
            if (list < 0 || Lists.Size(list) == 0)
                continue;

            BeginList(query, list, search.CoarseDistances[(long)i * search.NProbe + p], tables);
            var (ids, size) = ((nint)Lists.Ids(list), Lists.Size(list));
            for (var first = 0; first < size; first += CodesPerStep)
            {
                var count = Math.Min(CodesPerStep, size - first);
                ScanCodes(query, list, first, count, tables, distances);
                for (var j = 0; j < count; j++)
                {
                    var id = ((long*)ids)[first + j];
                    if (search.Selector is null || search.Selector.Contains(id))
                        NearestHeap.Offer(heap, labels, search.K, distances[j], id);
                }
            }

            scanned += size;
            if (search.MaxCodes > 0 && scanned >= search.MaxCodes)
                break;
        }
    }

    private RangeHits RangeOne(float* query, float radius, int nprobe, SearchParameters? parameters)
    {
        using var scratch = Scratch.Rent();
        var lists = scratch.Ints(nprobe);
        var coarse = scratch.Floats(nprobe);
        var tables = scratch.Floats(ScanFloats);
        var distances = scratch.Floats(CodesPerStep);
        var hits = new RangeHits();
        var isProduct = Metric == MetricType.InnerProduct;
        var limit = isProduct ? -radius : radius;
        ChooseLists(query, 1, nprobe, lists, coarse, NeedsCoarseDistances);
        BeginQuery(query, tables);
        for (var p = 0; p < nprobe; p++)
        {
            var list = lists[p];
            if (list < 0 || Lists.Size(list) == 0)
                continue;

            BeginList(query, list, coarse[p], tables);
            for (var first = 0; first < Lists.Size(list); first += CodesPerStep)
            {
                var count = Math.Min(CodesPerStep, Lists.Size(list) - first);
                ScanCodes(query, list, first, count, tables, distances);
                for (var j = 0; j < count; j++)
                {
                    var id = Lists.Ids(list)[first + j];
                    if (distances[j] < limit && (parameters?.Selector is null || parameters.Selector.Contains(id)))
                        hits.Add(isProduct ? -distances[j] : distances[j], id);
                }
            }
        }

        return hits;
    }
}
