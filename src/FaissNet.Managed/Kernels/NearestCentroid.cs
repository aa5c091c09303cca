using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// For each point of a tile the centroid with the largest score ⟨x,c⟩ + start: with start = -‖c‖²/2 that is the nearest by L2, with 0 the
/// one with the largest inner product. A matrix product that keeps just each row's best: the heart of k-means, of encoding and of coarse
/// assignment. Of equal scores the first centroid wins, as in FAISS.
/// </summary>
/// <remarks>
/// A form must be free of calls: no vector register survives one, and spilled accumulators cost half the speed. All forms read the same
/// layout; a narrower one passes over a tile's part and a group's part at a time, with as many accumulators as it has registers for.
/// </remarks>
internal static unsafe class NearestCentroid
{
    private const int Tile = PackedPoints.TileSize;
    private const int Group = PackedCentroids.GroupSize;

    /// <param name="tile">[d][48] floats.</param>
    /// <param name="centroids">The centroids.</param>
    /// <param name="scores">Receives 48 scores.</param>
    /// <param name="indices">Receives 48 centroid numbers.</param>
    public static void Find(float* tile, PackedCentroids centroids, float* scores, int* indices)
    {
        for (var i = 0; i < Tile; i++)
            (scores[i], indices[i]) = (float.NegativeInfinity, 0);

        int d = centroids.Dimension, groups = centroids.Groups;
        float* components = centroids.Components, starts = centroids.Starts;
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
            Find512(tile, d, groups, components, starts, scores, indices);
        else if (Vector256.IsHardwareAccelerated)
            Find256(tile, d, groups, components, starts, scores, indices);
        else if (Vector128.IsHardwareAccelerated)
            Find128(tile, d, groups, components, starts, scores, indices);
        else
            FindScalar(tile, d, groups, components, starts, scores, indices);
    }

    /// <summary>What the other forms compute, in the order in which they compute it.</summary>
    internal static void FindScalar(float* tile, int d, int groups, float* components, float* starts, float* scores, int* indices)
    {
        for (var i = 0; i < Tile; i++)
        {
            for (var c = 0; c < groups * Group; c++)
            {
                var score = starts[c];
                for (var j = 0; j < d; j++)
                    score += tile[j * Tile + i] * components[((c / Group) * d + j) * Group + c % Group];

                if (score > scores[i])
                    (scores[i], indices[i]) = (score, c);
            }
        }
    }

    /// <summary>48 points × 8 centroids: 24 accumulators, 3 registers of points, 1 of a centroid's component.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Find512(float* tile, int d, int groups, float* components, float* starts, float* scores, int* indices)
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

            var first = group * Group;
            Keep512(a0, b0, c0, d0, e0, f0, g0, h0, first, scores, indices);
            Keep512(a1, b1, c1, d1, e1, f1, g1, h1, first, scores + 16, indices + 16);
            Keep512(a2, b2, c2, d2, e2, f2, g2, h2, first, scores + 32, indices + 32);
        }
    }

    /// <summary>24 points × 4 centroids at a time: 12 accumulators, 3 registers of points, 1 of a centroid's component.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Find256(float* tile, int d, int groups, float* components, float* starts, float* scores, int* indices)
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

                Keep256(a0, b0, c0, d0, first, scores + lane, indices + lane);
                Keep256(a1, b1, c1, d1, first, scores + lane + 8, indices + lane + 8);
                Keep256(a2, b2, c2, d2, first, scores + lane + 16, indices + lane + 16);
            }
        }
    }

    /// <summary>12 points × 4 centroids at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Find128(float* tile, int d, int groups, float* components, float* starts, float* scores, int* indices)
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

                Keep128(a0, b0, c0, d0, first, scores + lane, indices + lane);
                Keep128(a1, b1, c1, d1, first, scores + lane + 4, indices + lane + 4);
                Keep128(a2, b2, c2, d2, first, scores + lane + 8, indices + lane + 8);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep512(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d,
        Vector512<float> e, Vector512<float> f, Vector512<float> g, Vector512<float> h,
        int first, float* scores, int* indices)
    {
        var best = Vector512.Load(scores);
        var index = Vector512.Load(indices);
        Keep512(a, first, ref best, ref index);
        Keep512(b, first + 1, ref best, ref index);
        Keep512(c, first + 2, ref best, ref index);
        Keep512(d, first + 3, ref best, ref index);
        Keep512(e, first + 4, ref best, ref index);
        Keep512(f, first + 5, ref best, ref index);
        Keep512(g, first + 6, ref best, ref index);
        Keep512(h, first + 7, ref best, ref index);
        best.Store(scores);
        index.Store(indices);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep512(Vector512<float> score, int number, ref Vector512<float> best, ref Vector512<int> index)
    {
        var better = Vector512.GreaterThan(score, best);
        best = Vector512.ConditionalSelect(better, score, best);
        index = Vector512.ConditionalSelect(better.AsInt32(), Vector512.Create(number), index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep256(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, int first, float* scores, int* indices)
    {
        var best = Vector256.Load(scores);
        var index = Vector256.Load(indices);
        Keep256(a, first, ref best, ref index);
        Keep256(b, first + 1, ref best, ref index);
        Keep256(c, first + 2, ref best, ref index);
        Keep256(d, first + 3, ref best, ref index);
        best.Store(scores);
        index.Store(indices);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep256(Vector256<float> score, int number, ref Vector256<float> best, ref Vector256<int> index)
    {
        var better = Vector256.GreaterThan(score, best);
        best = Vector256.ConditionalSelect(better, score, best);
        index = Vector256.ConditionalSelect(better.AsInt32(), Vector256.Create(number), index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep128(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d, int first, float* scores, int* indices)
    {
        var best = Vector128.Load(scores);
        var index = Vector128.Load(indices);
        Keep128(a, first, ref best, ref index);
        Keep128(b, first + 1, ref best, ref index);
        Keep128(c, first + 2, ref best, ref index);
        Keep128(d, first + 3, ref best, ref index);
        best.Store(scores);
        index.Store(indices);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep128(Vector128<float> score, int number, ref Vector128<float> best, ref Vector128<int> index)
    {
        var better = Vector128.GreaterThan(score, best);
        best = Vector128.ConditionalSelect(better, score, best);
        index = Vector128.ConditionalSelect(better.AsInt32(), Vector128.Create(number), index);
    }
}
