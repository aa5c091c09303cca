using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>
/// The centroids of a <see cref="ProductQuantizer"/> in lanes, [M][dsub][width], for the tables of a search: one load brings the same
/// component of many centroids. Width is ksub rounded up to whole vectors; the lanes behind ksub are zero.
/// </summary>
internal sealed unsafe partial class PqCodebook : IDisposable
{
    /// <summary>Entries in a table that a byte of a code chooses from.</summary>
    public const int ByteValues = 256;

    // Vectors whose rows the widest kernels compute at once.
    private const int VectorsAtOnce = 4;

    // Tables that stay in the second cache until they are read.
    private const long BytesPerPass = 512 << 10;
    private const int MaxQueriesPerPass = 64;

    private const int Lanes = 16;

    private readonly AlignedFloats _components;
    private readonly bool _isFinite = true;

    public PqCodebook(ProductQuantizer quantizer)
    {
        (M, NBits, SubDimension, CodeSize) = (quantizer.M, quantizer.NBits, quantizer.SubDimension, quantizer.CodeSize);
        Width = (quantizer.KSub + Lanes - 1) / Lanes * Lanes;
        _components = new AlignedFloats((long)M * SubDimension * Width);
        var centroids = quantizer.Centroids;
        for (var m = 0; m < M; m++)
        {
            for (var i = 0; i < quantizer.KSub; i++)
            {
                var centroid = centroids.Slice((m * quantizer.KSub + i) * SubDimension, SubDimension);
                for (var j = 0; j < SubDimension; j++)
                {
                    _components.Pointer[((long)m * SubDimension + j) * Width + i] = centroid[j];
                    _isFinite &= float.IsFinite(centroid[j]);
                }
            }
        }
    }

    /// <summary>Parts of a vector.</summary>
    public int M { get; }

    /// <summary>Bits per part.</summary>
    public int NBits { get; }

    /// <summary>Components per part.</summary>
    public int SubDimension { get; }

    /// <summary>Bytes per code.</summary>
    public int CodeSize { get; }

    /// <summary>Floats per row of a table of parts.</summary>
    public int Width { get; }

    /// <summary>Whether each byte of a code belongs to whole parts, so that a table per byte can stand for the tables of its parts.</summary>
    public bool HasByteTables => 8 % NBits == 0;

    /// <summary>Floats of a table: one row of <see cref="ByteValues"/> per byte of a code, or else one of <see cref="Width"/> per part.</summary>
    public long TableFloats => HasByteTables ? (long)CodeSize * ByteValues : (long)M * Width;

    /// <summary>Queries whose tables one pass over the codebooks should make: reading those takes more time than computing with them.</summary>
    public int QueriesPerPass =>
        (int)Math.Clamp(BytesPerPass / (TableFloats * sizeof(float)) / VectorsAtOnce * VectorsAtOnce, VectorsAtOnce, MaxQueriesPerPass);

    /// <summary>Bytes of memory that this takes.</summary>
    public long Bytes => _components.Length * sizeof(float);

    public void Dispose() => _components.Dispose();

    /// <summary>Computes the table of a vector: <typeparamref name="T"/> of each of its parts and each centroid of the part, summed per byte
    /// of a code where <see cref="HasByteTables"/>.</summary>
    /// <param name="x">d floats.</param>
    /// <param name="table">Receives <see cref="TableFloats"/> floats.</param>
    public void Fill<T>(float* x, float* table)
        where T : struct, DistanceKernels.IAccumulate
    {
        if (!HasByteTables || NBits == 8)
        {
            for (var m = 0; m < M; m++)
                FillRow<T>(x + m * SubDimension, m, table + (long)m * Width);

            return;
        }

        using var scratch = Scratch.Rent();
        var rows = scratch.Floats((long)M * Width);
        for (var m = 0; m < M; m++)
            FillRow<T>(x + m * SubDimension, m, rows + (long)m * Width);

        for (var b = 0; b < CodeSize; b++)
            JoinRows(rows, b, table + (long)b * ByteValues);
    }

    /// <summary>Computes the tables of several vectors; each is to the bit what it is alone.</summary>
    /// <param name="x">count·d floats.</param>
    /// <param name="count">The number of vectors.</param>
    /// <param name="tables">Receives count·<see cref="TableFloats"/> floats.</param>
    public void Fill<T>(float* x, int count, float* tables)
        where T : struct, DistanceKernels.IAccumulate
    {
        var d = M * SubDimension;
        if (Width % 64 != 0)
        {
            for (var i = 0; i < count; i++)
                Fill<T>(x + (long)i * d, tables + i * TableFloats);

            return;
        }

        if (typeof(T) == typeof(DistanceKernels.Product) && FillNonzero(x, count, tables))
            return;

        // A part's components stay in the first cache while all vectors meet them.
        for (var m = 0; m < M; m++)
        {
            var components = _components.Pointer + (long)m * SubDimension * Width;
            var part = x + m * SubDimension;
            var row = tables + (long)m * Width;
            var left = count;
            var atOnce = Vector256.IsHardwareAccelerated ? VectorsAtOnce : int.MaxValue;
            for (; left >= atOnce; left -= VectorsAtOnce, part += VectorsAtOnce * d, row += VectorsAtOnce * TableFloats)
            {
                if (Vector512.IsHardwareAccelerated)
                    FillRows512<T>(part, d, components, SubDimension, Width, row, TableFloats);
                else
                    FillRows256<T>(part, d, components, SubDimension, Width, row, TableFloats);
            }

            for (; left > 0; left--, part += d, row += TableFloats)
                FillRow<T>(part, m, row);
        }
    }

    private void FillRow<T>(float* x, int m, float* row)
        where T : struct, DistanceKernels.IAccumulate
    {
        var components = _components.Pointer + (long)m * SubDimension * Width;
        if (Vector512.IsHardwareAccelerated)
            FillRow512<T>(x, components, SubDimension, Width, row);
        else if (Vector256.IsHardwareAccelerated)
            FillRow256<T>(x, components, SubDimension, Width, row);
        else if (Vector128.IsHardwareAccelerated)
            FillRow128<T>(x, components, SubDimension, Width, row);
        else
            FillRowScalar<T>(x, components, SubDimension, Width, row);
    }

    /// <summary>What the other forms compute, in the order in which they compute it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FillRowScalar<T>(float* x, float* components, int dsub, int width, float* row)
        where T : struct, DistanceKernels.IAccumulate
    {
        for (var i = 0; i < width; i += 8, row += 8)
        {
            float a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
            var y = components + i;
            for (var j = 0; j < dsub; j++, y += width)
            {
                var value = x[j];
                a = T.Invoke(value, y[0], a);
                b = T.Invoke(value, y[1], b);
                c = T.Invoke(value, y[2], c);
                d = T.Invoke(value, y[3], d);
                e = T.Invoke(value, y[4], e);
                f = T.Invoke(value, y[5], f);
                g = T.Invoke(value, y[6], g);
                h = T.Invoke(value, y[7], h);
            }

            row[0] = a;
            row[1] = b;
            row[2] = c;
            row[3] = d;
            row[4] = e;
            row[5] = f;
            row[6] = g;
            row[7] = h;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FillRow128<T>(float* x, float* components, int dsub, int width, float* row)
        where T : struct, DistanceKernels.IAccumulate
    {
        for (var i = 0; i < width; i += 16, row += 16)
        {
            Vector128<float> a = default, b = default, c = default, d = default;
            var y = components + i;
            for (var j = 0; j < dsub; j++, y += width)
            {
                var value = Vector128.Create(x[j]);
                a = T.Invoke(value, Vector128.Load(y), a);
                b = T.Invoke(value, Vector128.Load(y + 4), b);
                c = T.Invoke(value, Vector128.Load(y + 8), c);
                d = T.Invoke(value, Vector128.Load(y + 12), d);
            }

            a.Store(row);
            b.Store(row + 4);
            c.Store(row + 8);
            d.Store(row + 12);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FillRow256<T>(float* x, float* components, int dsub, int width, float* row)
        where T : struct, DistanceKernels.IAccumulate
    {
        var i = 0;
        for (; i <= width - 64; i += 64)
        {
            Vector256<float> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
            var y = components + i;
            for (var j = 0; j < dsub; j++, y += width)
            {
                var value = Vector256.Create(x[j]);
                a = T.Invoke(value, Vector256.Load(y), a);
                b = T.Invoke(value, Vector256.Load(y + 8), b);
                c = T.Invoke(value, Vector256.Load(y + 16), c);
                d = T.Invoke(value, Vector256.Load(y + 24), d);
                e = T.Invoke(value, Vector256.Load(y + 32), e);
                f = T.Invoke(value, Vector256.Load(y + 40), f);
                g = T.Invoke(value, Vector256.Load(y + 48), g);
                h = T.Invoke(value, Vector256.Load(y + 56), h);
            }

            a.Store(row + i);
            b.Store(row + i + 8);
            c.Store(row + i + 16);
            d.Store(row + i + 24);
            e.Store(row + i + 32);
            f.Store(row + i + 40);
            g.Store(row + i + 48);
            h.Store(row + i + 56);
        }

        for (; i < width; i += 16)
        {
            Vector256<float> a = default, b = default;
            var y = components + i;
            for (var j = 0; j < dsub; j++, y += width)
            {
                var value = Vector256.Create(x[j]);
                a = T.Invoke(value, Vector256.Load(y), a);
                b = T.Invoke(value, Vector256.Load(y + 8), b);
            }

            a.Store(row + i);
            b.Store(row + i + 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FillRow512<T>(float* x, float* components, int dsub, int width, float* row)
        where T : struct, DistanceKernels.IAccumulate
    {
        var i = 0;
        for (; i <= width - 256; i += 256)
        {
            Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
            var y = components + i;
            for (var j = 0; j < dsub; j++, y += width)
            {
                var value = Vector512.Create(x[j]);
                a0 = T.Invoke(value, Vector512.Load(y), a0);
                a1 = T.Invoke(value, Vector512.Load(y + 16), a1);
                a2 = T.Invoke(value, Vector512.Load(y + 32), a2);
                a3 = T.Invoke(value, Vector512.Load(y + 48), a3);
                a4 = T.Invoke(value, Vector512.Load(y + 64), a4);
                a5 = T.Invoke(value, Vector512.Load(y + 80), a5);
                a6 = T.Invoke(value, Vector512.Load(y + 96), a6);
                a7 = T.Invoke(value, Vector512.Load(y + 112), a7);
                b0 = T.Invoke(value, Vector512.Load(y + 128), b0);
                b1 = T.Invoke(value, Vector512.Load(y + 144), b1);
                b2 = T.Invoke(value, Vector512.Load(y + 160), b2);
                b3 = T.Invoke(value, Vector512.Load(y + 176), b3);
                b4 = T.Invoke(value, Vector512.Load(y + 192), b4);
                b5 = T.Invoke(value, Vector512.Load(y + 208), b5);
                b6 = T.Invoke(value, Vector512.Load(y + 224), b6);
                b7 = T.Invoke(value, Vector512.Load(y + 240), b7);
            }

            var to = row + i;
            a0.Store(to);
            a1.Store(to + 16);
            a2.Store(to + 32);
            a3.Store(to + 48);
            a4.Store(to + 64);
            a5.Store(to + 80);
            a6.Store(to + 96);
            a7.Store(to + 112);
            b0.Store(to + 128);
            b1.Store(to + 144);
            b2.Store(to + 160);
            b3.Store(to + 176);
            b4.Store(to + 192);
            b5.Store(to + 208);
            b6.Store(to + 224);
            b7.Store(to + 240);
        }

        for (; i < width; i += 16)
        {
            Vector512<float> a = default;
            var y = components + i;
            for (var j = 0; j < dsub; j++, y += width)
                a = T.Invoke(Vector512.Create(x[j]), Vector512.Load(y), a);

            a.Store(row + i);
        }
    }

    /// <summary>A row of four tables: 16 centroids × 4 vectors, 8 accumulators.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FillRows256<T>(float* x, long d, float* components, int dsub, int width, float* row, long table)
        where T : struct, DistanceKernels.IAccumulate
    {
        for (var i = 0; i < width; i += 16, row += 16)
        {
            Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, e0 = default, e1 = default;
            var y = components + i;
            for (var j = 0; j < dsub; j++, y += width)
            {
                var y0 = Vector256.Load(y);
                var y1 = Vector256.Load(y + 8);
                var value = Vector256.Create(x[j]);
                a0 = T.Invoke(value, y0, a0);
                a1 = T.Invoke(value, y1, a1);
                value = Vector256.Create(x[j + d]);
                b0 = T.Invoke(value, y0, b0);
                b1 = T.Invoke(value, y1, b1);
                value = Vector256.Create(x[j + 2 * d]);
                c0 = T.Invoke(value, y0, c0);
                c1 = T.Invoke(value, y1, c1);
                value = Vector256.Create(x[j + 3 * d]);
                e0 = T.Invoke(value, y0, e0);
                e1 = T.Invoke(value, y1, e1);
            }

            a0.Store(row);
            a1.Store(row + 8);
            b0.Store(row + table);
            b1.Store(row + table + 8);
            c0.Store(row + 2 * table);
            c1.Store(row + 2 * table + 8);
            e0.Store(row + 3 * table);
            e1.Store(row + 3 * table + 8);
        }
    }

    /// <summary>A row of four tables: 64 centroids × 4 vectors, 16 accumulators.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FillRows512<T>(float* x, long d, float* components, int dsub, int width, float* row, long table)
        where T : struct, DistanceKernels.IAccumulate
    {
        for (var i = 0; i < width; i += 64, row += 64)
        {
            Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
            Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, e0 = default, e1 = default, e2 = default, e3 = default;
            var y = components + i;
            for (var j = 0; j < dsub; j++, y += width)
            {
                var y0 = Vector512.Load(y);
                var y1 = Vector512.Load(y + 16);
                var y2 = Vector512.Load(y + 32);
                var y3 = Vector512.Load(y + 48);
                var value = Vector512.Create(x[j]);
                a0 = T.Invoke(value, y0, a0);
                a1 = T.Invoke(value, y1, a1);
                a2 = T.Invoke(value, y2, a2);
                a3 = T.Invoke(value, y3, a3);
                value = Vector512.Create(x[j + d]);
                b0 = T.Invoke(value, y0, b0);
                b1 = T.Invoke(value, y1, b1);
                b2 = T.Invoke(value, y2, b2);
                b3 = T.Invoke(value, y3, b3);
                value = Vector512.Create(x[j + 2 * d]);
                c0 = T.Invoke(value, y0, c0);
                c1 = T.Invoke(value, y1, c1);
                c2 = T.Invoke(value, y2, c2);
                c3 = T.Invoke(value, y3, c3);
                value = Vector512.Create(x[j + 3 * d]);
                e0 = T.Invoke(value, y0, e0);
                e1 = T.Invoke(value, y1, e1);
                e2 = T.Invoke(value, y2, e2);
                e3 = T.Invoke(value, y3, e3);
            }

            Store512(a0, a1, a2, a3, row);
            Store512(b0, b1, b2, b3, row + table);
            Store512(c0, c1, c2, c3, row + 2 * table);
            Store512(e0, e1, e2, e3, row + 3 * table);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store512(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* to)
    {
        a.Store(to);
        b.Store(to + 16);
        c.Store(to + 32);
        d.Store(to + 48);
    }

    // The entry of a byte is the sum of its parts' entries; bits behind the last part are zero in every code.
    private void JoinRows(float* rows, int b, float* table)
    {
        var parts = 8 / NBits;
        var ksub = 1 << NBits;
        new Span<float>(table, ByteValues).Clear();
        for (var part = 0; part < parts && b * parts + part < M; part++)
        {
            var row = rows + (long)(b * parts + part) * Width;
            // Runs of ksub^part equal entries, cyclically.
            int run = 1 << (part * NBits), value = 0;
            for (var i = 0; i < ByteValues; i += run)
            {
                var entry = row[value];
                for (var j = i; j < i + run; j++)
                    table[j] += entry;

                value = (value + 1) & (ksub - 1);
            }
        }
    }
}
