using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

// Scanning into heaps.
internal readonly unsafe ref partial struct FastScanner
{
    /// <summary>Scans a list into the heap of a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="list">The list.</param>
    /// <param name="selector">Only these ids count; null for all.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ScanNearest(ref FastScanQuery query, in ScannedList list, IdSelector? selector)
    {
        var blocks = Blocks(list.Size);
        for (var block = 0; block < blocks;)
        {
            var count = Math.Min(BlocksPerStep, blocks - block);
            if (query.Tables.Saturates)
            {
                fixed (FastScanQuery* pinned = &query)
                {
                    var (single, bias) = ((nint)pinned, list.Bias);
                    ScanFrom(block, (FastScanQuery**)&single, &bias, 1, list, selector);
                }

                query.Refine(_rows, _parts);
                return;
            }

            if (query.Limit == float.PositiveInfinity)
                count = ScanFirst(ref query, list, block, count, selector);
            else if (Filter(query, list, block, count))
                Offer(ref query, list, block * Block, count, _masks, selector);

            block += count;
            // From here on nothing above the limit needs to be told apart. Terms differ by code: sums alone have no limit.
            if (query.Limit < float.PositiveInfinity && list.Terms is null)
                query.Saturate(_rows, _parts, list.Bias);
        }
    }

    /// <summary>Scans a list into the heaps of several queries, whose tables saturate.</summary>
    /// <param name="queries">The queries.</param>
    /// <param name="biases">The list's bias for each.</param>
    /// <param name="count">How many, at most <see cref="FastScanFilter.MaxQueries"/>.</param>
    /// <param name="list">The list. Its own bias does not matter.</param>
    /// <param name="selector">Only these ids count; null for all.</param>
    public void ScanNearestTogether(FastScanQuery** queries, float* biases, int count, in ScannedList list, IdSelector? selector) =>
        ScanFrom(0, queries, biases, count, list, selector);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanFrom(int block, FastScanQuery** queries, float* biases, int count, in ScannedList list, IdSelector? selector)
    {
        var tables = stackalloc byte*[FastScanFilter.MaxQueries];
        var limits = stackalloc byte[FastScanFilter.MaxQueries];
        var active = stackalloc int[FastScanFilter.MaxQueries];
        var biased = list;
        for (var blocks = Blocks(list.Size); block < blocks; block += BlocksPerStep)
        {
            var some = 0;
            for (var i = 0; i < count; i++)
            {
                ushort limit = byte.MaxValue;
                if (!HasLimit(*queries[i], biases[i], ref limit))
                    continue;

                limits[some] = (byte)limit;
                tables[some] = queries[i]->Tables.Bytes;
                active[some++] = i;
            }

            if (some == 0)
                return;

            var step = Math.Min(BlocksPerStep, blocks - block);
            var tail = block + step == blocks ? list.Size % Block : 0;
            var codes = list.Codes + (long)block * Block * _rows;
            FastScanFilter.Mask(codes, step, _rows, tail == 0 ? Block : list.TailStride, some, tables, limits, _masks);
            for (var i = 0; i < some; i++)
            {
                var masks = _masks + i * BlocksPerStep;
                if (tail != 0)
                    masks[step - 1] &= (1UL << tail) - 1;

                biased.Bias = biases[active[i]];
                Offer(ref *queries[active[i]], biased, block * Block, step, masks, selector);
            }
        }
    }

    // Before there is a limit. The k codes with the smallest sums are near, and their distances a limit that rules out most of the others. Returns
    // the number of blocks scanned.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ScanFirst(ref FastScanQuery query, in ScannedList list, int block, int count, IdSelector? selector)
    {
        var codes = Math.Min(count * Block, list.Size - block * Block);
        if (codes <= query.K || list.Terms is not null || selector is not null)
        {
            // All of a block; it already gives a limit for those behind it.
            if (Filter(query, list, block, 1))
                Offer(ref query, list, block * Block, 1, _masks, selector);

            Settle(ref query);
            return 1;
        }

        Filter(query, list, block, count);
        // The masks are those of all codes, without what is behind them.
        var left = stackalloc ulong[BlocksPerStep];
        new Span<ulong>(_masks, count).CopyTo(new Span<ulong>(left, count));
        new Span<ushort>(_sums + codes, count * Block - codes).Fill(ushort.MaxValue);
        TakeUpTo(FastScanSums.Kth(_sums, count * Block, query.K), count, left);
        Offer(ref query, list, block * Block, count, _masks, null);
        Settle(ref query);
        var limit = ushort.MaxValue;
        if (HasLimit(query, list.Bias, ref limit))
        {
            TakeUpTo(limit, count, left);
            Offer(ref query, list, block * Block, count, _masks, null);
            Settle(ref query);
        }

        return count;
    }

    // Takes out of what is left the codes whose sums are within the limit.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeUpTo(ushort limit, int blocks, ulong* left)
    {
        FastScanSums.MaskUpTo(_sums, blocks, limit, _masks);
        for (var block = 0; block < blocks; block++)
        {
            _masks[block] &= left[block];
            left[block] &= ~_masks[block];
        }
    }

    // Puts what passed among what waits: the distances of as many codes as a vector has lanes cost as much as that of one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Offer(ref FastScanQuery query, in ScannedList list, int first, int blocks, ulong* masks, IdSelector? selector)
    {
        var found = 0;
        for (var block = 0; block < blocks; block++)
            found += BitPositions.Append(masks[block], first + block * Block, _positions + found);

        query.IdsAreFar = list.Ids is not null;
        for (var i = 0; i < found; i++)
        {
            var index = _positions[i];
            if (selector is not null && !selector.Contains(list.Id(index)))
                continue;

            var lane = query.Waiting++;
            if (query.IdsAreFar && Sse.IsSupported)
                Sse.Prefetch0(list.Ids + index);

            query.WaitingIds[lane] = query.IdsAreFar ? (long)(list.Ids + index) : list.FirstId + index;
            query.WaitingDistances[lane] = CopyCode(list, index, query.WaitingCodes + lane);
            if (query.Waiting == Lanes)
                Settle(ref query);
        }
    }

    /// <summary>Computes the distances of what waits and offers them to the heap, which before the end of a query may lack them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Settle(ref FastScanQuery query)
    {
        if (query.Waiting == 0)
            return;

        var distances = query.WaitingDistances;
        FastScanDistances.Add(query.WaitingCodes, Lanes, _rows, query.Tables.Floats, distances);
        for (var lane = 0; lane < query.Waiting; lane++)
        {
            if (!(distances[lane] <= query.Distances[0]))
                continue;

            var id = query.IdsAreFar ? *(long*)query.WaitingIds[lane] : query.WaitingIds[lane];
            NearestHeap.Offer(query.Distances, query.Labels, query.K, distances[lane], id);
        }

        query.Waiting = 0;
        // What is not nearer than the farthest kept has a value of at most its distance and the error.
        if (query.Labels[0] != -1)
            query.Limit = MathF.BitIncrement(query.Distances[0] + query.Tables.Error);
    }
}
