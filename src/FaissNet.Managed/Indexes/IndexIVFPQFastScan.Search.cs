using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

// Searching.
public sealed unsafe partial class IndexIVFPQFastScan
{
    // Up to here the distances of what passes the filter are computed at once and kept in a heap; above it they are collected, because heaps
    // cost more the larger they are.
    private const int LargestHeap = 32;

    // Fewer queries than this share too few lists.
    private const int FewestTogether = 8;

    private const int CacheLine = 64;
    private const int PrefetchedBytes = 32 * CacheLine;

    // Enough for lists to be shared, and few enough for what is kept of all to stay in the second-level cache.
    private protected override int QueriesPerTask => 256;

    private protected override bool FindsSorted => true;

    // The tables, and behind them what is added to every distance of a list.
    private protected override long ScanFloats => Codebook().TableSize + FastScanDistances.Lanes;

    /// <inheritdoc/>
    internal override void FindCandidates(float* queries, int n, int k, int room, long* labels, int* counts, SearchParameters? parameters)
    {
        RequireOnly(parameters, probes: true, selector: true);
        var nprobe = Math.Min(parameters?.NProbe ?? NProbe, NList);
        using var scratch = Scratch.Rent();
        var search = new ListSearch
        {
            Queries = queries,
            Count = n,
            K = k,
            NProbe = nprobe,
            Lists = scratch.Ints((long)n * nprobe),
            CoarseDistances = scratch.Floats((long)n * nprobe),
            Selector = parameters?.Selector,
            MaxCodes = parameters?.MaxCodes ?? MaxCodes,
        };
        ChooseLists(queries, n, nprobe, search.Lists, search.CoarseDistances, NeedsCoarseDistances || search.MaxCodes > 0);
        var codebook = Codebook();
        var scanner = new FastScanner(scratch, codebook);
        var scans = scratch.Take<FastScanQuery>(n);
        for (var i = 0; i < n; i++)
            scans[i] = FastScanQuery.ForCandidates(scratch, codebook, k);

        ScanTogether(search, codebook, scanner, scans, scratch);
        for (var i = 0; i < n; i++)
            counts[i] = TakeCandidates(search, i, scanner, ref scans[i], room, labels + (long)i * room);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void SearchLists(in ListSearch search)
    {
        using var scratch = Scratch.Rent();
        var codebook = Codebook();
        var scanner = new FastScanner(scratch, codebook);
        if (search.K <= LargestHeap)
        {
            var scans = scratch.Take<FastScanQuery>(search.Count);
            for (var i = 0; i < search.Count; i++)
            {
                scans[i] = FastScanQuery.ForNearest(
                    scratch, codebook, search.K, search.Distances + (long)i * search.K, search.Labels + (long)i * search.K);
            }

            ScanTogether(search, codebook, scanner, scans, scratch);
            for (var i = 0; i < search.Count; i++)
            {
                scanner.Settle(ref scans[i]);
                NearestHeap.Sort(scans[i].Distances, scans[i].Labels, search.K);
            }

            return;
        }

        var scan = FastScanQuery.ForCandidates(scratch, codebook, search.K);
        var lists = scratch.Take<ScannedList>(search.NProbe);
        for (var i = 0; i < search.Count; i++)
        {
            Begin(search, i, codebook, ref scan);
            var probes = Probes(search, i);
            for (var p = 0; p < probes; p++)
                Scan(search, i, p, scanner, ref scan);

            for (var p = 0; p < probes; p++)
                lists[p] = ListAt(search, i, p);

            scanner.Finish(ref scan, lists, search.Distances + (long)i * search.K, search.Labels + (long)i * search.K);
        }
    }

    // Every query scans its nearest lists first: they give it a limit that is nearly final. The others are taken list by list: a list comes from
    // memory once for all queries that visit it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanTogether(in ListSearch search, FastScanCodebook codebook, in FastScanner scanner, FastScanQuery* scans, Scratch scratch)
    {
        var together = search.Count >= FewestTogether;
        var firsts = scratch.Ints(search.Count);
        var probes = scratch.Ints(search.Count);
        for (var i = 0; i < search.Count; i++)
        {
            Begin(search, i, codebook, ref scans[i]);
            probes[i] = Probes(search, i);
            var p = 0;
            while (p < probes[i] && (!together || scans[i].Limit == float.PositiveInfinity))
            {
                Scan(search, i, p, scanner, ref scans[i]);
                p++;
            }

            firsts[i] = p;
        }

        if (!together)
            return;

        // Sorted by list, by counting.
        var starts = scratch.Ints(NList + 1);
        var pairs = scratch.Longs((long)search.Count * search.NProbe);
        new Span<int>(starts, NList + 1).Clear();
        for (var i = 0; i < search.Count; i++)
        {
            for (var p = firsts[i]; p < probes[i]; p++)
                starts[search.Lists[(long)i * search.NProbe + p] + 1]++;
        }

        for (var list = 0; list < NList; list++)
            starts[list + 1] += starts[list];

        var total = starts[NList];
        for (var i = search.Count - 1; i >= 0; i--)
        {
            for (var p = firsts[i]; p < probes[i]; p++)
                pairs[--starts[search.Lists[(long)i * search.NProbe + p] + 1]] = (long)i << 32 | (uint)p;
        }

        for (int j = 0, next; j < total; j = next)
        {
            next = j + 1;
            var list = ListOf(search, pairs[j]);
            while (next < total && next - j < FastScanFilter.MaxQueries && ListOf(search, pairs[next]) == list)
                next++;

            if (next < total)
                Prefetch(ListOf(search, pairs[next]));

            ScanList(search, pairs + j, next - j, scanner, scans);
        }
    }

    // Asks for the first codes of a list ahead of time: behind them the processor sees by itself what comes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Prefetch(int list)
    {
        if (!Sse.IsSupported)
            return;

        var codes = Lists.Codes(list);
        var bytes = Math.Min(PrefetchedBytes, (long)Lists.Size(list) * CodeSize);
        for (long at = 0; at < bytes; at += CacheLine)
            Sse.Prefetch0(codes + at);
    }

    private static int ListOf(in ListSearch search, long pair) => search.Lists[(pair >> 32) * search.NProbe + (int)pair];

    // One list for several queries.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanList(in ListSearch search, long* pairs, int count, in FastScanner scanner, FastScanQuery* scans)
    {
        var queries = stackalloc FastScanQuery*[FastScanFilter.MaxQueries];
        var biases = stackalloc float[FastScanFilter.MaxQueries];
        var together = 0;
        for (var j = 0; j < count; j++)
        {
            var (i, p) = ((int)(pairs[j] >> 32), (int)pairs[j]);
            if (scans[i].Distances is null || !scans[i].Tables.Saturates)
            {
                Scan(search, i, p, scanner, ref scans[i]);
                continue;
            }

            queries[together] = scans + i;
            biases[together++] = ByResidual ? search.CoarseDistances[(long)i * search.NProbe + p] : 0;
        }

        if (together == 0)
            return;

        var list = ListAt(search, (int)(pairs[0] >> 32), (int)pairs[0]);
        if (list.Size > 0)
            scanner.ScanNearestTogether(queries, biases, together, list, search.Selector);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Begin(in ListSearch search, int i, FastScanCodebook codebook, ref FastScanQuery scan)
    {
        FillTables(codebook, search.Queries + (long)i * Dimension, scan.Tables.Floats);
        var coarse = search.CoarseDistances + (long)i * search.NProbe;
        var magnitude = 0f;
        for (var p = 0; ByResidual && p < search.NProbe && search.Lists[(long)i * search.NProbe + p] >= 0; p++)
            magnitude = Math.Max(magnitude, Math.Abs(coarse[p]));

        scan.Begin(codebook, magnitude + _largestTerm);
    }

    // How many of its lists a query visits.
    private int Probes(in ListSearch search, int i)
    {
        var lists = search.Lists + (long)i * search.NProbe;
        long scanned = 0;
        for (var p = 0; p < search.NProbe; p++)
        {
            if (lists[p] < 0 || (search.MaxCodes > 0 && scanned >= search.MaxCodes))
                return p;

            scanned += Lists.Size(lists[p]);
        }

        return search.NProbe;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scan(in ListSearch search, int i, int p, in FastScanner scanner, ref FastScanQuery scan)
    {
        var list = ListAt(search, i, p);
        if (list.Size == 0)
            return;

        if (scan.Distances is not null)
            scanner.ScanNearest(ref scan, list, search.Selector);
        else
            scanner.ScanCandidates(ref scan, list, p, search.Selector);
    }

    private ScannedList ListAt(in ListSearch search, int i, int p)
    {
        var list = search.Lists[(long)i * search.NProbe + p];
        var size = Lists.Size(list);
        return new ScannedList
        {
            Codes = Lists.Codes(list),
            Ids = Lists.Ids(list),
            Terms = KeepsTerms ? Lists.Terms(list) : null,
            Size = size,
            TailStride = InvertedLists.TailStride(size, FastScan.BlockSize),
            Bias = ByResidual ? search.CoarseDistances[(long)i * search.NProbe + p] : 0,
        };
    }

    // All candidates, or, where they are too many, the k nearest.
    private int TakeCandidates(in ListSearch search, int i, in FastScanner scanner, ref FastScanQuery scan, int room, long* labels)
    {
        scan.Candidates.ShrinkExactly();
        var count = scan.Candidates.Count;
        if (count > room)
        {
            using var scratch = Scratch.Rent();
            var lists = scratch.Take<ScannedList>(search.NProbe);
            for (var p = 0; p < Probes(search, i); p++)
                lists[p] = ListAt(search, i, p);

            return scanner.Finish(ref scan, lists, null, labels);
        }

        for (var j = 0; j < count; j++)
        {
            var place = scan.Candidates.Places[j];
            labels[j] = Lists.Ids(search.Lists[(long)i * search.NProbe + (place >> 32)])[(int)place];
        }

        return count;
    }

    private protected override void BeginQuery(float* query, float* tables) => FillTables(Codebook(), query, tables);

    private protected override void BeginList(float* query, int list, float coarseDistance, float* tables) =>
        tables[Codebook().TableSize] = ByResidual ? coarseDistance : 0;

    private protected override void ScanCodes(float* query, int list, int first, int count, float* tables, float* distances)
    {
        var size = Lists.Size(list);
        var bias = tables[Codebook().TableSize];
        var terms = KeepsTerms ? Lists.Terms(list) : null;
        var sums = stackalloc float[FastScanDistances.Lanes];
        for (var i = first; i < first + count; i += FastScanDistances.Lanes)
        {
            var block = i / FastScan.BlockSize;
            var stride = block < size / FastScan.BlockSize ? FastScan.BlockSize : InvertedLists.TailStride(size, FastScan.BlockSize);
            var lanes = Math.Min(FastScanDistances.Lanes, first + count - i);
            for (var lane = 0; lane < FastScanDistances.Lanes; lane++)
                sums[lane] = terms is null || lane >= lanes ? bias : bias + terms[i + lane];

            var codes = Lists.Codes(list) + (long)block * FastScan.BlockSize * CodeSize + i % FastScan.BlockSize;
            FastScanDistances.Add(codes, stride, CodeSize, tables, sums);
            new ReadOnlySpan<float>(sums, lanes).CopyTo(new Span<float>(distances + i - first, lanes));
        }
    }

    // What depends on the query and a code alone.
    private void FillTables(FastScanCodebook codebook, float* query, float* tables)
    {
        if (Metric == MetricType.InnerProduct)
            codebook.FillProducts(query, -1, tables);
        else if (ByResidual)
            codebook.FillProducts(query, -2, tables);
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
