using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

// With AVX2: a table of 256 bytes is sixteen of 16 bytes, of which each is one shuffle, and a choice by the upper four bits.
internal static unsafe partial class PqFilter
{
    // Codes of one vector.
    private const int Half = BlockSize / 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Find256(in Tables tables, byte* codes, nint stride, float* terms, float limit)
    {
        Vector256<ushort> allA = default, oddA = default, allB = default, oddB = default;
        var pairs = tables.Pairs;
        for (var i = tables.PairCount; i > 0; i--, pairs++)
        {
            nint r = 2 * *pairs;
            var code = codes + r * stride;
            var table = tables.Bytes + r * Row;
            var pair = Avx2.AddSaturate(
                LookUp256(table, Vector256.Load(code)), LookUp256(table + Row, Vector256.Load(code + stride))).AsUInt16();
            // Odd codes alone, and all with the even ones below: two additions instead of widening.
            allA += pair;
            oddA += pair >>> 8;
            pair = Avx2.AddSaturate(
                LookUp256(table, Vector256.Load(code + Half)), LookUp256(table + Row, Vector256.Load(code + stride + Half))).AsUInt16();
            allB += pair;
            oddB += pair >>> 8;
        }

        if (tables.Rows % 2 != 0)
        {
            nint r = tables.Rows - 1;
            var last = LookUp256(tables.Bytes + r * Row, Vector256.Load(codes + r * stride)).AsUInt16();
            allA += last;
            oddA += last >>> 8;
            last = LookUp256(tables.Bytes + r * Row, Vector256.Load(codes + r * stride + Half)).AsUInt16();
            allB += last;
            oddB += last >>> 8;
        }

        var low = Below256(allA, oddA, terms, limit, tables.Scale, tables.TermSlack);
        return low | (ulong)Below256(allB, oddB, terms is null ? null : terms + Half, limit, tables.Scale, tables.TermSlack) << Half;
    }

    /// <summary>The first half of a block alone: that is all that a list's last block may have.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint FindHalf256(in Tables tables, byte* codes, nint stride, float* terms, float limit)
    {
        Vector256<ushort> all = default, odd = default;
        var pairs = tables.Pairs;
        for (var i = tables.PairCount; i > 0; i--, pairs++)
        {
            nint r = 2 * *pairs;
            var code = codes + r * stride;
            var table = tables.Bytes + r * Row;
            var pair = Avx2.AddSaturate(
                LookUp256(table, Vector256.Load(code)), LookUp256(table + Row, Vector256.Load(code + stride))).AsUInt16();
            all += pair;
            odd += pair >>> 8;
        }

        if (tables.Rows % 2 != 0)
        {
            nint r = tables.Rows - 1;
            var last = LookUp256(tables.Bytes + r * Row, Vector256.Load(codes + r * stride)).AsUInt16();
            all += last;
            odd += last >>> 8;
        }

        return Below256(all, odd, terms, limit, tables.Scale, tables.TermSlack);
    }

    // A shuffle gives 0 where the highest bit is set: so the upper eight tables join the lower eight by OR, and three bits are left to choose by.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> LookUp256(byte* table, Vector256<byte> code)
    {
        var low = code & Vector256.Create((byte)0x8F);
        var high = low ^ Vector256.Create((byte)0x80);
        // Each byte's bit 4, then 5, then 6 becomes its highest; what crosses from its neighbour does not get that far.
        var bit = (code.AsUInt16() << 3).AsByte();
        var a = Avx2.BlendVariable(Join256(table, low, high), Join256(table + 16, low, high), bit);
        var b = Avx2.BlendVariable(Join256(table + 32, low, high), Join256(table + 48, low, high), bit);
        var c = Avx2.BlendVariable(Join256(table + 64, low, high), Join256(table + 80, low, high), bit);
        var d = Avx2.BlendVariable(Join256(table + 96, low, high), Join256(table + 112, low, high), bit);
        bit = (code.AsUInt16() << 2).AsByte();
        a = Avx2.BlendVariable(a, b, bit);
        c = Avx2.BlendVariable(c, d, bit);
        return Avx2.BlendVariable(a, c, (code.AsUInt16() << 1).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Join256(byte* table, Vector256<byte> low, Vector256<byte> high) =>
        Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(table), low) | Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(table + Row / 2), high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Below256(Vector256<ushort> all, Vector256<ushort> odd, float* terms, float limit, float scale, float slack)
    {
        var even = all - (odd << 8);
        // Codes 0 to 7 and 16 to 23, then 8 to 15 and 24 to 31.
        var low = Avx2.UnpackLow(even, odd);
        var high = Avx2.UnpackHigh(even, odd);
        Vector256<ushort> lowBound, highBound;
        if (terms is null)
        {
            var bound = Bounds256(Vector256.Create(limit));
            lowBound = highBound = Avx2.PackUnsignedSaturate(bound, bound);
        }
        else
        {
            lowBound = Bounds256(terms, limit, scale, slack);
            highBound = Bounds256(terms + 8, limit, scale, slack);
        }

        // Sums that reach their bounds.
        var lowReached = Avx2.CompareEqual(Avx2.Max(low, lowBound), low).AsInt16();
        var highReached = Avx2.CompareEqual(Avx2.Max(high, highBound), high).AsInt16();
        return ~Avx2.PackSignedSaturate(lowReached, highReached).ExtractMostSignificantBits();
    }

    // Of the eight terms here, and the eight that follow 16 behind.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Bounds256(float* terms, float limit, float scale, float slack) => Avx2.PackUnsignedSaturate(
        BoundsOf256(Vector256.Create(Vector128.Load(terms), Vector128.Load(terms + 16)), limit, scale, slack),
        BoundsOf256(Vector256.Create(Vector128.Load(terms + 4), Vector128.Load(terms + 20)), limit, scale, slack));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> BoundsOf256(Vector256<float> term, float limit, float scale, float slack)
    {
        var v = Fma.MultiplyAddNegated(term, Vector256.Create(scale), Vector256.Create(limit));
        return Bounds256(Fma.MultiplyAdd(Vector256.Abs(term), Vector256.Create(slack), v));
    }

    // NaN becomes 0: of the two operands the instruction then gives the second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Bounds256(Vector256<float> v) => Avx.ConvertToVector256Int32WithTruncation(
        Avx.Min(Avx.Max(v, Vector256<float>.Zero), Vector256.Create((float)ushort.MaxValue)));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindRanges256(float* table, int rows, float* lows, float* highs)
    {
        for (var r = 0; r < rows; r++, table += Row)
        {
            Vector256<float> a = Vector256.Load(table), b = a, c = Vector256.Load(table + 8), d = c;
            for (var i = 16; i < Row; i += 16)
            {
                var x = Vector256.Load(table + i);
                var y = Vector256.Load(table + i + 8);
                a = Avx.Min(x, a);
                b = Avx.Max(x, b);
                c = Avx.Min(y, c);
                d = Avx.Max(y, d);
            }

            a = Avx.Min(a, c);
            b = Avx.Max(b, d);
            lows[r] = Least(Sse.Min(a.GetLower(), a.GetUpper()));
            highs[r] = Greatest(Sse.Max(b.GetLower(), b.GetUpper()));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantize256(float* table, int rows, float* lows, float scale, byte* bytes)
    {
        var s = Vector256.Create(scale);
        // Packing leaves groups of four out of order.
        var order = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
        for (var r = 0; r < rows; r++)
        {
            var low = Vector256.Create(lows[r]);
            for (var i = 0; i < Row; i += 32, table += 32, bytes += 32)
            {
                // Two statements each: subtracting and scaling in one step would round otherwise.
                var w = (Vector256.Load(table) - low) * s;
                var x = (Vector256.Load(table + 8) - low) * s;
                var y = (Vector256.Load(table + 16) - low) * s;
                var z = (Vector256.Load(table + 24) - low) * s;
                var wx = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32WithTruncation(w), Avx.ConvertToVector256Int32WithTruncation(x));
                var yz = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32WithTruncation(y), Avx.ConvertToVector256Int32WithTruncation(z));
                Avx2.PermuteVar8x32(Avx2.PackUnsignedSaturate(wx, yz).AsInt32(), order).AsByte().Store(bytes);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Least(Vector128<float> x)
    {
        x = Sse.Min(x, Sse.MoveHighToLow(x, x));
        return Math.Min(x.GetElement(0), x.GetElement(1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Greatest(Vector128<float> x)
    {
        x = Sse.Max(x, Sse.MoveHighToLow(x, x));
        return Math.Max(x.GetElement(0), x.GetElement(1));
    }
}
