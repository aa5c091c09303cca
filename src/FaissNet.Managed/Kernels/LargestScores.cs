using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>The largest of many scores, and perhaps a few more: a cheap step before those are compared exactly.</summary>
internal static unsafe class LargestScores
{
    /// <summary>How many positions may be written behind those that count.</summary>
    public const int Slack = Lanes + BitPositions.Slack;

    private const int Lanes = 16;

    /// <summary>Lists the positions of at least the <paramref name="count"/> largest scores, in ascending order.</summary>
    /// <param name="scores">n floats, aligned to nothing.</param>
    /// <param name="n">The number of scores; readable are as many as n rounded up to 16, and those behind n are -∞.</param>
    /// <param name="count">How many are wanted, at most n.</param>
    /// <param name="positions">Receives the positions; has room for n and <see cref="Slack"/> more.</param>
    /// <param name="margin">What scores may be less and are listed all the same; at least 0.</param>
    /// <returns>How many were listed; fewer than <paramref name="count"/> only if scores are NaN.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Find(float* scores, int n, int count, int* positions, float margin = 0)
    {
        using var scratch = Scratch.Rent();
        // Maxima of groups: as many of all scores reach a bound as of the maxima do, or more. With four groups per score wanted, few more.
        var groups = Math.Min(4 * count + 3 * Lanes, n) / Lanes * Lanes;
        var bound = float.NegativeInfinity;
        if (groups > count + count / 2)
        {
            var maxima = scratch.Floats(groups);
            var (least, most) = Maxima(scores, n, groups, maxima);
            bound = Bound(maxima, groups, count, least, most);
        }

        return Collect(scores, n, margin > 0 ? MathF.BitDecrement(bound - margin) : bound, positions);
    }

    // The largest bound, nearly, that at least count maxima reach.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Bound(float* maxima, int groups, int count, float low, float high)
    {
        for (var step = 0; step < 24; step++)
        {
            var middle = low + (high - low) / 2;
            if (!(middle > low && middle < high))
                break;

            var reached = CountFrom(maxima, groups, middle);
            if (reached < count)
            {
                high = middle;
                continue;
            }

            low = middle;
            if (reached <= count + count / 8)
                break;
        }

        return low;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Least, float Most) Maxima(float* scores, int n, int groups, float* maxima)
    {
        float least = float.PositiveInfinity, most = float.NegativeInfinity;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<float> low = Vector512.Create(least), high = Vector512.Create(most);
            for (var g = 0; g < groups; g += Lanes)
            {
                var max = Vector512.Load(scores + g);
                for (var i = g + groups; i < n; i += groups)
                    max = Vector512.MaxNative(max, Vector512.Load(scores + i));

                max.Store(maxima + g);
                low = Vector512.MinNative(low, max);
                high = Vector512.MaxNative(high, max);
            }

            for (var i = 0; i < Lanes; i++)
                (least, most) = (Math.Min(least, low[i]), Math.Max(most, high[i]));

            return (least, most);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            Vector128<float> low = Vector128.Create(least), high = Vector128.Create(most);
            for (var g = 0; g < groups; g += 4)
            {
                var max = Vector128.Load(scores + g);
                for (var i = g + groups; i < n; i += groups)
                    max = Vector128.MaxNative(max, Vector128.Load(scores + i));

                max.Store(maxima + g);
                low = Vector128.MinNative(low, max);
                high = Vector128.MaxNative(high, max);
            }

            for (var i = 0; i < 4; i++)
                (least, most) = (Math.Min(least, low[i]), Math.Max(most, high[i]));

            return (least, most);
        }

        for (var g = 0; g < groups; g++)
        {
            var max = scores[g];
            for (var i = g + groups; i < n; i += groups)
                max = scores[i] > max ? scores[i] : max;

            maxima[g] = max;
            (least, most) = (max < least ? max : least, max > most ? max : most);
        }

        return (least, most);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountFrom(float* values, int n, float bound)
    {
        var count = 0;
        var i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i < n; i += 16)
                count += System.Numerics.BitOperations.PopCount(Vector512.GreaterThanOrEqual(Vector512.Load(values + i), Vector512.Create(bound)).ExtractMostSignificantBits());
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            for (; i < n; i += 4)
                count += System.Numerics.BitOperations.PopCount(Vector128.GreaterThanOrEqual(Vector128.Load(values + i), Vector128.Create(bound)).ExtractMostSignificantBits());
        }

        for (; i < n; i++)
            count += values[i] >= bound ? 1 : 0;

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Collect(float* scores, int n, float bound, int* positions)
    {
        var found = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (var i = 0; i < n; i += Lanes)
                found += BitPositions.Append(Reaching(scores + i, bound), i, positions + found);

            // Where the bound is -∞, what is behind the scores reaches it.
            while (found > 0 && positions[found - 1] >= n)
                found--;

            return found;
        }

        for (var i = 0; i < n; i++)
        {
            if (scores[i] >= bound)
                positions[found++] = i;
        }

        return found;
    }

    // A bit for each of 16 scores.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Reaching(float* scores, float bound)
    {
        if (Vector512.IsHardwareAccelerated)
            return Vector512.GreaterThanOrEqual(Vector512.Load(scores), Vector512.Create(bound)).ExtractMostSignificantBits();

        if (Vector256.IsHardwareAccelerated)
        {
            var bounds = Vector256.Create(bound);
            return Vector256.GreaterThanOrEqual(Vector256.Load(scores), bounds).ExtractMostSignificantBits()
                | Vector256.GreaterThanOrEqual(Vector256.Load(scores + 8), bounds).ExtractMostSignificantBits() << 8;
        }

        var mask = 0u;
        for (var i = 0; i < Lanes; i += 4)
            mask |= Vector128.GreaterThanOrEqual(Vector128.Load(scores + i), Vector128.Create(bound)).ExtractMostSignificantBits() << i;

        return mask;
    }
}
