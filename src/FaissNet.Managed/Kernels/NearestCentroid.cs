using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// For each point of a tile the group of centroids with the largest score ⟨x,c⟩ + start: with start = -‖c‖²/2 the nearest centroid by L2 is
/// in it, with 0 the one with the largest inner product. A matrix product that keeps just each row's best: the heart of k-means, of
/// encoding and of coarse assignment. <see cref="NearestResolution"/> finds the centroid in its group.
/// </summary>
/// <remarks>
/// To know the group is enough, and takes a third of the comparisons. The best score outside of it tells how sure it is.
/// A form must be free of calls: no vector register survives one, and spilled accumulators cost half the speed. All forms read the same
/// layout; a narrower one passes over a tile's part and a group's part at a time, with as many accumulators as it has registers for.
/// </remarks>
internal static unsafe class NearestCentroid
{
    private const int Tile = PackedPoints.TileSize;
    private const int Group = PackedCentroids.GroupSize;

    /// <param name="tile">[d][48] floats.</param>
    /// <param name="centroids">The centroids.</param>
    /// <param name="best">Receives 48 scores.</param>
    /// <param name="second">Receives for each the largest score of the other groups, or of another part of the same.</param>
    /// <param name="winners">Receives 48 group numbers; of equal groups the first.</param>
    public static void Find(float* tile, PackedCentroids centroids, float* best, float* second, int* winners)
    {
        for (var i = 0; i < Tile; i++)
            (best[i], second[i], winners[i]) = (float.NegativeInfinity, float.NegativeInfinity, 0);

        int d = centroids.Dimension, groups = centroids.Groups;
        float* components = centroids.Components, starts = centroids.Starts;
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
            Find512(tile, d, groups, components, starts, best, second, winners);
        else if (Vector256.IsHardwareAccelerated)
            Find256(tile, d, groups, components, starts, best, second, winners);
        else if (Vector128.IsHardwareAccelerated)
            Find128(tile, d, groups, components, starts, best, second, winners);
        else
            FindScalar(tile, d, groups, components, starts, best, second, winners);
    }

    /// <summary>What the other forms compute, in the order in which they compute it.</summary>
    internal static void FindScalar(
        float* tile, int d, int groups, float* components, float* starts, float* best, float* second, int* winners)
    {
        for (var i = 0; i < Tile; i++)
        {
            for (var group = 0; group < groups; group++)
            {
                var largest = float.NegativeInfinity;
                for (var c = 0; c < Group; c++)
                {
                    var score = starts[group * Group + c];
                    for (var j = 0; j < d; j++)
                        score += tile[(long)j * Tile + i] * components[((long)group * d + j) * Group + c];

                    largest = Math.Max(largest, score);
                }

                second[i] = Math.Max(second[i], Math.Min(best[i], largest));
                if (largest > best[i])
                    (best[i], winners[i]) = (largest, group);
            }
        }
    }

    /// <summary>48 points × 8 centroids: 24 accumulators, 3 registers of points, 1 of a centroid's component.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Find512(
        float* tile, int d, int groups, float* components, float* starts, float* best, float* second, int* winners)
    {
        for (var group = 0; group < groups; group++, components += d * Group, starts += Group)
        {
            Vector512<float> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2, e0, e1, e2, f0, f1, f2, g0, g1, g2, h0, h1, h2;
            a0 = a1 = a2 = Vector512.Create(starts[0]);
            b0 = b1 = b2 = Vector512.Create(starts[1]);
            c0 = c1 = c2 = Vector512.Create(starts[2]);
            d0 = d1 = d2 = Vector512.Create(starts[3]);
            e0 = e1 = e2 = Vector512.Create(starts[4]);
            f0 = f1 = f2 = Vector512.Create(starts[5]);
            g0 = g1 = g2 = Vector512.Create(starts[6]);
            h0 = h1 = h2 = Vector512.Create(starts[7]);

            float* x = tile, y = components;
            for (var j = 0; j < d; j++, x += Tile, y += Group)
            {
                var x0 = Vector512.Load(x);
                var x1 = Vector512.Load(x + 16);
                var x2 = Vector512.Load(x + 32);
                var y0 = Vector512.Create(y[0]);
                a0 = Avx512F.FusedMultiplyAdd(x0, y0, a0);
                a1 = Avx512F.FusedMultiplyAdd(x1, y0, a1);
                a2 = Avx512F.FusedMultiplyAdd(x2, y0, a2);
                y0 = Vector512.Create(y[1]);
                b0 = Avx512F.FusedMultiplyAdd(x0, y0, b0);
                b1 = Avx512F.FusedMultiplyAdd(x1, y0, b1);
                b2 = Avx512F.FusedMultiplyAdd(x2, y0, b2);
                y0 = Vector512.Create(y[2]);
                c0 = Avx512F.FusedMultiplyAdd(x0, y0, c0);
                c1 = Avx512F.FusedMultiplyAdd(x1, y0, c1);
                c2 = Avx512F.FusedMultiplyAdd(x2, y0, c2);
                y0 = Vector512.Create(y[3]);
                d0 = Avx512F.FusedMultiplyAdd(x0, y0, d0);
                d1 = Avx512F.FusedMultiplyAdd(x1, y0, d1);
                d2 = Avx512F.FusedMultiplyAdd(x2, y0, d2);
                y0 = Vector512.Create(y[4]);
                e0 = Avx512F.FusedMultiplyAdd(x0, y0, e0);
                e1 = Avx512F.FusedMultiplyAdd(x1, y0, e1);
                e2 = Avx512F.FusedMultiplyAdd(x2, y0, e2);
                y0 = Vector512.Create(y[5]);
                f0 = Avx512F.FusedMultiplyAdd(x0, y0, f0);
                f1 = Avx512F.FusedMultiplyAdd(x1, y0, f1);
                f2 = Avx512F.FusedMultiplyAdd(x2, y0, f2);
                y0 = Vector512.Create(y[6]);
                g0 = Avx512F.FusedMultiplyAdd(x0, y0, g0);
                g1 = Avx512F.FusedMultiplyAdd(x1, y0, g1);
                g2 = Avx512F.FusedMultiplyAdd(x2, y0, g2);
                y0 = Vector512.Create(y[7]);
                h0 = Avx512F.FusedMultiplyAdd(x0, y0, h0);
                h1 = Avx512F.FusedMultiplyAdd(x1, y0, h1);
                h2 = Avx512F.FusedMultiplyAdd(x2, y0, h2);
            }

            Keep512(Max512(a0, b0, c0, d0, e0, f0, g0, h0), group, best, second, winners);
            Keep512(Max512(a1, b1, c1, d1, e1, f1, g1, h1), group, best + 16, second + 16, winners + 16);
            Keep512(Max512(a2, b2, c2, d2, e2, f2, g2, h2), group, best + 32, second + 32, winners + 32);
        }
    }

    /// <summary>24 points × 4 centroids at a time: 12 accumulators, 3 registers of points, 1 of a centroid's component.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Find256(
        float* tile, int d, int groups, float* components, float* starts, float* best, float* second, int* winners)
    {
        for (var part = 0; part < groups * 2; part++)
        {
            var first = part * 4;
            var from = components + (long)(part / 2) * d * Group + part % 2 * 4;
            for (var lane = 0; lane < Tile; lane += 24)
            {
                Vector256<float> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
                a0 = a1 = a2 = Vector256.Create(starts[first]);
                b0 = b1 = b2 = Vector256.Create(starts[first + 1]);
                c0 = c1 = c2 = Vector256.Create(starts[first + 2]);
                d0 = d1 = d2 = Vector256.Create(starts[first + 3]);

                float* x = tile + lane, y = from;
                for (var j = 0; j < d; j++, x += Tile, y += Group)
                {
                    var x0 = Vector256.Load(x);
                    var x1 = Vector256.Load(x + 8);
                    var x2 = Vector256.Load(x + 16);
                    var y0 = Vector256.Create(y[0]);
                    a0 = Vector256.MultiplyAddEstimate(x0, y0, a0);
                    a1 = Vector256.MultiplyAddEstimate(x1, y0, a1);
                    a2 = Vector256.MultiplyAddEstimate(x2, y0, a2);
                    y0 = Vector256.Create(y[1]);
                    b0 = Vector256.MultiplyAddEstimate(x0, y0, b0);
                    b1 = Vector256.MultiplyAddEstimate(x1, y0, b1);
                    b2 = Vector256.MultiplyAddEstimate(x2, y0, b2);
                    y0 = Vector256.Create(y[2]);
                    c0 = Vector256.MultiplyAddEstimate(x0, y0, c0);
                    c1 = Vector256.MultiplyAddEstimate(x1, y0, c1);
                    c2 = Vector256.MultiplyAddEstimate(x2, y0, c2);
                    y0 = Vector256.Create(y[3]);
                    d0 = Vector256.MultiplyAddEstimate(x0, y0, d0);
                    d1 = Vector256.MultiplyAddEstimate(x1, y0, d1);
                    d2 = Vector256.MultiplyAddEstimate(x2, y0, d2);
                }

                Keep256(Max256(a0, b0, c0, d0), part / 2, best + lane, second + lane, winners + lane);
                Keep256(Max256(a1, b1, c1, d1), part / 2, best + lane + 8, second + lane + 8, winners + lane + 8);
                Keep256(Max256(a2, b2, c2, d2), part / 2, best + lane + 16, second + lane + 16, winners + lane + 16);
            }
        }
    }

    /// <summary>12 points × 4 centroids at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Find128(
        float* tile, int d, int groups, float* components, float* starts, float* best, float* second, int* winners)
    {
        for (var part = 0; part < groups * 2; part++)
        {
            var first = part * 4;
            var from = components + (long)(part / 2) * d * Group + part % 2 * 4;
            for (var lane = 0; lane < Tile; lane += 12)
            {
                Vector128<float> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
                a0 = a1 = a2 = Vector128.Create(starts[first]);
                b0 = b1 = b2 = Vector128.Create(starts[first + 1]);
                c0 = c1 = c2 = Vector128.Create(starts[first + 2]);
                d0 = d1 = d2 = Vector128.Create(starts[first + 3]);

                float* x = tile + lane, y = from;
                for (var j = 0; j < d; j++, x += Tile, y += Group)
                {
                    var x0 = Vector128.Load(x);
                    var x1 = Vector128.Load(x + 4);
                    var x2 = Vector128.Load(x + 8);
                    var y0 = Vector128.Create(y[0]);
                    a0 = Vector128.MultiplyAddEstimate(x0, y0, a0);
                    a1 = Vector128.MultiplyAddEstimate(x1, y0, a1);
                    a2 = Vector128.MultiplyAddEstimate(x2, y0, a2);
                    y0 = Vector128.Create(y[1]);
                    b0 = Vector128.MultiplyAddEstimate(x0, y0, b0);
                    b1 = Vector128.MultiplyAddEstimate(x1, y0, b1);
                    b2 = Vector128.MultiplyAddEstimate(x2, y0, b2);
                    y0 = Vector128.Create(y[2]);
                    c0 = Vector128.MultiplyAddEstimate(x0, y0, c0);
                    c1 = Vector128.MultiplyAddEstimate(x1, y0, c1);
                    c2 = Vector128.MultiplyAddEstimate(x2, y0, c2);
                    y0 = Vector128.Create(y[3]);
                    d0 = Vector128.MultiplyAddEstimate(x0, y0, d0);
                    d1 = Vector128.MultiplyAddEstimate(x1, y0, d1);
                    d2 = Vector128.MultiplyAddEstimate(x2, y0, d2);
                }

                Keep128(Max128(a0, b0, c0, d0), part / 2, best + lane, second + lane, winners + lane);
                Keep128(Max128(a1, b1, c1, d1), part / 2, best + lane + 4, second + lane + 4, winners + lane + 4);
                Keep128(Max128(a2, b2, c2, d2), part / 2, best + lane + 8, second + lane + 8, winners + lane + 8);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Max512(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d,
        Vector512<float> e, Vector512<float> f, Vector512<float> g, Vector512<float> h) =>
        Avx512F.Max(Avx512F.Max(Avx512F.Max(a, b), Avx512F.Max(c, d)), Avx512F.Max(Avx512F.Max(e, f), Avx512F.Max(g, h)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Max256(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d) =>
        Vector256.MaxNative(Vector256.MaxNative(a, b), Vector256.MaxNative(c, d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Max128(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d) =>
        Vector128.MaxNative(Vector128.MaxNative(a, b), Vector128.MaxNative(c, d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep512(Vector512<float> score, int group, float* best, float* second, int* winners)
    {
        var before = Vector512.Load(best);
        var better = Vector512.GreaterThan(score, before);
        Vector512.MaxNative(Vector512.Load(second), Vector512.MinNative(before, score)).Store(second);
        Vector512.MaxNative(before, score).Store(best);
        Vector512.ConditionalSelect(better.AsInt32(), Vector512.Create(group), Vector512.Load(winners)).Store(winners);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep256(Vector256<float> score, int group, float* best, float* second, int* winners)
    {
        var before = Vector256.Load(best);
        var better = Vector256.GreaterThan(score, before);
        Vector256.MaxNative(Vector256.Load(second), Vector256.MinNative(before, score)).Store(second);
        Vector256.MaxNative(before, score).Store(best);
        Vector256.ConditionalSelect(better.AsInt32(), Vector256.Create(group), Vector256.Load(winners)).Store(winners);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep128(Vector128<float> score, int group, float* best, float* second, int* winners)
    {
        var before = Vector128.Load(best);
        var better = Vector128.GreaterThan(score, before);
        Vector128.MaxNative(Vector128.Load(second), Vector128.MinNative(before, score)).Store(second);
        Vector128.MaxNative(before, score).Store(best);
        Vector128.ConditionalSelect(better.AsInt32(), Vector128.Create(group), Vector128.Load(winners)).Store(winners);
    }
}
