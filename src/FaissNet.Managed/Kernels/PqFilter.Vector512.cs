using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

// With AVX-512 VBMI: a table of 256 bytes is two instructions and a choice between them.
internal static unsafe partial class PqFilter
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Find512(
        byte* a, byte* b, nint stride, int rows, byte* tables, float* terms, float limit, float scale, float slack, ulong* masks)
    {
        Vector512<ushort> allA = default, oddA = default, allB = default, oddB = default;
        for (; rows >= 2; rows -= 2, a += 2 * stride, b += 2 * stride, tables += 2 * Row)
        {
            var t0 = Vector512.Load(tables);
            var t1 = Vector512.Load(tables + 64);
            var t2 = Vector512.Load(tables + 128);
            var t3 = Vector512.Load(tables + 192);
            var codeA = Vector512.Load(a);
            var codeB = Vector512.Load(b);
            var pairA = Avx512BW.BlendVariable(
                Avx512Vbmi.PermuteVar64x8x2(t0, codeA, t1), Avx512Vbmi.PermuteVar64x8x2(t2, codeA, t3), codeA);
            var pairB = Avx512BW.BlendVariable(
                Avx512Vbmi.PermuteVar64x8x2(t0, codeB, t1), Avx512Vbmi.PermuteVar64x8x2(t2, codeB, t3), codeB);

            t0 = Vector512.Load(tables + Row);
            t1 = Vector512.Load(tables + Row + 64);
            t2 = Vector512.Load(tables + Row + 128);
            t3 = Vector512.Load(tables + Row + 192);
            codeA = Vector512.Load(a + stride);
            codeB = Vector512.Load(b + stride);
            pairA = Avx512BW.AddSaturate(pairA, Avx512BW.BlendVariable(
                Avx512Vbmi.PermuteVar64x8x2(t0, codeA, t1), Avx512Vbmi.PermuteVar64x8x2(t2, codeA, t3), codeA));
            pairB = Avx512BW.AddSaturate(pairB, Avx512BW.BlendVariable(
                Avx512Vbmi.PermuteVar64x8x2(t0, codeB, t1), Avx512Vbmi.PermuteVar64x8x2(t2, codeB, t3), codeB));

            // Odd codes alone, and all with the even ones below: two additions instead of widening.
            allA += pairA.AsUInt16();
            oddA += pairA.AsUInt16() >>> 8;
            allB += pairB.AsUInt16();
            oddB += pairB.AsUInt16() >>> 8;
        }

        if (rows == 1)
        {
            var t0 = Vector512.Load(tables);
            var t1 = Vector512.Load(tables + 64);
            var t2 = Vector512.Load(tables + 128);
            var t3 = Vector512.Load(tables + 192);
            var codeA = Vector512.Load(a);
            var codeB = Vector512.Load(b);
            var lastA = Avx512BW.BlendVariable(
                Avx512Vbmi.PermuteVar64x8x2(t0, codeA, t1), Avx512Vbmi.PermuteVar64x8x2(t2, codeA, t3), codeA).AsUInt16();
            var lastB = Avx512BW.BlendVariable(
                Avx512Vbmi.PermuteVar64x8x2(t0, codeB, t1), Avx512Vbmi.PermuteVar64x8x2(t2, codeB, t3), codeB).AsUInt16();
            allA += lastA;
            oddA += lastA >>> 8;
            allB += lastB;
            oddB += lastB >>> 8;
        }

        masks[0] = Below512(allA, oddA, terms, limit, scale, slack);
        masks[1] = Below512(allB, oddB, terms is null ? null : terms + BlockSize, limit, scale, slack);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindOne512(
        byte* a, nint stride, int rows, byte* tables, float* terms, float limit, float scale, float slack, ulong* masks)
    {
        Vector512<ushort> allA = default, oddA = default;
        for (; rows >= 2; rows -= 2, a += 2 * stride, tables += 2 * Row)
        {
            var codeA = Vector512.Load(a);
            var pairA = Avx512BW.BlendVariable(
                Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(tables), codeA, Vector512.Load(tables + 64)),
                Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(tables + 128), codeA, Vector512.Load(tables + 192)),
                codeA);
            codeA = Vector512.Load(a + stride);
            pairA = Avx512BW.AddSaturate(pairA, Avx512BW.BlendVariable(
                Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(tables + Row), codeA, Vector512.Load(tables + Row + 64)),
                Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(tables + Row + 128), codeA, Vector512.Load(tables + Row + 192)),
                codeA));
            allA += pairA.AsUInt16();
            oddA += pairA.AsUInt16() >>> 8;
        }

        if (rows == 1)
        {
            var codeA = Vector512.Load(a);
            var lastA = Avx512BW.BlendVariable(
                Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(tables), codeA, Vector512.Load(tables + 64)),
                Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(tables + 128), codeA, Vector512.Load(tables + 192)),
                codeA).AsUInt16();
            allA += lastA;
            oddA += lastA >>> 8;
        }

        masks[0] = Below512(allA, oddA, terms, limit, scale, slack);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Below512(Vector512<ushort> all, Vector512<ushort> odd, float* terms, float limit, float scale, float slack)
    {
        var even = all - (odd << 8);
        // In the order of the codes again: 0 to 31, 32 to 63.
        var order = Vector512.Create(
            (ushort)0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47);
        var low = Avx512BW.PermuteVar32x16x2(even, order, odd);
        var high = Avx512BW.PermuteVar32x16x2(even, order + Vector512.Create((ushort)16), odd);
        Vector512<ushort> lowBound, highBound;
        if (terms is null)
        {
            lowBound = highBound = Vector512.Create(Bounds512(Vector512.Create(limit)), Bounds512(Vector512.Create(limit)));
        }
        else
        {
            lowBound = Vector512.Create(Bounds512(terms, limit, scale, slack), Bounds512(terms + 16, limit, scale, slack));
            highBound = Vector512.Create(Bounds512(terms + 32, limit, scale, slack), Bounds512(terms + 48, limit, scale, slack));
        }

        return Vector512.LessThan(low, lowBound).ExtractMostSignificantBits() | Vector512.LessThan(high, highBound).ExtractMostSignificantBits() << 32;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Bounds512(float* terms, float limit, float scale, float slack)
    {
        var term = Vector512.Load(terms);
        var v = Avx512F.FusedMultiplyAddNegated(term, Vector512.Create(scale), Vector512.Create(limit));
        return Bounds512(Avx512F.FusedMultiplyAdd(Vector512.Abs(term), Vector512.Create(slack), v));
    }

    // NaN becomes 0: of the two operands the instruction then gives the second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Bounds512(Vector512<float> v) => Avx512F.ConvertToVector256UInt16WithSaturation(
        Avx512F.ConvertToVector512UInt32WithTruncation(Avx512F.Max(v, Vector512<float>.Zero)));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindRanges512(float* table, int rows, float* lows, float* highs)
    {
        for (var r = 0; r < rows; r++, table += Row)
        {
            Vector512<float> a = Vector512.Load(table), b = a, c = Vector512.Load(table + 16), d = c;
            for (var i = 32; i < Row; i += 32)
            {
                var x = Vector512.Load(table + i);
                var y = Vector512.Load(table + i + 16);
                a = Avx512F.Min(x, a);
                b = Avx512F.Max(x, b);
                c = Avx512F.Min(y, c);
                d = Avx512F.Max(y, d);
            }

            a = Avx512F.Min(a, c);
            b = Avx512F.Max(b, d);
            var low = Avx.Min(a.GetLower(), a.GetUpper());
            var high = Avx.Max(b.GetLower(), b.GetUpper());
            var low4 = Sse.Min(low.GetLower(), low.GetUpper());
            var high4 = Sse.Max(high.GetLower(), high.GetUpper());
            low4 = Sse.Min(low4, Sse.MoveHighToLow(low4, low4));
            high4 = Sse.Max(high4, Sse.MoveHighToLow(high4, high4));
            lows[r] = Math.Min(low4.GetElement(0), low4.GetElement(1));
            highs[r] = Math.Max(high4.GetElement(0), high4.GetElement(1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantize512(float* table, int rows, float* lows, float scale, byte* bytes)
    {
        var s = Vector512.Create(scale);
        for (var r = 0; r < rows; r++)
        {
            var low = Vector512.Create(lows[r]);
            for (var i = 0; i < Row; i += 32, table += 32, bytes += 32)
            {
                // Two statements each: subtracting and scaling in one step would round otherwise.
                var x = (Vector512.Load(table) - low) * s;
                var y = (Vector512.Load(table + 16) - low) * s;
                Avx512F.ConvertToVector128ByteWithSaturation(Avx512F.ConvertToVector512UInt32WithTruncation(x)).Store(bytes);
                Avx512F.ConvertToVector128ByteWithSaturation(Avx512F.ConvertToVector512UInt32WithTruncation(y)).Store(bytes + 16);
            }
        }
    }
}
