using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// The k nearest codes of one query: all codes are summed by <see cref="FastScan"/>, and of the few that the sums cannot rule out the distances
/// are computed in float. The result is that of computing all: see <see cref="FastScanTables"/> and <see cref="FastScanCandidates"/>.
/// One of these serves many queries in turn.
/// </summary>
internal unsafe ref struct FastScanQuery
{
    private const int Block = FastScan.BlockSize;

    // Sums that lie in the first-level cache together with the codes that they are of.
    private const int BlocksPerStep = 32;

    private readonly FastScanCodebook _codebook;
    private readonly ScannedList* _lists;
    private readonly ushort* _sums;
    private readonly ulong* _masks;
    private readonly int _k;
    private FastScanTables _tables;
    private FastScanCandidates _candidates;
    private int _listCount;

    /// <param name="scratch">Memory until the last query is through.</param>
    /// <param name="codebook">The centroids.</param>
    /// <param name="k">Neighbours.</param>
    /// <param name="lists">Lists that one query scans at most.</param>
    public FastScanQuery(Scratch scratch, FastScanCodebook codebook, int k, int lists)
    {
        _codebook = codebook;
        _k = k;
        _lists = scratch.Take<ScannedList>(lists);
        _sums = scratch.Take<ushort>(BlocksPerStep * Block);
        _masks = scratch.Take<ulong>(BlocksPerStep);
        _candidates = new FastScanCandidates(scratch, k, BlocksPerStep * Block);
        _tables.Floats = scratch.Floats(codebook.TableSize);
        _tables.Bytes = scratch.Bytes(codebook.TableSize);
    }

    /// <summary>Where the tables of floats belong, [rows][2][16], before <see cref="Begin"/>.</summary>
    public readonly float* Tables => _tables.Floats;

    internal readonly byte* TableBytes => _tables.Bytes;

    /// <summary>Begins a query whose tables of floats stand in <see cref="Tables"/>.</summary>
    /// <param name="magnitude">The largest magnitude of a list's bias and of a code's term together.</param>
    public void Begin(double magnitude)
    {
        _tables.Quantize(_codebook.Rows, _codebook.M, magnitude);
        _candidates.Clear(_tables.Width);
        _listCount = 0;
    }

    /// <summary>Scans a list.</summary>
    /// <param name="list">The list.</param>
    /// <param name="selector">Only these ids count; null for all.</param>
    /// <param name="next">The codes that are scanned next; null if there are none.</param>
    public void Scan(in ScannedList list, IdSelector? selector, byte* next)
    {
        next = next is null ? list.Codes : next;
        _lists[_listCount] = list;
        var place = (long)_listCount++ << 32;
        var start = _tables.Start + list.Bias;
        var blocks = list.Size / Block;
        for (var block = 0; block < blocks; block += BlocksPerStep)
        {
            var count = Math.Min(BlocksPerStep, blocks - block);
            if (!Filter(list, block, count, Block, start, next))
                continue;

            Collect(list, place, block * Block, count, start, selector);
        }

        var tail = list.Size % Block;
        if (tail != 0 && Filter(list, blocks, 1, InvertedLists.TailStride(list.Size, Block), start, next))
        {
            _masks[0] &= (1UL << tail) - 1;
            Collect(list, place, blocks * Block, 1, start, selector);
        }
    }

    /// <summary>The k nearest, sorted; of equal distances the smaller id comes first.</summary>
    /// <param name="distances">Receives up to k distances: what is compared by.</param>
    /// <param name="labels">Receives their ids.</param>
    /// <returns>How many there are.</returns>
    public int Finish(float* distances, long* labels)
    {
        _candidates.Shrink(0);
        using var scratch = Scratch.Rent();
        var found = scratch.Take<ulong>(_candidates.Count);
        var ids = scratch.Longs(_candidates.Count);
        var count = Evaluate(found, ids);
        new Span<ulong>(found, count).Sort();
        for (var i = 0; i < Math.Min(count, _k);)
        {
            var next = i + 1;
            while (next < count && found[next] >> 32 == found[i] >> 32)
                next++;

            if (next > i + 1)
                SortById(found, ids, i, next);

            for (; i < Math.Min(next, _k); i++)
            {
                distances[i] = FloatOf((uint)(found[i] >> 32));
                labels[i] = ids[(uint)found[i]];
            }
        }

        return Math.Min(count, _k);
    }

    // Of equal distances: their entries in the order of their ids.
    private readonly void SortById(ulong* found, long* ids, int first, int end)
    {
        using var scratch = Scratch.Rent();
        var count = end - first;
        var keys = scratch.Longs(count);
        for (var i = 0; i < count; i++)
            keys[i] = ids[(uint)found[first + i]];

        new Span<long>(keys, count).Sort(new Span<ulong>(found + first, count));
    }

    // The distances of all candidates, as numbers that sort like them, with the place in ids below.
    private readonly int Evaluate(ulong* found, long* ids)
    {
        int count = _candidates.Count, rows = _codebook.Rows;
        using var scratch = Scratch.Rent();
        var codes = scratch.Bytes(rows * FastScanDistances.Lanes);
        var distances = stackalloc float[FastScanDistances.Lanes];
        var kept = 0;
        for (var first = 0; first < count; first += FastScanDistances.Lanes)
        {
            var lanes = Math.Min(FastScanDistances.Lanes, count - first);
            for (var lane = 0; lane < lanes; lane++)
            {
                var place = _candidates.Places[first + lane];
                ref readonly var list = ref _lists[place >> 32];
                var index = (int)place;
                ids[first + lane] = list.Ids is null ? index : list.Ids[index];
                distances[lane] = list.Terms is null ? list.Bias : list.Bias + list.Terms[index];
                CopyCode(list, index, rows, codes + lane);
            }

            FastScanDistances.Add(codes, FastScanDistances.Lanes, rows, _tables.Floats, distances);
            for (var lane = 0; lane < lanes; lane++)
            {
                // Adding zero makes one of the two zeros.
                var distance = distances[lane] + 0f;
                found[kept] = (ulong)OrderOf(distance) << 32 | (uint)(first + lane);
                kept += float.IsNaN(distance) ? 0 : 1;
            }
        }

        return kept;
    }

    private static void CopyCode(in ScannedList list, int index, int rows, byte* to)
    {
        var block = index / Block;
        nint stride = block < list.Size / Block ? Block : InvertedLists.TailStride(list.Size, Block);
        var from = list.Codes + (long)block * Block * rows + index % Block;
        for (var row = 0; row < rows; row++, from += stride, to += FastScanDistances.Lanes)
            *to = *from;
    }

    // Whether any of these codes may pass; then the masks tell which.
    private readonly bool Filter(in ScannedList list, int block, int count, int stride, float start, byte* next)
    {
        // Without a limit everything passes, and terms are looked at afterwards.
        ushort limit = ushort.MaxValue;
        if (list.Terms is null && _candidates.Limit < float.PositiveInfinity)
        {
            var steps = (_candidates.Limit - start) * _tables.InverseStep;
            if (steps < -1)
                return false;

            limit = (ushort)Math.Min(steps + 1, ushort.MaxValue);
        }

        var bytes = (long)block * Block * _codebook.Rows;
        FastScan.Sum(list.Codes + bytes, count, _codebook.Rows, stride, _tables.Bytes, limit, _sums, _masks, next + bytes);
        if (list.Terms is not null)
            FilterTerms(_sums, list.Terms + (long)block * Block, count, Math.Min(count * Block, list.Size - block * Block), start);

        return true;
    }

    // The masks of the codes whose value with its term is within the limit.
    private readonly void FilterTerms(ushort* sums, float* terms, int blocks, int codes, float start)
    {
        float step = _tables.Step, limit = _candidates.Limit;
        for (var block = 0; block < blocks; block++)
        {
            var mask = 0UL;
            var first = block * Block;
            if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported && codes - first >= Block)
            {
                for (var lane = 0; lane < Block; lane += 16)
                {
                    var sum = Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector256.Load(sums + first + lane)));
                    var value = sum * step + (Vector512.Load(terms + first + lane) + Vector512.Create(start));
                    mask |= Vector512.LessThanOrEqual(value, Vector512.Create(limit)).ExtractMostSignificantBits() << lane;
                }
            }
            else
            {
                for (var j = 0; j < Math.Min(Block, codes - first); j++)
                {
                    if (sums[first + j] * step + (terms[first + j] + start) <= limit)
                        mask |= 1UL << j;
                }
            }

            _masks[block] = mask;
        }
    }

    private void Collect(in ScannedList list, long place, int first, int blocks, float start, IdSelector? selector)
    {
        _candidates.Reserve(blocks * Block);
        var values = _candidates.Values + _candidates.Count;
        var places = _candidates.Places + _candidates.Count;
        var found = Append(blocks, first, place, start, values, places);
        if (list.Terms is not null)
        {
            for (var i = 0; i < found; i++)
            {
                var index = (int)places[i];
                values[i] = _sums[index - first] * _tables.Step + (list.Terms[index] + start);
            }
        }

        if (selector is not null)
            found = Select(list, selector, values, places, found);

        _candidates.Count += found;
        if (_candidates.IsFull)
            _candidates.Shrink();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly int Append(int blocks, int first, long place, float start, float* values, long* places)
    {
        var found = 0;
        var (sums, masks, step) = ((nint)_sums, (nint)_masks, _tables.Step);
        for (var block = 0; block < blocks; block++)
        {
            for (var mask = ((ulong*)masks)[block]; mask != 0; mask &= mask - 1)
            {
                var j = block * Block + BitOperations.TrailingZeroCount(mask);
                values[found] = ((ushort*)sums)[j] * step + start;
                places[found++] = place + first + j;
            }
        }

        return found;
    }

    private static int Select(in ScannedList list, IdSelector selector, float* values, long* places, int count)
    {
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            var index = (int)places[i];
            if (!selector.Contains(list.Ids is null ? index : list.Ids[index]))
                continue;

            (values[kept], places[kept]) = (values[i], places[i]);
            kept++;
        }

        return kept;
    }

    private static uint OrderOf(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value);
        return (uint)(bits ^ (bits >> 31 | int.MinValue));
    }

    private static float FloatOf(uint order) =>
        BitConverter.UInt32BitsToSingle((order & 0x80000000) != 0 ? order ^ 0x80000000 : ~order);
}

/// <summary>A list that a query scans.</summary>
internal unsafe struct ScannedList
{
    /// <summary>Its codes, in blocks of 64.</summary>
    public byte* Codes;

    /// <summary>Their ids; null if they are their positions.</summary>
    public long* Ids;

    /// <summary>What is added to the distance of each code; null for nothing.</summary>
    public float* Terms;

    /// <summary>The number of codes.</summary>
    public int Size;

    /// <summary>What is added to the distances of all codes.</summary>
    public float Bias;
}
