using System.Numerics;
using System.Runtime.CompilerServices;

namespace FaissNet.Managed;

/// <summary>
/// Codes that may be among the k nearest by what their sums of bytes stand for, in the order in which they were found, and the limit above
/// which a code cannot be. Instead of a heap, whose order costs for every code that passes, they are thinned out each time their number has
/// doubled.
/// </summary>
/// <remarks>
/// If k codes have values up to V, the k-th nearest distance is at most V + Parts·Step + Error; a code of that distance or a smaller one has a
/// value of at most V + Width (<see cref="FastScanTables"/>). That is the limit: what lies above it is farther than k others, whatever the
/// rounding was.
/// </remarks>
internal unsafe struct FastScanCandidates
{
    // Below this thinning out costs more than what it spares.
    private const int FewestToShrink = 64;

    private readonly int _k;
    private readonly int _enough;
    private float _width;
    private int _capacity;
    private int _full;

    public FastScanCandidates(Scratch scratch, int k, int room)
    {
        _k = k;
        _enough = Math.Max(2 * k, k + FewestToShrink);
        _capacity = _enough + room;
        Values = scratch.Floats(_capacity);
        Places = scratch.Longs(_capacity);
    }

    /// <summary>What the sums of the candidates stand for, without what rounding down took.</summary>
    public float* Values { get; private set; }

    /// <summary>Where the candidates lie, as the scan numbers them.</summary>
    public long* Places { get; private set; }

    /// <summary>The number of candidates.</summary>
    public int Count;

    /// <summary>What has a larger value is none of the k nearest.</summary>
    public float Limit;

    /// <summary>Whether it is time to <see cref="Shrink()"/>.</summary>
    public readonly bool IsFull => Count >= _full;

    /// <summary>Begins the next query.</summary>
    public void Clear(float width)
    {
        (_width, Count, Limit, _full) = (width, 0, float.PositiveInfinity, _enough);
    }

    /// <summary>Makes room for so many more candidates.</summary>
    public void Reserve(int more, Scratch scratch)
    {
        if (Count + more <= _capacity)
            return;

        // Only where many codes are as near as the k-th: of such data nothing can be left out.
        var capacity = checked(2 * (Count + more));
        var values = scratch.Floats(capacity);
        var places = scratch.Longs(capacity);
        Unsafe.CopyBlockUnaligned(values, Values, (uint)Count * sizeof(float));
        new ReadOnlySpan<long>(Places, Count).CopyTo(new Span<long>(places, Count));
        Values = values;
        Places = places;
        _capacity = capacity;
    }

    /// <summary>Lowers the limit, if there are k candidates, and drops those above it.</summary>
    /// <param name="slack">How many more than k candidates may stand below the value that the limit is made from.</param>
    public void Shrink(int slack)
    {
        if (Count < _k)
            return;

        Drop(KthValue(slack));
    }

    private void Drop(float kth)
    {
        var limit = MathF.BitIncrement(kth + _width);
        if (limit < Limit)
            Limit = limit;

        var (values, places, kept) = ((nint)Values, (nint)Places, 0);
        for (var i = 0; i < Count; i++)
        {
            var value = ((float*)values)[i];
            ((float*)values)[kept] = value;
            ((long*)places)[kept] = ((long*)places)[i];
            kept += value <= Limit ? 1 : 0;
        }

        Count = kept;
        _full = Math.Max(_enough, 2 * kept);
    }

    /// <inheritdoc cref="Shrink(int)"/>
    public void Shrink() => Shrink(_k / 16);

    // A value that at least k candidates do not exceed, and at most k + slack if their values differ: by halving the interval, because counting
    // takes one instruction for many candidates.
    private readonly float KthValue(int slack)
    {
        var (low, high) = Extremes();
        var first = 0;
        while (first++ < 64)
        {
            var middle = low + (high - low) / 2;
            if (!(middle < high))
                break;

            var count = CountUpTo(middle);
            if (count < _k)
            {
                if (middle == low)
                    break;

                low = middle;
            }
            else
            {
                high = middle;
                if (count <= _k + slack)
                    break;
            }
        }

        return high;
    }

    /// <summary>What <see cref="Shrink()"/> does, with a limit that depends on the values alone: nothing is left of the steps that led here.</summary>
    public void ShrinkExactly()
    {
        if (Count < _k)
            return;

        // The largest of the values that an upper bound of the k-th leaves, if those are exactly k; more are ties, or as good as.
        var bound = KthValue(0);
        var kth = float.NegativeInfinity;
        for (var i = 0; i < Count; i++)
            kth = Values[i] <= bound && Values[i] > kth ? Values[i] : kth;

        Drop(kth);
    }

    private readonly (float Low, float High) Extremes()
    {
        var i = 0;
        float low = Values[0], high = Values[0];
        if (Count >= Vector<float>.Count)
        {
            Vector<float> lows = *(Vector<float>*)Values, highs = lows;
            for (; i <= Count - Vector<float>.Count; i += Vector<float>.Count)
            {
                lows = Vector.MinNative(lows, *(Vector<float>*)(Values + i));
                highs = Vector.MaxNative(highs, *(Vector<float>*)(Values + i));
            }

            for (var lane = 0; lane < Vector<float>.Count; lane++)
                (low, high) = (Math.Min(low, lows[lane]), Math.Max(high, highs[lane]));
        }

        for (; i < Count; i++)
            (low, high) = (Math.Min(low, Values[i]), Math.Max(high, Values[i]));

        return (low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly int CountUpTo(float value)
    {
        var values = Values;
        var limit = new Vector<float>(value);
        Vector<int> a = default, b = default;
        var i = 0;
        for (; i <= Count - 2 * Vector<float>.Count; i += 2 * Vector<float>.Count)
        {
            a -= Vector.LessThanOrEqual(*(Vector<float>*)(values + i), limit);
            b -= Vector.LessThanOrEqual(*(Vector<float>*)(values + i + Vector<float>.Count), limit);
        }

        var count = Vector.Sum(a + b);
        for (; i < Count; i++)
            count += values[i] <= value ? 1 : 0;

        return count;
    }
}
