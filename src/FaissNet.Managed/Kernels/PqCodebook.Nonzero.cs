using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

// Tables of products with vectors most of whose components are zero, such as images: these add nothing, unless a centroid is infinite.
internal sealed unsafe partial class PqCodebook
{
    // One vector at a time is slower than several: worth it where two of three components are zero.
    private const int LargestShare = 3;

    /// <summary>Computes the tables of vectors with few components that are not zero; answers whether it did.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool FillNonzero(float* x, int count, float* tables)
    {
        var d = M * SubDimension;
        if (!_isFinite || NonzeroComponents.CountZeros(x, count * d) < count * d - count * d / LargestShare)
            return false;

        using var scratch = Scratch.Rent();
        var offsets = scratch.Ints((long)count * d);
        var values = scratch.Floats((long)count * d);
        var counts = scratch.Ints((long)count * M);
        for (var i = 0; i < count * M; i++)
        {
            var at = (long)i * SubDimension;
            counts[i] = NonzeroComponents.Compress(x + at, SubDimension, Width, offsets + at, values + at);
        }

        for (var m = 0; m < M; m++)
        {
            var components = _components.Pointer + (long)m * SubDimension * Width;
            for (var i = 0; i < count; i++)
            {
                var row = tables + i * TableFloats + (long)m * Width;
                var part = (long)i * M + m;
                int* at = offsets + part * SubDimension;
                var value = values + part * SubDimension;
                if (counts[part] == 0)
                    new Span<float>(row, Width).Clear();
                else if (Vector512.IsHardwareAccelerated)
                    FillNonzero512(components, at, value, counts[part], Width, row);
                else if (Vector256.IsHardwareAccelerated)
                    FillNonzero256(components, at, value, counts[part], Width, row);
                else if (Vector128.IsHardwareAccelerated)
                    FillNonzero128(components, at, value, counts[part], Width, row);
                else
                    FillNonzeroScalar(components, at, value, counts[part], Width, row);
            }
        }

        return true;
    }

    /// <summary>What the other forms compute, in the order in which they compute it; of one component at least. Two components a turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillNonzeroScalar(float* components, int* offsets, float* values, int count, int width, float* row)
    {
        for (var i = 0; i < width; i += 8, row += 8, components += 8)
        {
            var y = components + offsets[0];
            var value = values[0];
            var a = value * y[0];
            var b = value * y[1];
            var c = value * y[2];
            var d = value * y[3];
            var e = value * y[4];
            var f = value * y[5];
            var g = value * y[6];
            var h = value * y[7];
            nint j = 1;
            for (; j < count - 1; j += 2)
            {
                y = components + offsets[j];
                value = values[j];
                var z = components + offsets[j + 1];
                var next = values[j + 1];
                a = a + value * y[0] + next * z[0];
                b = b + value * y[1] + next * z[1];
                c = c + value * y[2] + next * z[2];
                d = d + value * y[3] + next * z[3];
                e = e + value * y[4] + next * z[4];
                f = f + value * y[5] + next * z[5];
                g = g + value * y[6] + next * z[6];
                h = h + value * y[7] + next * z[7];
            }

            if (j < count)
            {
                y = components + offsets[j];
                value = values[j];
                a += value * y[0];
                b += value * y[1];
                c += value * y[2];
                d += value * y[3];
                e += value * y[4];
                f += value * y[5];
                g += value * y[6];
                h += value * y[7];
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
    private static void FillNonzero128(float* components, int* offsets, float* values, int count, int width, float* row)
    {
        for (var i = 0; i < width; i += 16, row += 16)
        {
            Vector128<float> a = default, b = default, c = default, d = default;
            for (nint j = 0; j < count; j++)
            {
                var y = components + i + offsets[j];
                var value = Vector128.Create(values[j]);
                a = Vector128.MultiplyAddEstimate(value, Vector128.Load(y), a);
                b = Vector128.MultiplyAddEstimate(value, Vector128.Load(y + 4), b);
                c = Vector128.MultiplyAddEstimate(value, Vector128.Load(y + 8), c);
                d = Vector128.MultiplyAddEstimate(value, Vector128.Load(y + 12), d);
            }

            a.Store(row);
            b.Store(row + 4);
            c.Store(row + 8);
            d.Store(row + 12);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillNonzero256(float* components, int* offsets, float* values, int count, int width, float* row)
    {
        for (var i = 0; i < width; i += 64, row += 64)
        {
            Vector256<float> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
            for (nint j = 0; j < count; j++)
            {
                var y = components + i + offsets[j];
                var value = Vector256.Create(values[j]);
                a = Vector256.MultiplyAddEstimate(value, Vector256.Load(y), a);
                b = Vector256.MultiplyAddEstimate(value, Vector256.Load(y + 8), b);
                c = Vector256.MultiplyAddEstimate(value, Vector256.Load(y + 16), c);
                d = Vector256.MultiplyAddEstimate(value, Vector256.Load(y + 24), d);
                e = Vector256.MultiplyAddEstimate(value, Vector256.Load(y + 32), e);
                f = Vector256.MultiplyAddEstimate(value, Vector256.Load(y + 40), f);
                g = Vector256.MultiplyAddEstimate(value, Vector256.Load(y + 48), g);
                h = Vector256.MultiplyAddEstimate(value, Vector256.Load(y + 56), h);
            }

            a.Store(row);
            b.Store(row + 8);
            c.Store(row + 16);
            d.Store(row + 24);
            e.Store(row + 32);
            f.Store(row + 40);
            g.Store(row + 48);
            h.Store(row + 56);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillNonzero512(float* components, int* offsets, float* values, int count, int width, float* row)
    {
        for (var i = 0; i < width; i += 64, row += 64)
        {
            Vector512<float> a = default, b = default, c = default, d = default;
            for (nint j = 0; j < count; j++)
            {
                var y = components + i + offsets[j];
                var value = Vector512.Create(values[j]);
                a = Vector512.MultiplyAddEstimate(value, Vector512.Load(y), a);
                b = Vector512.MultiplyAddEstimate(value, Vector512.Load(y + 16), b);
                c = Vector512.MultiplyAddEstimate(value, Vector512.Load(y + 32), c);
                d = Vector512.MultiplyAddEstimate(value, Vector512.Load(y + 48), d);
            }

            a.Store(row);
            b.Store(row + 16);
            c.Store(row + 32);
            d.Store(row + 48);
        }
    }
}
