using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>
/// The innermost part of every matrix product: rows times one panel of 48 columns, y[r][c] = start[c] + Σⱼ x[r][j]·b[j][c]. The panel's
/// columns lie in lanes and the rows are broadcast, so that rows need no packing and sums no shuffling. Each sum runs in the order of j in
/// every form, whether its row comes in a block or alone.
/// </summary>
internal static unsafe class PanelProduct
{
    /// <summary>Rows of a block.</summary>
    public const int BlockRows = 8;

    private const int Panel = PackedMatrix.PanelSize;

    /// <param name="x">Element (r, j) stands at r·rowStride + j·step.</param>
    /// <param name="rowStride">Floats between rows.</param>
    /// <param name="step">Floats between elements of a row: 1 for rows, the row length for columns.</param>
    /// <param name="k">Elements per row.</param>
    /// <param name="b">Row j of the panel, 48 floats, stands at j·panelStride.</param>
    /// <param name="panelStride">Floats between rows of the panel.</param>
    /// <param name="start">48 floats.</param>
    /// <param name="y">Receives 8 rows of 48 floats.</param>
    /// <param name="yStride">Floats between rows of y.</param>
    public static void Block(
        float* x, nint rowStride, nint step, int k, float* b, nint panelStride, float* start, float* y, nint yStride)
    {
        if (Vector512.IsHardwareAccelerated)
            Block512(x, rowStride, step, k, b, panelStride, start, y, yStride);
        else if (Vector256.IsHardwareAccelerated)
            Block256(x, rowStride, step, k, b, panelStride, start, y, yStride);
        else if (Vector128.IsHardwareAccelerated)
            Block128(x, rowStride, step, k, b, panelStride, start, y, yStride);
        else
            Scalar(x, rowStride, step, BlockRows, k, b, panelStride, start, y, yStride);
    }

    /// <summary>One row; x is contiguous.</summary>
    public static void Row(float* x, int k, float* b, nint panelStride, float* start, float* y)
    {
        if (Vector512.IsHardwareAccelerated)
            Row512(x, k, b, panelStride, start, y);
        else if (Vector256.IsHardwareAccelerated)
            Row256(x, k, b, panelStride, start, y);
        else if (Vector128.IsHardwareAccelerated)
            Row128(x, k, b, panelStride, start, y);
        else
            Scalar(x, 0, 1, 1, k, b, panelStride, start, y, 0);
    }

    /// <summary>What the other forms compute.</summary>
    internal static void Scalar(
        float* x, nint rowStride, nint step, int rows, int k, float* b, nint panelStride, float* start, float* y, nint yStride)
    {
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < Panel; c++)
            {
                var sum = start[c];
                for (var j = 0; j < k; j++)
                    sum += x[r * rowStride + j * step] * b[j * panelStride + c];

                y[r * yStride + c] = sum;
            }
        }
    }

    /// <summary>8 rows × 48 columns: 24 accumulators, 3 registers of the panel, 1 of a row's element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Block512(
        float* x, nint rowStride, nint step, int k, float* b, nint panelStride, float* start, float* y, nint yStride)
    {
        var s0 = Vector512.Load(start);
        var s1 = Vector512.Load(start + 16);
        var s2 = Vector512.Load(start + 32);
        Vector512<float> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2, e0, e1, e2, f0, f1, f2, g0, g1, g2, h0, h1, h2;
        a0 = b0 = c0 = d0 = e0 = f0 = g0 = h0 = s0;
        a1 = b1 = c1 = d1 = e1 = f1 = g1 = h1 = s1;
        a2 = b2 = c2 = d2 = e2 = f2 = g2 = h2 = s2;
        float* x0 = x, x1 = x0 + rowStride, x2 = x1 + rowStride, x3 = x2 + rowStride;
        float* x4 = x3 + rowStride, x5 = x4 + rowStride, x6 = x5 + rowStride, x7 = x6 + rowStride;
        var panel = b;
        nint at = 0;
        for (var j = 0; j < k; j++, at += step, panel += panelStride)
        {
            var p0 = Vector512.Load(panel);
            var p1 = Vector512.Load(panel + 16);
            var p2 = Vector512.Load(panel + 32);
            var v = Vector512.Create(x0[at]);
            a0 = Vector512.MultiplyAddEstimate(v, p0, a0);
            a1 = Vector512.MultiplyAddEstimate(v, p1, a1);
            a2 = Vector512.MultiplyAddEstimate(v, p2, a2);
            v = Vector512.Create(x1[at]);
            b0 = Vector512.MultiplyAddEstimate(v, p0, b0);
            b1 = Vector512.MultiplyAddEstimate(v, p1, b1);
            b2 = Vector512.MultiplyAddEstimate(v, p2, b2);
            v = Vector512.Create(x2[at]);
            c0 = Vector512.MultiplyAddEstimate(v, p0, c0);
            c1 = Vector512.MultiplyAddEstimate(v, p1, c1);
            c2 = Vector512.MultiplyAddEstimate(v, p2, c2);
            v = Vector512.Create(x3[at]);
            d0 = Vector512.MultiplyAddEstimate(v, p0, d0);
            d1 = Vector512.MultiplyAddEstimate(v, p1, d1);
            d2 = Vector512.MultiplyAddEstimate(v, p2, d2);
            v = Vector512.Create(x4[at]);
            e0 = Vector512.MultiplyAddEstimate(v, p0, e0);
            e1 = Vector512.MultiplyAddEstimate(v, p1, e1);
            e2 = Vector512.MultiplyAddEstimate(v, p2, e2);
            v = Vector512.Create(x5[at]);
            f0 = Vector512.MultiplyAddEstimate(v, p0, f0);
            f1 = Vector512.MultiplyAddEstimate(v, p1, f1);
            f2 = Vector512.MultiplyAddEstimate(v, p2, f2);
            v = Vector512.Create(x6[at]);
            g0 = Vector512.MultiplyAddEstimate(v, p0, g0);
            g1 = Vector512.MultiplyAddEstimate(v, p1, g1);
            g2 = Vector512.MultiplyAddEstimate(v, p2, g2);
            v = Vector512.Create(x7[at]);
            h0 = Vector512.MultiplyAddEstimate(v, p0, h0);
            h1 = Vector512.MultiplyAddEstimate(v, p1, h1);
            h2 = Vector512.MultiplyAddEstimate(v, p2, h2);
        }

        var to = y;
        a0.Store(to);
        a1.Store(to + 16);
        a2.Store(to + 32);
        to += yStride;
        b0.Store(to);
        b1.Store(to + 16);
        b2.Store(to + 32);
        to += yStride;
        c0.Store(to);
        c1.Store(to + 16);
        c2.Store(to + 32);
        to += yStride;
        d0.Store(to);
        d1.Store(to + 16);
        d2.Store(to + 32);
        to += yStride;
        e0.Store(to);
        e1.Store(to + 16);
        e2.Store(to + 32);
        to += yStride;
        f0.Store(to);
        f1.Store(to + 16);
        f2.Store(to + 32);
        to += yStride;
        g0.Store(to);
        g1.Store(to + 16);
        g2.Store(to + 32);
        to += yStride;
        h0.Store(to);
        h1.Store(to + 16);
        h2.Store(to + 32);
    }

    /// <summary>4 rows × 24 columns at a time: 12 accumulators.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Block256(
        float* x, nint rowStride, nint step, int k, float* b, nint panelStride, float* start, float* y, nint yStride)
    {
        for (var first = 0; first < BlockRows; first += 4, x += 4 * rowStride, y += 4 * yStride)
        {
            for (var lane = 0; lane < Panel; lane += 24)
            {
                var s0 = Vector256.Load(start + lane);
                var s1 = Vector256.Load(start + lane + 8);
                var s2 = Vector256.Load(start + lane + 16);
                Vector256<float> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
                a0 = b0 = c0 = d0 = s0;
                a1 = b1 = c1 = d1 = s1;
                a2 = b2 = c2 = d2 = s2;
                float* x0 = x, x1 = x0 + rowStride, x2 = x1 + rowStride, x3 = x2 + rowStride;
                var panel = b + lane;
                nint at = 0;
                for (var j = 0; j < k; j++, at += step, panel += panelStride)
                {
                    var p0 = Vector256.Load(panel);
                    var p1 = Vector256.Load(panel + 8);
                    var p2 = Vector256.Load(panel + 16);
                    var v = Vector256.Create(x0[at]);
                    a0 = Vector256.MultiplyAddEstimate(v, p0, a0);
                    a1 = Vector256.MultiplyAddEstimate(v, p1, a1);
                    a2 = Vector256.MultiplyAddEstimate(v, p2, a2);
                    v = Vector256.Create(x1[at]);
                    b0 = Vector256.MultiplyAddEstimate(v, p0, b0);
                    b1 = Vector256.MultiplyAddEstimate(v, p1, b1);
                    b2 = Vector256.MultiplyAddEstimate(v, p2, b2);
                    v = Vector256.Create(x2[at]);
                    c0 = Vector256.MultiplyAddEstimate(v, p0, c0);
                    c1 = Vector256.MultiplyAddEstimate(v, p1, c1);
                    c2 = Vector256.MultiplyAddEstimate(v, p2, c2);
                    v = Vector256.Create(x3[at]);
                    d0 = Vector256.MultiplyAddEstimate(v, p0, d0);
                    d1 = Vector256.MultiplyAddEstimate(v, p1, d1);
                    d2 = Vector256.MultiplyAddEstimate(v, p2, d2);
                }

                var to = y + lane;
                a0.Store(to);
                a1.Store(to + 8);
                a2.Store(to + 16);
                to += yStride;
                b0.Store(to);
                b1.Store(to + 8);
                b2.Store(to + 16);
                to += yStride;
                c0.Store(to);
                c1.Store(to + 8);
                c2.Store(to + 16);
                to += yStride;
                d0.Store(to);
                d1.Store(to + 8);
                d2.Store(to + 16);
            }
        }
    }

    /// <summary>4 rows × 12 columns at a time: 12 accumulators.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Block128(
        float* x, nint rowStride, nint step, int k, float* b, nint panelStride, float* start, float* y, nint yStride)
    {
        for (var first = 0; first < BlockRows; first += 4, x += 4 * rowStride, y += 4 * yStride)
        {
            for (var lane = 0; lane < Panel; lane += 12)
            {
                var s0 = Vector128.Load(start + lane);
                var s1 = Vector128.Load(start + lane + 4);
                var s2 = Vector128.Load(start + lane + 8);
                Vector128<float> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
                a0 = b0 = c0 = d0 = s0;
                a1 = b1 = c1 = d1 = s1;
                a2 = b2 = c2 = d2 = s2;
                float* x0 = x, x1 = x0 + rowStride, x2 = x1 + rowStride, x3 = x2 + rowStride;
                var panel = b + lane;
                nint at = 0;
                for (var j = 0; j < k; j++, at += step, panel += panelStride)
                {
                    var p0 = Vector128.Load(panel);
                    var p1 = Vector128.Load(panel + 4);
                    var p2 = Vector128.Load(panel + 8);
                    var v = Vector128.Create(x0[at]);
                    a0 = Vector128.MultiplyAddEstimate(v, p0, a0);
                    a1 = Vector128.MultiplyAddEstimate(v, p1, a1);
                    a2 = Vector128.MultiplyAddEstimate(v, p2, a2);
                    v = Vector128.Create(x1[at]);
                    b0 = Vector128.MultiplyAddEstimate(v, p0, b0);
                    b1 = Vector128.MultiplyAddEstimate(v, p1, b1);
                    b2 = Vector128.MultiplyAddEstimate(v, p2, b2);
                    v = Vector128.Create(x2[at]);
                    c0 = Vector128.MultiplyAddEstimate(v, p0, c0);
                    c1 = Vector128.MultiplyAddEstimate(v, p1, c1);
                    c2 = Vector128.MultiplyAddEstimate(v, p2, c2);
                    v = Vector128.Create(x3[at]);
                    d0 = Vector128.MultiplyAddEstimate(v, p0, d0);
                    d1 = Vector128.MultiplyAddEstimate(v, p1, d1);
                    d2 = Vector128.MultiplyAddEstimate(v, p2, d2);
                }

                var to = y + lane;
                a0.Store(to);
                a1.Store(to + 4);
                a2.Store(to + 8);
                to += yStride;
                b0.Store(to);
                b1.Store(to + 4);
                b2.Store(to + 8);
                to += yStride;
                c0.Store(to);
                c1.Store(to + 4);
                c2.Store(to + 8);
                to += yStride;
                d0.Store(to);
                d1.Store(to + 4);
                d2.Store(to + 8);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row512(float* x, int k, float* b, nint panelStride, float* start, float* y)
    {
        var a0 = Vector512.Load(start);
        var a1 = Vector512.Load(start + 16);
        var a2 = Vector512.Load(start + 32);
        var panel = b;
        for (var j = 0; j < k; j++, panel += panelStride)
        {
            var v = Vector512.Create(x[j]);
            a0 = Vector512.MultiplyAddEstimate(v, Vector512.Load(panel), a0);
            a1 = Vector512.MultiplyAddEstimate(v, Vector512.Load(panel + 16), a1);
            a2 = Vector512.MultiplyAddEstimate(v, Vector512.Load(panel + 32), a2);
        }

        a0.Store(y);
        a1.Store(y + 16);
        a2.Store(y + 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row256(float* x, int k, float* b, nint panelStride, float* start, float* y)
    {
        var a0 = Vector256.Load(start);
        var a1 = Vector256.Load(start + 8);
        var a2 = Vector256.Load(start + 16);
        var a3 = Vector256.Load(start + 24);
        var a4 = Vector256.Load(start + 32);
        var a5 = Vector256.Load(start + 40);
        var panel = b;
        for (var j = 0; j < k; j++, panel += panelStride)
        {
            var v = Vector256.Create(x[j]);
            a0 = Vector256.MultiplyAddEstimate(v, Vector256.Load(panel), a0);
            a1 = Vector256.MultiplyAddEstimate(v, Vector256.Load(panel + 8), a1);
            a2 = Vector256.MultiplyAddEstimate(v, Vector256.Load(panel + 16), a2);
            a3 = Vector256.MultiplyAddEstimate(v, Vector256.Load(panel + 24), a3);
            a4 = Vector256.MultiplyAddEstimate(v, Vector256.Load(panel + 32), a4);
            a5 = Vector256.MultiplyAddEstimate(v, Vector256.Load(panel + 40), a5);
        }

        a0.Store(y);
        a1.Store(y + 8);
        a2.Store(y + 16);
        a3.Store(y + 24);
        a4.Store(y + 32);
        a5.Store(y + 40);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Row128(float* x, int k, float* b, nint panelStride, float* start, float* y)
    {
        for (var lane = 0; lane < Panel; lane += 24, b += 24, start += 24, y += 24)
        {
            var a0 = Vector128.Load(start);
            var a1 = Vector128.Load(start + 4);
            var a2 = Vector128.Load(start + 8);
            var a3 = Vector128.Load(start + 12);
            var a4 = Vector128.Load(start + 16);
            var a5 = Vector128.Load(start + 20);
            var panel = b;
            for (var j = 0; j < k; j++, panel += panelStride)
            {
                var v = Vector128.Create(x[j]);
                a0 = Vector128.MultiplyAddEstimate(v, Vector128.Load(panel), a0);
                a1 = Vector128.MultiplyAddEstimate(v, Vector128.Load(panel + 4), a1);
                a2 = Vector128.MultiplyAddEstimate(v, Vector128.Load(panel + 8), a2);
                a3 = Vector128.MultiplyAddEstimate(v, Vector128.Load(panel + 12), a3);
                a4 = Vector128.MultiplyAddEstimate(v, Vector128.Load(panel + 16), a4);
                a5 = Vector128.MultiplyAddEstimate(v, Vector128.Load(panel + 20), a5);
            }

            a0.Store(y);
            a1.Store(y + 4);
            a2.Store(y + 8);
            a3.Store(y + 12);
            a4.Store(y + 16);
            a5.Store(y + 20);
        }
    }
}
