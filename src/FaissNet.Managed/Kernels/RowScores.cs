using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// Scores start + ⟨x, y⟩ of up to 8 rows y with the queries x of a tile, and which of them reach their query's threshold: the
/// matrix product inside exact search (<see cref="ScoreBound"/> says what start and threshold mean).
/// </summary>
/// <remarks>
/// Queries lie in lanes, [d][lanes] floats with 48 or 16 lanes, and rows as they are stored, so that nothing of the index is copied.
/// A score that is no number counts as a hit: what could not be computed has to be looked at. Free of calls, for no vector register
/// survives one.
/// </remarks>
internal static unsafe class RowScores
{
    /// <summary>Rows per call.</summary>
    public const int Group = 8;

    /// <summary>Lanes of a wide tile: three 512-bit vectors.</summary>
    public const int WideTile = 48;

    /// <summary>Lanes of a narrow tile: one 512-bit vector.</summary>
    public const int NarrowTile = 16;

    /// <summary>Scores rows.</summary>
    /// <param name="tile">[d][lanes] floats.</param>
    /// <param name="lanes"><see cref="WideTile"/> or <see cref="NarrowTile"/>.</param>
    /// <param name="rows">count·d floats.</param>
    /// <param name="count">1 to <see cref="Group"/>.</param>
    /// <param name="d">Components per row.</param>
    /// <param name="starts">What the score of a row starts from, <see cref="Group"/> floats of which count matter.</param>
    /// <param name="thresholds">One per lane.</param>
    /// <param name="scores">Receives [<see cref="Group"/>][lanes] floats.</param>
    /// <param name="hits">Receives <see cref="Group"/> sets of lanes, a bit each, whose score is not below the threshold; those
    /// from <paramref name="count"/> on mean nothing.</param>
    /// <returns>0 if there is no hit; else something else, also if only rows that mean nothing have one.</returns>
    public static ulong Find(
        float* tile, int lanes, float* rows, int count, int d, float* starts, float* thresholds, float* scores, ulong* hits)
    {
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
        {
            return lanes == WideTile
                ? Find512Wide(tile, rows, count, d, starts, thresholds, scores, hits)
                : Find512Narrow(tile, rows, count, d, starts, thresholds, scores, hits);
        }

        return Vector256.IsHardwareAccelerated ? Find256(tile, lanes, rows, count, d, starts, thresholds, scores, hits)
            : Vector128.IsHardwareAccelerated ? Find128(tile, lanes, rows, count, d, starts, thresholds, scores, hits)
            : FindScalar(tile, lanes, rows, count, d, starts, thresholds, scores, hits);
    }

    /// <summary>What the other forms compute, in the order in which they compute it.</summary>
    internal static ulong FindScalar(
        float* tile, int lanes, float* rows, int count, int d, float* starts, float* thresholds, float* scores, ulong* hits)
    {
        var any = 0UL;
        for (var r = 0; r < count; r++, rows += d)
        {
            hits[r] = 0;
            for (var lane = 0; lane < lanes; lane++)
            {
                var score = starts[r];
                for (var j = 0; j < d; j++)
                    score += tile[(long)j * lanes + lane] * rows[j];

                scores[r * lanes + lane] = score;
                hits[r] |= (score < thresholds[lane] ? 0UL : 1UL) << lane;
            }

            any |= hits[r];
        }

        return any;
    }

    /// <summary>48 queries × 8 rows: 24 accumulators, 3 registers of queries, 1 of a row's component.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static ulong Find512Wide(
        float* tile, float* rows, int count, int d, float* starts, float* thresholds, float* scores, ulong* hits)
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

        float* y0 = rows, y1 = Row(rows, 1, count, d), y2 = Row(rows, 2, count, d), y3 = Row(rows, 3, count, d);
        float* y4 = Row(rows, 4, count, d), y5 = Row(rows, 5, count, d), y6 = Row(rows, 6, count, d), y7 = Row(rows, 7, count, d);
        var x = tile;
        for (nint j = 0; j < d; j++, x += 48)
        {
            var x0 = Vector512.Load(x);
            var x1 = Vector512.Load(x + 16);
            var x2 = Vector512.Load(x + 32);
            var y = Vector512.Create(y0[j]);
            a0 = Avx512F.FusedMultiplyAdd(x0, y, a0);
            a1 = Avx512F.FusedMultiplyAdd(x1, y, a1);
            a2 = Avx512F.FusedMultiplyAdd(x2, y, a2);
            y = Vector512.Create(y1[j]);
            b0 = Avx512F.FusedMultiplyAdd(x0, y, b0);
            b1 = Avx512F.FusedMultiplyAdd(x1, y, b1);
            b2 = Avx512F.FusedMultiplyAdd(x2, y, b2);
            y = Vector512.Create(y2[j]);
            c0 = Avx512F.FusedMultiplyAdd(x0, y, c0);
            c1 = Avx512F.FusedMultiplyAdd(x1, y, c1);
            c2 = Avx512F.FusedMultiplyAdd(x2, y, c2);
            y = Vector512.Create(y3[j]);
            d0 = Avx512F.FusedMultiplyAdd(x0, y, d0);
            d1 = Avx512F.FusedMultiplyAdd(x1, y, d1);
            d2 = Avx512F.FusedMultiplyAdd(x2, y, d2);
            y = Vector512.Create(y4[j]);
            e0 = Avx512F.FusedMultiplyAdd(x0, y, e0);
            e1 = Avx512F.FusedMultiplyAdd(x1, y, e1);
            e2 = Avx512F.FusedMultiplyAdd(x2, y, e2);
            y = Vector512.Create(y5[j]);
            f0 = Avx512F.FusedMultiplyAdd(x0, y, f0);
            f1 = Avx512F.FusedMultiplyAdd(x1, y, f1);
            f2 = Avx512F.FusedMultiplyAdd(x2, y, f2);
            y = Vector512.Create(y6[j]);
            g0 = Avx512F.FusedMultiplyAdd(x0, y, g0);
            g1 = Avx512F.FusedMultiplyAdd(x1, y, g1);
            g2 = Avx512F.FusedMultiplyAdd(x2, y, g2);
            y = Vector512.Create(y7[j]);
            h0 = Avx512F.FusedMultiplyAdd(x0, y, h0);
            h1 = Avx512F.FusedMultiplyAdd(x1, y, h1);
            h2 = Avx512F.FusedMultiplyAdd(x2, y, h2);
        }

        var t0 = Vector512.Load(thresholds);
        var t1 = Vector512.Load(thresholds + 16);
        var t2 = Vector512.Load(thresholds + 32);
        var any = 0UL;
        any |= hits[0] = Hits(a0, t0, 0) | Hits(a1, t1, 16) | Hits(a2, t2, 32);
        any |= hits[1] = Hits(b0, t0, 0) | Hits(b1, t1, 16) | Hits(b2, t2, 32);
        any |= hits[2] = Hits(c0, t0, 0) | Hits(c1, t1, 16) | Hits(c2, t2, 32);
        any |= hits[3] = Hits(d0, t0, 0) | Hits(d1, t1, 16) | Hits(d2, t2, 32);
        any |= hits[4] = Hits(e0, t0, 0) | Hits(e1, t1, 16) | Hits(e2, t2, 32);
        any |= hits[5] = Hits(f0, t0, 0) | Hits(f1, t1, 16) | Hits(f2, t2, 32);
        any |= hits[6] = Hits(g0, t0, 0) | Hits(g1, t1, 16) | Hits(g2, t2, 32);
        any |= hits[7] = Hits(h0, t0, 0) | Hits(h1, t1, 16) | Hits(h2, t2, 32);
        a0.Store(scores);
        a1.Store(scores + 16);
        a2.Store(scores + 32);
        b0.Store(scores + 48);
        b1.Store(scores + 64);
        b2.Store(scores + 80);
        c0.Store(scores + 96);
        c1.Store(scores + 112);
        c2.Store(scores + 128);
        d0.Store(scores + 144);
        d1.Store(scores + 160);
        d2.Store(scores + 176);
        e0.Store(scores + 192);
        e1.Store(scores + 208);
        e2.Store(scores + 224);
        f0.Store(scores + 240);
        f1.Store(scores + 256);
        f2.Store(scores + 272);
        g0.Store(scores + 288);
        g1.Store(scores + 304);
        g2.Store(scores + 320);
        h0.Store(scores + 336);
        h1.Store(scores + 352);
        h2.Store(scores + 368);
        return any;
    }

    /// <summary>16 queries × 8 rows: as many accumulators as keep two multipliers busy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static ulong Find512Narrow(
        float* tile, float* rows, int count, int d, float* starts, float* thresholds, float* scores, ulong* hits)
    {
        Vector512<float> a0, b0, c0, d0, e0, f0, g0, h0;
        a0 = Vector512.Create(starts[0]);
        b0 = Vector512.Create(starts[1]);
        c0 = Vector512.Create(starts[2]);
        d0 = Vector512.Create(starts[3]);
        e0 = Vector512.Create(starts[4]);
        f0 = Vector512.Create(starts[5]);
        g0 = Vector512.Create(starts[6]);
        h0 = Vector512.Create(starts[7]);

        float* y0 = rows, y1 = Row(rows, 1, count, d), y2 = Row(rows, 2, count, d), y3 = Row(rows, 3, count, d);
        float* y4 = Row(rows, 4, count, d), y5 = Row(rows, 5, count, d), y6 = Row(rows, 6, count, d), y7 = Row(rows, 7, count, d);
        var x = tile;
        for (nint j = 0; j < d; j++, x += 16)
        {
            var x0 = Vector512.Load(x);
            var y = Vector512.Create(y0[j]);
            a0 = Avx512F.FusedMultiplyAdd(x0, y, a0);
            y = Vector512.Create(y1[j]);
            b0 = Avx512F.FusedMultiplyAdd(x0, y, b0);
            y = Vector512.Create(y2[j]);
            c0 = Avx512F.FusedMultiplyAdd(x0, y, c0);
            y = Vector512.Create(y3[j]);
            d0 = Avx512F.FusedMultiplyAdd(x0, y, d0);
            y = Vector512.Create(y4[j]);
            e0 = Avx512F.FusedMultiplyAdd(x0, y, e0);
            y = Vector512.Create(y5[j]);
            f0 = Avx512F.FusedMultiplyAdd(x0, y, f0);
            y = Vector512.Create(y6[j]);
            g0 = Avx512F.FusedMultiplyAdd(x0, y, g0);
            y = Vector512.Create(y7[j]);
            h0 = Avx512F.FusedMultiplyAdd(x0, y, h0);
        }

        var t0 = Vector512.Load(thresholds);
        var any = 0UL;
        any |= hits[0] = Hits(a0, t0, 0);
        any |= hits[1] = Hits(b0, t0, 0);
        any |= hits[2] = Hits(c0, t0, 0);
        any |= hits[3] = Hits(d0, t0, 0);
        any |= hits[4] = Hits(e0, t0, 0);
        any |= hits[5] = Hits(f0, t0, 0);
        any |= hits[6] = Hits(g0, t0, 0);
        any |= hits[7] = Hits(h0, t0, 0);
        a0.Store(scores);
        b0.Store(scores + 16);
        c0.Store(scores + 32);
        d0.Store(scores + 48);
        e0.Store(scores + 64);
        f0.Store(scores + 80);
        g0.Store(scores + 96);
        h0.Store(scores + 112);
        return any;
    }

    /// <summary>16 queries × 4 rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static ulong Find256(
        float* tile, int lanes, float* rows, int count, int d, float* starts, float* thresholds, float* scores, ulong* hits)
    {
        var any = 0UL;
        for (var r = 0; r < Group; r++)
            hits[r] = 0;

        for (var r = 0; r < count; r += 4)
        {
            float* y0 = Row(rows, r, count, d), y1 = Row(rows, r + 1, count, d);
            float* y2 = Row(rows, r + 2, count, d), y3 = Row(rows, r + 3, count, d);
            for (var lane = 0; lane < lanes; lane += 16)
            {
                Vector256<float> a0, a1, b0, b1, c0, c1, d0, d1;
                a0 = a1 = Vector256.Create(starts[r]);
                b0 = b1 = Vector256.Create(starts[r + 1]);
                c0 = c1 = Vector256.Create(starts[r + 2]);
                d0 = d1 = Vector256.Create(starts[r + 3]);

                var x = tile + lane;
                for (nint j = 0; j < d; j++, x += lanes)
                {
                    var x0 = Vector256.Load(x);
                    var x1 = Vector256.Load(x + 8);
                    var y = Vector256.Create(y0[j]);
                    a0 = Vector256.MultiplyAddEstimate(x0, y, a0);
                    a1 = Vector256.MultiplyAddEstimate(x1, y, a1);
                    y = Vector256.Create(y1[j]);
                    b0 = Vector256.MultiplyAddEstimate(x0, y, b0);
                    b1 = Vector256.MultiplyAddEstimate(x1, y, b1);
                    y = Vector256.Create(y2[j]);
                    c0 = Vector256.MultiplyAddEstimate(x0, y, c0);
                    c1 = Vector256.MultiplyAddEstimate(x1, y, c1);
                    y = Vector256.Create(y3[j]);
                    d0 = Vector256.MultiplyAddEstimate(x0, y, d0);
                    d1 = Vector256.MultiplyAddEstimate(x1, y, d1);
                }

                var t0 = Vector256.Load(thresholds + lane);
                var t1 = Vector256.Load(thresholds + lane + 8);
                any |= hits[r] |= (Hits(a0, t0, 0) | Hits(a1, t1, 8)) << lane;
                any |= hits[r + 1] |= (Hits(b0, t0, 0) | Hits(b1, t1, 8)) << lane;
                any |= hits[r + 2] |= (Hits(c0, t0, 0) | Hits(c1, t1, 8)) << lane;
                any |= hits[r + 3] |= (Hits(d0, t0, 0) | Hits(d1, t1, 8)) << lane;
                var to = scores + r * lanes + lane;
                a0.Store(to);
                a1.Store(to + 8);
                b0.Store(to + lanes);
                b1.Store(to + lanes + 8);
                c0.Store(to + 2 * lanes);
                c1.Store(to + 2 * lanes + 8);
                d0.Store(to + 3 * lanes);
                d1.Store(to + 3 * lanes + 8);
            }
        }

        return any;
    }

    /// <summary>8 queries × 4 rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static ulong Find128(
        float* tile, int lanes, float* rows, int count, int d, float* starts, float* thresholds, float* scores, ulong* hits)
    {
        var any = 0UL;
        for (var r = 0; r < Group; r++)
            hits[r] = 0;

        for (var r = 0; r < count; r += 4)
        {
            float* y0 = Row(rows, r, count, d), y1 = Row(rows, r + 1, count, d);
            float* y2 = Row(rows, r + 2, count, d), y3 = Row(rows, r + 3, count, d);
            for (var lane = 0; lane < lanes; lane += 8)
            {
                Vector128<float> a0, a1, b0, b1, c0, c1, d0, d1;
                a0 = a1 = Vector128.Create(starts[r]);
                b0 = b1 = Vector128.Create(starts[r + 1]);
                c0 = c1 = Vector128.Create(starts[r + 2]);
                d0 = d1 = Vector128.Create(starts[r + 3]);

                var x = tile + lane;
                for (nint j = 0; j < d; j++, x += lanes)
                {
                    var x0 = Vector128.Load(x);
                    var x1 = Vector128.Load(x + 4);
                    var y = Vector128.Create(y0[j]);
                    a0 = Vector128.MultiplyAddEstimate(x0, y, a0);
                    a1 = Vector128.MultiplyAddEstimate(x1, y, a1);
                    y = Vector128.Create(y1[j]);
                    b0 = Vector128.MultiplyAddEstimate(x0, y, b0);
                    b1 = Vector128.MultiplyAddEstimate(x1, y, b1);
                    y = Vector128.Create(y2[j]);
                    c0 = Vector128.MultiplyAddEstimate(x0, y, c0);
                    c1 = Vector128.MultiplyAddEstimate(x1, y, c1);
                    y = Vector128.Create(y3[j]);
                    d0 = Vector128.MultiplyAddEstimate(x0, y, d0);
                    d1 = Vector128.MultiplyAddEstimate(x1, y, d1);
                }

                var t0 = Vector128.Load(thresholds + lane);
                var t1 = Vector128.Load(thresholds + lane + 4);
                any |= hits[r] |= (Hits(a0, t0, 0) | Hits(a1, t1, 4)) << lane;
                any |= hits[r + 1] |= (Hits(b0, t0, 0) | Hits(b1, t1, 4)) << lane;
                any |= hits[r + 2] |= (Hits(c0, t0, 0) | Hits(c1, t1, 4)) << lane;
                any |= hits[r + 3] |= (Hits(d0, t0, 0) | Hits(d1, t1, 4)) << lane;
                var to = scores + r * lanes + lane;
                a0.Store(to);
                a1.Store(to + 4);
                b0.Store(to + lanes);
                b1.Store(to + lanes + 4);
                c0.Store(to + 2 * lanes);
                c1.Store(to + 2 * lanes + 4);
                d0.Store(to + 3 * lanes);
                d1.Store(to + 3 * lanes + 4);
            }
        }

        return any;
    }

    // Beyond the last row the last one again, which may be read.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Row(float* rows, int r, int count, int d) => rows + (nint)Math.Min(r, count - 1) * d;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hits(Vector512<float> score, Vector512<float> threshold, int lane) =>
        (ulong)(~Vector512.LessThan(score, threshold).ExtractMostSignificantBits() & 0xFFFF) << lane;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hits(Vector256<float> score, Vector256<float> threshold, int lane) =>
        (ulong)(~Vector256.LessThan(score, threshold).ExtractMostSignificantBits() & 0xFF) << lane;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hits(Vector128<float> score, Vector128<float> threshold, int lane) =>
        (ulong)(~Vector128.LessThan(score, threshold).ExtractMostSignificantBits() & 0xF) << lane;
}
