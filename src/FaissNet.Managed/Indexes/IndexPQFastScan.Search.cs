namespace FaissNet.Managed;

// Searching.
public sealed unsafe partial class IndexPQFastScan
{
    // Few, so that few queries already keep all threads at work.
    private const int QueriesPerTask = 8;

    // Up to here what passes the filter is kept in a heap; above it heaps cost more than collecting.
    private const int LargestHeap = 32;

    // A list's codes are numbered with 31 bits.
    private const int CodesPerList = 1 << 30;

    /// <inheritdoc/>
    protected override void SearchCore(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters)
    {
        RequireOnly(parameters, selector: true);
        var tasks = (n + QueriesPerTask - 1) / QueriesPerTask;
        fixed (float* query = queries)
        fixed (float* distance = distances)
        fixed (long* label = labels)
        {
            if (tasks == 1 || ManagedThreads.Count == 1)
            {
                for (var task = 0; task < tasks; task++)
                    SearchTask(task, query, n, k, distance, label, parameters?.Selector);
            }
            else
            {
                SearchInParallel(tasks, query, n, k, distance, label, parameters?.Selector);
            }
        }
    }

    // A method of its own: the closure would be allocated on every path of the one that it stands in.
    private void SearchInParallel(int tasks, float* queries, int n, int k, float* distances, long* labels, IdSelector? selector) =>
        ManagedThreads.For(tasks, task => SearchTask(task, queries, n, k, distances, labels, selector));

    private void SearchTask(int task, float* queries, int n, int k, float* distances, long* labels, IdSelector? selector)
    {
        using var scratch = Scratch.Rent();
        var codebook = Codebook();
        var scanner = new FastScanner(scratch, codebook);
        var found = (int)Math.Min(k, Math.Max(1, Count));
        var lists = Lists(scratch, out var listCount);
        var scan = found > LargestHeap
            ? FastScanQuery.ForCandidates(scratch, codebook, found)
            : FastScanQuery.ForNearest(scratch, codebook, found, scratch.Floats(found), scratch.Longs(found));
        for (var i = task * QueriesPerTask; i < Math.Min(n, (task + 1) * QueriesPerTask); i++)
        {
            FillTables(codebook, queries + (long)i * Dimension, scan.Tables.Floats);
            scan.Begin(codebook, 0);
            for (var list = 0; list < listCount; list++)
            {
                if (found > LargestHeap)
                    scanner.ScanCandidates(ref scan, lists[list], list, selector);
                else
                    scanner.ScanNearest(ref scan, lists[list], selector);
            }

            float* distance = distances + (long)i * k;
            var label = labels + (long)i * k;
            NearestHeap.Clear(distance, label, k);
            if (found > LargestHeap)
            {
                scanner.Finish(ref scan, lists, distance, label);
            }
            else
            {
                scanner.Settle(ref scan);
                NearestHeap.Sort(scan.Distances, scan.Labels, found);
                new ReadOnlySpan<float>(scan.Distances, found).CopyTo(new Span<float>(distance, found));
                new ReadOnlySpan<long>(scan.Labels, found).CopyTo(new Span<long>(label, found));
            }

            NearestHeap.FinishSorted(distance, label, k, Metric);
        }
    }

    // All codes, in lists as long as they can be.
    private ScannedList* Lists(Scratch scratch, out int count)
    {
        count = (int)((Count + CodesPerList - 1) / CodesPerList);
        var lists = scratch.Take<ScannedList>(count);
        for (var list = 0; list < count; list++)
        {
            var first = (long)list * CodesPerList;
            lists[list] = new ScannedList
            {
                Codes = Place(first),
                FirstId = first,
                Size = (int)Math.Min(CodesPerList, Count - first),
                TailStride = Block,
            };
        }

        return lists;
    }

    /// <inheritdoc/>
    protected override RangeSearchResult RangeSearchCore(ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters)
    {
        RequireOnly(parameters, selector: true);
        var hits = new RangeHits[n];
        fixed (float* first = queries)
        {
            var start = first;
            ManagedThreads.For(n, i => hits[i] = RangeOne(start + (long)i * Dimension, radius, parameters?.Selector));
        }

        return RangeHits.Join(hits);
    }

    private RangeHits RangeOne(float* query, float radius, IdSelector? selector)
    {
        using var scratch = Scratch.Rent();
        var codebook = Codebook();
        var tables = scratch.Floats(codebook.TableSize);
        var distances = stackalloc float[FastScanDistances.Lanes];
        var hits = new RangeHits();
        var isProduct = Metric == MetricType.InnerProduct;
        FillTables(codebook, query, tables);
        for (long first = 0; first < Count; first += FastScanDistances.Lanes)
        {
            new Span<float>(distances, FastScanDistances.Lanes).Clear();
            FastScanDistances.Add(Place(first), Block, CodeSize, tables, distances);
            for (var lane = 0; lane < Math.Min(FastScanDistances.Lanes, Count - first); lane++)
            {
                if (distances[lane] < (isProduct ? -radius : radius) && (selector is null || selector.Contains(first + lane)))
                    hits.Add(isProduct ? -distances[lane] : distances[lane], first + lane);
            }
        }

        return hits;
    }

    private void FillTables(FastScanCodebook codebook, float* query, float* tables)
    {
        if (Metric == MetricType.InnerProduct)
            codebook.FillProducts(query, -1, tables);
        else
            codebook.FillSquared(query, tables);
    }

    // Two threads may both lay them out: they make the same.
    private FastScanCodebook Codebook()
    {
        if (Volatile.Read(ref _codebook) is { } ready)
            return ready;

        var made = new FastScanCodebook(Pq);
        Volatile.Write(ref _codebook, made);
        return made;
    }
}
