using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

// Searching. One query reads its lists one after the other. A batch goes through the lists instead: each is read once and multiplied with
// all queries that visit it.
public sealed unsafe partial class IndexIVFFlat
{
    // Fewer queries of a list do not fill a tile well enough to be worth it.
    private const int MinTiledQueries = 3;

    // Queries in lanes at a time, as many as stay in cache while a list passes.
    private const int TilesPerPass = 16;

    // Of the list that comes next; behind a page's beginning the processor sees by itself what comes, and asked for more it is slower.
    private const int PrefetchedBytes = 4096;

    // A part for a thread is worth its start from here on.
    private const long PartFloats = 1 << 19;

    // The more queries a list is multiplied with, the less is read and packed for each.
    private protected override int QueriesPerTask => 4096;

    private protected override void SearchLists(in ListSearch search)
    {
        if (search.MaxCodes > 0)
            EndLists(search);

        if (search.Count > 1)
            SearchByList(search);
        else if (ManagedThreads.Available > 1 && VisitedCodes(search) * Dimension >= 2 * PartFloats)
            SearchInParts(search);
        else
            ScanLists(search.Queries, search.Lists, search.NProbe, search.Selector, search.Distances, search.Labels, search.K);
    }

    // The lists beyond those with which a query has seen enough are none.
    private void EndLists(in ListSearch search)
    {
        for (var i = 0; i < search.Count; i++)
        {
            var lists = search.Lists + (long)i * search.NProbe;
            var codes = 0L;
            for (var p = 0; p < search.NProbe; p++)
            {
                if (codes >= search.MaxCodes)
                    lists[p] = -1;
                else if (lists[p] >= 0)
                    codes += Lists.Size(lists[p]);
            }
        }
    }

    private long VisitedCodes(in ListSearch search)
    {
        var codes = 0L;
        for (var p = 0; p < search.NProbe; p++)
            codes += search.Lists[p] < 0 ? 0 : Lists.Size(search.Lists[p]);

        return codes;
    }

    private RowSet Rows(int list) => new() { Vectors = (float*)Lists.Codes(list), Count = Lists.Size(list), Ids = Lists.Ids(list) };

    private void ScanLists(float* query, int* lists, int count, IdSelector? selector, float* heap, long* labels, int k)
    {
        for (var p = 0; p < count; p++)
        {
            if (p + 1 < count && lists[p + 1] >= 0)
                Prefetch(lists[p + 1]);

            if (lists[p] >= 0)
                FlatScan.One(Metric, query, Dimension, Rows(lists[p]), selector, heap, labels, k);
        }
    }

    private void Prefetch(int list)
    {
        var bytes = Math.Min(PrefetchedBytes, (long)Lists.Size(list) * Lists.CodeSize);
        for (var b = 0L; Sse.IsSupported && b < bytes; b += UnmanagedBuffer.Alignment)
            Sse.Prefetch0(Lists.Codes(list) + b);
    }

    // One query on many threads: each takes lists with about as many codes.
    private void SearchInParts(ListSearch search)
    {
        var codes = VisitedCodes(search);
        var parts = (int)Math.Clamp(codes * Dimension / PartFloats, 1, Math.Min(ManagedThreads.Available, search.NProbe));
        using var scratch = Scratch.Rent();
        var ends = scratch.Ints(parts + 1);
        var seen = 0L;
        ends[0] = 0;
        for (int p = 0, part = 1; part <= parts; part++)
        {
            for (; p < search.NProbe && (part == parts || seen < codes * part / parts); p++)
                seen += search.Lists[p] < 0 ? 0 : Lists.Size(search.Lists[p]);

            ends[part] = p;
        }

        var heaps = scratch.Floats((long)parts * search.K);
        var labels = scratch.Longs((long)parts * search.K);
        NearestHeap.Clear(heaps, labels, parts * search.K);
        ManagedThreads.For(parts, part => ScanLists(
            search.Queries, search.Lists + ends[part], ends[part + 1] - ends[part], search.Selector,
            heaps + (long)part * search.K, labels + (long)part * search.K, search.K));
        NearestHeap.OfferMany(search.Distances, search.Labels, search.K, heaps, labels, 0, parts * search.K, null);
    }

    private void SearchByList(in ListSearch search)
    {
        using var scratch = Scratch.Rent();
        var starts = scratch.Ints(NList + 1);
        var visitors = scratch.Ints((long)search.Count * search.NProbe);
        SortByList(search, starts, visitors);

        var thresholds = scratch.Floats(search.Count);
        new Span<float>(thresholds, search.Count).Fill(float.NegativeInfinity);
        var norms = scratch.Take<double>(search.Count);
        for (var i = 0; i < search.Count; i++)
            norms[i] = ScoreBound.SquaredNorm(search.Queries + (long)i * Dimension, Dimension);

        var sink = new HeapSink
        {
            Metric = Metric,
            Dimension = Dimension,
            Selector = search.Selector,
            Bound = new ScoreBound(Metric, Dimension),
            Queries = search.Queries,
            Norms = norms,
            Heaps = search.Distances,
            Labels = search.Labels,
            K = search.K,
            Stride = search.K,
        };
        for (var list = 0; list < NList; list++)
        {
            var count = starts[list + 1] - starts[list];
            if (count == 0 || Lists.Size(list) == 0)
                continue;

            sink.Rows = Rows(list);
            if (count < MinTiledQueries || Dimension > FlatSearch.LargestPackedDimension)
                ScanOneByOne(ref sink, visitors + starts[list], count, thresholds);
            else
                ScanTiles(ref sink, visitors + starts[list], count, thresholds);
        }
    }

    private void ScanOneByOne(ref HeapSink sink, int* queries, int count, float* thresholds)
    {
        for (var v = 0; v < count; v++)
        {
            var i = queries[v];
            float* heap = sink.Heaps + i * sink.Stride, query = sink.Queries + (long)i * Dimension;
            FlatScan.One(Metric, query, Dimension, sink.Rows, sink.Selector, heap, sink.Labels + i * sink.Stride, sink.K);
            thresholds[i] = sink.Bound.Threshold(sink.Norms[i], heap[0]);
        }
    }

    private void ScanTiles(ref HeapSink sink, int* queries, int count, float* thresholds)
    {
        for (var first = 0; first < count;)
        {
            using var scratch = Scratch.Rent();
            var tiles = scratch.Take<QueryTile>(TilesPerPass);
            var tileCount = 0;
            for (; tileCount < TilesPerPass && first < count; tileCount++)
            {
                var tile = QueryTile.Take(scratch, QueryTile.LanesFor(count - first), Dimension);
                tile.Count = Math.Min(tile.Lanes, count - first);
                for (var lane = 0; lane < tile.Count; lane++)
                {
                    tile.Queries[lane] = queries[first + lane];
                    tile.Thresholds[lane] = thresholds[tile.Queries[lane]];
                }

                tile.Pack(sink.Queries, Dimension);
                tiles[tileCount] = tile;
                first += tile.Count;
            }

            var packed = new ReadOnlySpan<QueryTile>(tiles, tileCount);
            FlatScan.Tiles(ref sink, sink.Bound, packed, Dimension, sink.Rows.Vectors, sink.Rows.Count);
            foreach (ref readonly var tile in packed)
            {
                for (var lane = 0; lane < tile.Count; lane++)
                    thresholds[tile.Queries[lane]] = tile.Thresholds[lane];
            }
        }
    }

    // Queries by the lists that they visit.
    private void SortByList(in ListSearch search, int* starts, int* visitors)
    {
        new Span<int>(starts, NList + 1).Clear();
        var pairs = search.Count * search.NProbe;
        for (var pair = 0; pair < pairs; pair++)
        {
            if (search.Lists[pair] >= 0)
                starts[search.Lists[pair] + 1]++;
        }

        for (var list = 0; list < NList; list++)
            starts[list + 1] += starts[list];

        using var scratch = Scratch.Rent();
        var next = scratch.Ints(NList);
        new ReadOnlySpan<int>(starts, NList).CopyTo(new Span<int>(next, NList));
        for (var i = 0; i < search.Count; i++)
        {
            for (var p = 0; p < search.NProbe; p++)
            {
                var list = search.Lists[i * search.NProbe + p];
                if (list >= 0)
                    visitors[next[list]++] = i;
            }
        }
    }
}
