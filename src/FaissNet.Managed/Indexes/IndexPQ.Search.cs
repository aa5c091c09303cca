namespace FaissNet.Managed;

// Searching.
public sealed unsafe partial class IndexPQ
{
    // Bounds the heaps of one task where k is large.
    private const int ResultsPerTask = 1 << 20;

    /// <inheritdoc/>
    protected override void SearchCore(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters)
    {
        RequireOnly(parameters, selector: true);
        var found = (int)Math.Min(k, Math.Max(1, Count));
        var perTask = Math.Clamp(ResultsPerTask / found, 1, Codebook().QueriesPerPass);
        var tasks = (n + perTask - 1) / perTask;
        fixed (float* query = queries)
        fixed (float* distance = distances)
        fixed (long* label = labels)
        {
            if (tasks == 1 || ManagedThreads.Count == 1)
            {
                for (var task = 0; task < tasks; task++)
                    SearchTask(task, perTask, query, n, k, found, distance, label, parameters?.Selector);
            }
            else
            {
                SearchInParallel(tasks, perTask, query, n, k, found, distance, label, parameters?.Selector);
            }
        }
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

    // A method of its own: the closure would be allocated on every path of the one that it stands in.
    private void SearchInParallel(
        int tasks, int perTask, float* queries, int n, int k, int found, float* distances, long* labels, IdSelector? selector) =>
        ManagedThreads.For(tasks, task => SearchTask(task, perTask, queries, n, k, found, distances, labels, selector));

    private void SearchTask(
        int task, int perTask, float* queries, int n, int k, int found, float* distances, long* labels, IdSelector? selector)
    {
        var first = task * perTask;
        var count = Math.Min(perTask, n - first);
        var codebook = Codebook();
        using var scratch = Scratch.Rent();
        var tables = scratch.Floats(codebook.TableFloats * count);
        var bytes = scratch.Bytes(PqSearch.ScratchBytes(CodeSize));
        var heap = scratch.Floats(found);
        var ids = scratch.Longs(found);
        FillTables(queries + (long)first * Dimension, count, tables);
        for (var i = 0; i < count; i++)
        {
            NearestHeap.Clear(heap, ids, found);
            var table = tables + i * codebook.TableFloats;
            if (IsTransposed)
                ScanBlocks(table, bytes, selector, heap, ids, found);
            else
                ScanParts(table, selector, heap, ids, found);

            NearestHeap.Finish(heap, ids, found, Metric);
            float* distance = distances + (long)(first + i) * k;
            var label = labels + (long)(first + i) * k;
            new ReadOnlySpan<float>(heap, found).CopyTo(new Span<float>(distance, found));
            new ReadOnlySpan<long>(ids, found).CopyTo(new Span<long>(label, found));
            if (k > found)
            {
                new Span<float>(distance + found, k - found).Fill(Metric == MetricType.InnerProduct ? float.MinValue : float.MaxValue);
                new Span<long>(label + found, k - found).Fill(-1);
            }
        }
    }

    private void ScanBlocks(float* table, byte* bytes, IdSelector? selector, float* heap, long* ids, int k)
    {
        var nearest = new PqSearch(table, CodeSize, bytes, selector, heap, ids, k);
        for (var first = 0L; first < Count; first += CodesPerStep)
        {
            nearest.Scan(new PqBlocks
            {
                Codes = Codes + first * CodeSize,
                FirstId = first,
                Size = (int)Math.Min(CodesPerStep, Count - first),
                CodeSize = CodeSize,
                TailStride = PqScan.BlockSize,
            });
        }
    }

    private void ScanParts(float* table, IdSelector? selector, float* heap, long* ids, int k)
    {
        var width = Codebook().Width;
        for (var i = 0L; i < Count; i++)
        {
            if (selector is null || selector.Contains(i))
                NearestHeap.Offer(heap, ids, k, PqScan.SumParts(Codes + i * CodeSize, M, NBits, width, table), i);
        }
    }

    private RangeHits RangeOne(float* query, float radius, IdSelector? selector)
    {
        var codebook = Codebook();
        var isProduct = Metric == MetricType.InnerProduct;
        using var scratch = Scratch.Rent();
        var table = scratch.Floats(codebook.TableFloats);
        FillTables(query, 1, table);
        var hits = new RangeHits();
        for (var i = 0L; i < Count; i++)
        {
            if (selector is not null && !selector.Contains(i))
                continue;

            var code = Place(i);
            var distance = IsTransposed
                ? PqScan.Sum(code, Stride, CodeSize, table)
                : PqScan.SumParts(code, M, NBits, codebook.Width, table);
            if (distance < (isProduct ? -radius : radius))
                hits.Add(isProduct ? -distance : distance, i);
        }

        return hits;
    }

    // Tables of squared distances, or of inner products negated.
    private void FillTables(float* queries, int count, float* tables)
    {
        if (Metric == MetricType.L2)
        {
            Codebook().Fill<DistanceKernels.SquaredDifference>(queries, count, tables);
            return;
        }

        using var scratch = Scratch.Rent();
        var negated = scratch.Floats((long)count * Dimension);
        for (var j = 0; j < count * Dimension; j++)
            negated[j] = -queries[j];

        Codebook().Fill<DistanceKernels.Product>(negated, count, tables);
    }
}
