namespace FaissNet.Managed;

// Searching.
public sealed unsafe partial class IndexIVFPQFastScan
{
    private protected override bool FindsSorted => true;

    // The tables, and behind them what is added to every distance of a list.
    private protected override long ScanFloats => Codebook().TableSize + FastScanDistances.Lanes;

    private protected override void SearchLists(in ListSearch search)
    {
        using var scratch = Scratch.Rent();
        var codebook = Codebook();
        var scan = new FastScanQuery(scratch, codebook, search.K, search.NProbe);
        for (var i = 0; i < search.Count; i++)
        {
            ScanQuery(search, i, codebook, ref scan);
            scan.Finish(search.Distances + (long)i * search.K, search.Labels + (long)i * search.K);
        }
    }

    private void ScanQuery(in ListSearch search, int i, FastScanCodebook codebook, ref FastScanQuery scan)
    {
        FillTables(codebook, search.Queries + (long)i * Dimension, scan.Tables);
        var lists = search.Lists + (long)i * search.NProbe;
        var coarse = search.CoarseDistances + (long)i * search.NProbe;
        var magnitude = 0f;
        for (var p = 0; ByResidual && p < search.NProbe && lists[p] >= 0; p++)
            magnitude = Math.Max(magnitude, Math.Abs(coarse[p]));

        scan.Begin(magnitude + _largestTerm);
        var scanned = 0L;
        for (var p = 0; p < search.NProbe && (search.MaxCodes == 0 || scanned < search.MaxCodes); p++)
        {
            var list = lists[p];
            var size = list < 0 ? 0 : Lists.Size(list);
            if (size == 0)
                continue;

            var scannedList = new ScannedList
            {
                Codes = Lists.Codes(list),
                Ids = Lists.Ids(list),
                Terms = KeepsTerms ? Lists.Terms(list) : null,
                Size = size,
                Bias = ByResidual ? coarse[p] : 0,
            };
            var next = p + 1 < search.NProbe && lists[p + 1] >= 0 ? Lists.Codes(lists[p + 1]) : null;
            scan.Scan(scannedList, search.Selector, next);
            scanned += size;
        }
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
