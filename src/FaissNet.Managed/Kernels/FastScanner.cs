using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// Finds the nearest codes of queries: all codes are summed by <see cref="FastScan"/>, and of the few that the sums cannot rule out the
/// distances are computed in float. The result is that of computing all: see <see cref="FastScanTables"/> and
/// <see cref="FastScanCandidates"/>. One of these serves many queries, each as far as it likes.
/// </summary>
internal readonly unsafe ref partial struct FastScanner
{
    /// <summary>Codes that are summed before one looks at their sums, which then still lie in the first-level cache.</summary>
    public const int CodesPerStep = BlocksPerStep * Block;

    private const int Block = FastScan.BlockSize;
    private const int BlocksPerStep = FastScanFilter.MaxBlocks;
    private const int Lanes = FastScanDistances.Lanes;

    private readonly Scratch _scratch;
    private readonly int _rows;
    private readonly int _parts;
    private readonly ushort* _sums;
    private readonly ulong* _masks;
    private readonly int* _positions;
    private readonly byte* _codes;
    private readonly float* _lanes;

    /// <param name="scratch">Memory that outlives the queries.</param>
    /// <param name="codebook">The centroids.</param>
    public FastScanner(Scratch scratch, FastScanCodebook codebook)
    {
        _scratch = scratch;
        _rows = codebook.Rows;
        _parts = codebook.M;
        _sums = scratch.Take<ushort>(CodesPerStep);
        _masks = scratch.Take<ulong>(FastScanFilter.MaxQueries * BlocksPerStep);
        _positions = scratch.Ints(CodesPerStep + BitPositions.Slack);
        _codes = scratch.Bytes(_rows * Lanes);
        _lanes = scratch.Floats(Lanes);
    }

    /// <summary>Scans a list into the candidates of a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="list">The list.</param>
    /// <param name="number">What the places of the candidates have in their upper half.</param>
    /// <param name="selector">Only these ids count; null for all.</param>
    public void ScanCandidates(ref FastScanQuery query, in ScannedList list, int number, IdSelector? selector)
    {
        var place = (long)number << 32;
        var blocks = Blocks(list.Size);
        for (var block = 0; block < blocks; block += BlocksPerStep)
        {
            var count = Math.Min(BlocksPerStep, blocks - block);
            if (Filter(query, list, block, count))
                Collect(ref query, list, place, block * Block, count, selector);
        }
    }

    /// <summary>The distances of candidates, as numbers that sort like them, with their positions among the candidates below. What is not a
    /// number is left out.</summary>
    /// <param name="query">The query.</param>
    /// <param name="lists">The lists that the places count.</param>
    /// <param name="found">Receives one number per candidate.</param>
    /// <param name="ids">Receives the ids of the candidates.</param>
    /// <returns>How many numbers there are.</returns>
    public int Evaluate(in FastScanQuery query, ScannedList* lists, ulong* found, long* ids)
    {
        int count = query.Candidates.Count, kept = 0;
        for (var first = 0; first < count; first += Lanes)
        {
            var lanes = Math.Min(Lanes, count - first);
            for (var lane = 0; lane < lanes; lane++)
            {
                var place = query.Candidates.Places[first + lane];
                ref readonly var list = ref lists[place >> 32];
                ids[first + lane] = list.Id((int)place);
                _lanes[lane] = CopyCode(list, (int)place, _codes + lane);
            }

            FastScanDistances.Add(_codes, Lanes, _rows, query.Tables.Floats, _lanes);
            for (var lane = 0; lane < lanes; lane++)
            {
                // Adding zero makes one of the two zeros.
                var distance = _lanes[lane] + 0f;
                found[kept] = (ulong)FloatOrder.Of(distance) << 32 | (uint)(first + lane);
                kept += float.IsNaN(distance) ? 0 : 1;
            }
        }

        return kept;
    }

    /// <summary>The k nearest candidates, sorted; of equal distances the smaller id comes first.</summary>
    /// <param name="query">The query.</param>
    /// <param name="lists">The lists that the places count.</param>
    /// <param name="distances">Receives up to k distances: what is compared by. Null if nobody wants them.</param>
    /// <param name="labels">Receives their ids.</param>
    /// <returns>How many there are.</returns>
    public int Finish(ref FastScanQuery query, ScannedList* lists, float* distances, long* labels)
    {
        query.Candidates.Shrink(0);
        using var scratch = Scratch.Rent();
        var found = scratch.Take<ulong>(query.Candidates.Count);
        var ids = scratch.Longs(query.Candidates.Count);
        var count = Evaluate(query, lists, found, ids);
        new Span<ulong>(found, count).Sort();
        for (var i = 0; i < Math.Min(count, query.K);)
        {
            var next = i + 1;
            while (next < count && found[next] >> 32 == found[i] >> 32)
                next++;

            if (next > i + 1)
                SortById(found, ids, i, next);

            for (; i < Math.Min(next, query.K); i++)
            {
                if (distances is not null)
                    distances[i] = FloatOrder.ToFloat((uint)(found[i] >> 32));

                labels[i] = ids[(uint)found[i]];
            }
        }

        return Math.Min(count, query.K);
    }

    // Of equal distances: their entries in the order of their ids.
    private static void SortById(ulong* found, long* ids, int first, int end)
    {
        using var scratch = Scratch.Rent();
        var count = end - first;
        var keys = scratch.Longs(count);
        for (var i = 0; i < count; i++)
            keys[i] = ids[(uint)found[first + i]];

        new Span<long>(keys, count).Sort(new Span<ulong>(found + first, count));
    }

    private static int Blocks(int size) => (int)(((long)size + Block - 1) / Block);

    // Whether any of these codes may pass; then the masks tell which.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Filter(in FastScanQuery query, in ScannedList list, int block, int count)
    {
        // Terms are looked at afterwards.
        ushort limit = ushort.MaxValue;
        if (list.Terms is null && !HasLimit(query, list.Bias, ref limit))
            return false;

        ref readonly var tables = ref query.Tables;
        var bytes = (long)block * Block * _rows;
        var codes = Math.Min(count * Block, list.Size - block * Block);
        var tail = codes % Block;
        FastScan.Sum(list.Codes + bytes, count, _rows, tail == 0 ? Block : list.TailStride, tables.Bytes, limit, _sums, _masks);
        if (list.Terms is not null)
            FilterTerms(list.Terms + (long)block * Block, count, codes, tables.Start + list.Bias, tables.Step, query.Limit);
        else if (tail != 0)
            _masks[count - 1] &= (1UL << tail) - 1;

        return true;
    }

    // The limit of the sums, as it is if the query has none; false if every sum exceeds it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasLimit(in FastScanQuery query, float bias, ref ushort limit)
    {
        if (query.Limit == float.PositiveInfinity)
            return true;

        var steps = (query.Limit - (query.Tables.Start + bias)) * query.Tables.InverseStep;
        if (steps < -1)
            return false;

        // One more than it takes: division rounds.
        limit = (ushort)Math.Min(steps + 1, limit);
        return true;
    }

    // The masks of the codes whose value with its term is within the limit.
    private void FilterTerms(float* terms, int blocks, int codes, float start, float step, float limit)
    {
        for (var block = 0; block < blocks; block++)
        {
            var mask = 0UL;
            var first = block * Block;
            if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported && codes - first >= Block)
            {
                for (var lane = 0; lane < Block; lane += 16)
                {
                    var sum = Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector256.Load(_sums + first + lane)));
                    var value = sum * step + (Vector512.Load(terms + first + lane) + Vector512.Create(start));
                    mask |= Vector512.LessThanOrEqual(value, Vector512.Create(limit)).ExtractMostSignificantBits() << lane;
                }
            }
            else
            {
                for (var j = 0; j < Math.Min(Block, codes - first); j++)
                {
                    if (_sums[first + j] * step + (terms[first + j] + start) <= limit)
                        mask |= 1UL << j;
                }
            }

            _masks[block] = mask;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Collect(ref FastScanQuery query, in ScannedList list, long place, int first, int blocks, IdSelector? selector)
    {
        ref var candidates = ref query.Candidates;
        candidates.Reserve(blocks * Block, _scratch);
        var values = candidates.Values + candidates.Count;
        var places = candidates.Places + candidates.Count;
        var start = query.Tables.Start + list.Bias;
        var found = Append(_sums, _masks, blocks, place + first, query.Tables.Step, start, values, places);
        if (list.Terms is not null)
        {
            for (var i = 0; i < found; i++)
            {
                var index = (int)places[i];
                values[i] = _sums[index - first] * query.Tables.Step + (list.Terms[index] + start);
            }
        }

        if (selector is not null)
            found = Select(list, selector, values, places, found);

        candidates.Count += found;
        if (!candidates.IsFull)
            return;

        candidates.Shrink();
        query.Limit = candidates.Limit;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Append(ushort* sums, ulong* masks, int blocks, long place, float step, float start, float* values, long* places)
    {
        var found = 0;
        for (var block = 0; block < blocks; block++, sums += Block, place += Block)
        {
            for (var mask = masks[block]; mask != 0; mask &= mask - 1)
            {
                var j = BitOperations.TrailingZeroCount(mask);
                values[found] = sums[j] * step + start;
                places[found++] = place + j;
            }
        }

        return found;
    }

    private static int Select(in ScannedList list, IdSelector selector, float* values, long* places, int count)
    {
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            if (!selector.Contains(list.Id((int)places[i])))
                continue;

            (values[kept], places[kept]) = (values[i], places[i]);
            kept++;
        }

        return kept;
    }

    // Copies a code into a lane. Returns what its distance starts from.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float CopyCode(in ScannedList list, int index, byte* to)
    {
        var block = (int)((uint)index / Block);
        nint stride = block < list.Size / Block ? Block : list.TailStride;
        var from = list.Codes + (long)block * Block * _rows + (uint)index % Block;
        var row = _rows;
        for (; row >= 4; row -= 4, from += 4 * stride, to += 4 * Lanes)
        {
            to[0] = from[0];
            to[Lanes] = from[stride];
            to[2 * Lanes] = from[2 * stride];
            to[3 * Lanes] = from[3 * stride];
        }

        for (; row > 0; row--, from += stride, to += Lanes)
            *to = *from;

        return list.Terms is null ? list.Bias : list.Bias + list.Terms[index];
    }
}
