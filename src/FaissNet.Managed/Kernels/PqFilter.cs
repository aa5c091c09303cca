using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// Finds the few codes whose distance has to be computed: those of transposed blocks whose quantised distance does not already exceed a
/// threshold. Table entries become bytes, of which two instructions look up 64 at a time (<c>vpermi2b</c>, AVX-512 VBMI), or sixteen look up 32
/// (<c>vpshufb</c>, AVX2). Both forms compute the same numbers, so that what follows holds for either.
/// </summary>
/// <remarks>
/// <para><b>The result is exact</b>: no code whose computed distance is at most the threshold is ever left out, so a search that computes the
/// distances of those that remain finds what one that computes all does, ties included.</para>
/// <para>Let u = 2⁻²⁴ be the unit roundoff, T_r the entries that a code chooses in its n rows, lo_r the least entry of row r, b what the codes
/// of a list have in common, t the code's term and s the scale. A byte is q_r = min(255, ⌊fl(fl(T_r - lo_r)·s)⌋). Both roundings are relative
/// (a product that underflows is below 1 and its byte 0), so q_r ≤ s(1 + u)²(T_r - lo_r), and sums that saturate only become less:
/// Σq_r ≤ s(1 + u)²(ΣT_r - Σlo_r).</para>
/// <para>The computed distance D is a sum of n + 2 floats in some order, n + 1 additions. With γ = (n + 2)u / (1 - (n + 2)u) it differs from the
/// true one by at most γ(|b| + |t| + R), R = Σ max|row r| (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §4.2). Thus
/// D ≤ threshold implies Σq_r ≤ s(1 + u)²(A - t + γ|t|) with A = threshold - b - Σlo_r + γ(|b| + R).</para>
/// <para>The kernel computes v = fl(fl(K - t·s) + |t|·g), whose two roundings err by at most 2.1u(|K| + |t|s) together, where
/// K = s(1 + u)²A + 1 + 4u·|…| and g = s·1.01(γ + 8u), computed in double precision and rounded up. The 8u cover s(1 + u)² against s (3u) and the
/// roundings (3u); so v ≥ Σq_r + 1. A code is left out only if Σq_r ≥ ⌊v⌋.</para>
/// <para>What is not finite needs no argument: a threshold of +∞ lets everything pass; a code whose distance is NaN or +∞ is never nearer than
/// a finite threshold; tables with infinite entries, or so small that s overflows, have no filter (<see cref="Prepare"/>).</para>
/// </remarks>
internal static unsafe partial class PqFilter
{
    /// <summary>Codes per block.</summary>
    public const int BlockSize = PqScan.BlockSize;

    /// <summary>Above this a sum of bytes would reach the limit that lets all pass.</summary>
    public const int MaxRows = 256;

    private const int Row = PqCodebook.ByteValues;
    private const double UnitRoundoff = 1.0 / (1 << 24);

    // Two rows are added as bytes, which saturate; what is above is far anyway.
    private const float LargestPair = 255;

    /// <summary>Whether this processor has the instructions.</summary>
    public static bool IsSupported => HasVbmi || (Avx2.IsSupported && Fma.IsSupported && Vector256.IsHardwareAccelerated);

    /// <summary>Whether a table of 256 bytes is two instructions.</summary>
    public static bool HasVbmi => Avx512Vbmi.IsSupported && Avx512BW.IsSupported && Vector512.IsHardwareAccelerated;

    /// <summary>A query's tables in bytes, and what limits are computed from.</summary>
    public struct Tables
    {
        /// <summary>[rows][256] bytes, aligned to 64.</summary>
        public byte* Bytes;

        /// <summary>Bytes per code.</summary>
        public int Rows;

        /// <summary>The pairs of rows, each two from an even one on, that have other bytes than zero.</summary>
        public int* Pairs;

        /// <summary>How many.</summary>
        public int PairCount;

        /// <summary>Σlo_r</summary>
        public double Lows;

        /// <summary>R = Σ max|row r|</summary>
        public double Largest;

        /// <summary>s</summary>
        public float Scale;

        /// <summary>g</summary>
        public float TermSlack;

        /// <summary>γ</summary>
        public double Gamma;

        /// <summary>K of a list, for its codes to be compared with a threshold.</summary>
        /// <param name="threshold">The largest distance of interest.</param>
        /// <param name="common">b.</param>
        public readonly float Limit(float threshold, float common)
        {
            var a = threshold - (double)common - Lows + Gamma * (Math.Abs((double)common) + Largest);
            var exact = Scale * (1 + UnitRoundoff) * (1 + UnitRoundoff) * a + 1;
            return MathF.BitIncrement((float)(exact + 4 * UnitRoundoff * (Math.Abs(exact) + 1)));
        }
    }

    /// <summary>Bytes that <see cref="Prepare"/> fills.</summary>
    public static long TableBytes(int rows) => (long)rows * Row + rows / 2 * sizeof(int);

    /// <summary>Makes the byte tables of a query.</summary>
    /// <param name="table">[rows][256] floats.</param>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="bytes">Receives <see cref="TableBytes"/> bytes; aligned to 64.</param>
    /// <param name="tables">Receives the tables.</param>
    /// <returns>Whether the tables can be used.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Prepare(float* table, int rows, byte* bytes, out Tables tables)
    {
        tables = default;
        if (!IsSupported || rows > MaxRows)
            return false;

        using var scratch = Scratch.Rent();
        var lows = scratch.Floats(rows);
        var highs = scratch.Floats(rows);
        if (HasVbmi)
            FindRanges512(table, rows, lows, highs);
        else
            FindRanges256(table, rows, lows, highs);

        double sum = 0, largest = 0;
        float range = 0;
        for (var r = 0; r < rows; r += 2)
        {
            var pair = highs[r] - lows[r];
            if (r + 1 < rows)
                pair += highs[r + 1] - lows[r + 1];

            range = Math.Max(range, pair);
        }

        for (var r = 0; r < rows; r++)
        {
            sum += lows[r];
            largest += Math.Max(Math.Abs(lows[r]), Math.Abs(highs[r]));
        }

        var scale = LargestPair / range;
        if (!double.IsFinite(largest) || !float.IsFinite(range) || !(scale < 1e30f))
            return false;

        if (HasVbmi)
            Quantize512(table, rows, lows, scale, bytes);
        else
            Quantize256(table, rows, lows, scale, bytes);

        var pairs = (int*)(bytes + (long)rows * Row);
        var pairCount = 0;
        for (var r = 0; r < rows - 1; r += 2)
        {
            if ((highs[r] - lows[r]) * scale >= 1 || (highs[r + 1] - lows[r + 1]) * scale >= 1)
                pairs[pairCount++] = r / 2;
        }

        var gamma = (rows + 2) * UnitRoundoff / (1 - (rows + 2) * UnitRoundoff);
        tables = new Tables
        {
            Bytes = bytes,
            Rows = rows,
            Pairs = pairs,
            PairCount = pairCount,
            Lows = sum,
            Largest = largest,
            Scale = scale,
            TermSlack = MathF.BitIncrement((float)(scale * 1.01 * (gamma + 8 * UnitRoundoff))),
            Gamma = gamma * 1.01,
        };
        return true;
    }

    /// <summary>Marks the codes that may be at most as far as a threshold.</summary>
    /// <param name="tables">The query's tables.</param>
    /// <param name="codes">The first block.</param>
    /// <param name="stride">Bytes from row to row: 64, or those of a list's last block.</param>
    /// <param name="blocks">Blocks, all of this stride.</param>
    /// <param name="terms">A term per code, 64 of them readable per block; null for none.</param>
    /// <param name="limit">Of <see cref="Tables.Limit"/>.</param>
    /// <param name="masks">Receives a bit per code, a number per block. Bits of codes that a last block does not have mean nothing.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Find(in Tables tables, byte* codes, nint stride, int blocks, float* terms, float limit, ulong* masks)
    {
        var size = stride * tables.Rows;
        if (!HasVbmi)
        {
            for (; blocks > 0; blocks--, codes += size, masks++)
            {
                *masks = stride > Half ? Find256(tables, codes, stride, terms, limit) : FindHalf256(tables, codes, stride, terms, limit);
                if (terms is not null)
                    terms += BlockSize;
            }

            return;
        }

        for (; blocks >= 2; blocks -= 2, codes += 2 * size, masks += 2)
        {
            Find512(codes, codes + size, stride, tables.Rows, tables.Bytes, terms, limit, tables.Scale, tables.TermSlack, masks);
            if (terms is not null)
                terms += 2 * BlockSize;
        }

        // The same block twice: the kernel is the same, and its second mask goes nowhere.
        if (blocks == 1)
        {
            var both = stackalloc ulong[2];
            FindOne512(codes, stride, tables.Rows, tables.Bytes, terms, limit, tables.Scale, tables.TermSlack, both);
            masks[0] = both[0];
        }
    }

    /// <summary>What the kernel computes, one code at a time.</summary>
    internal static ulong FindScalar(in Tables tables, byte* codes, nint stride, float* terms, float limit)
    {
        var mask = 0ul;
        for (var i = 0; i < BlockSize; i++)
        {
            var sum = 0;
            for (var r = 0; r < tables.Rows; r += 2)
            {
                var pair = (int)tables.Bytes[r * Row + codes[r * stride + i]];
                if (r + 1 < tables.Rows)
                    pair += tables.Bytes[(r + 1) * Row + codes[(r + 1) * stride + i]];

                sum += Math.Min(255, pair);
            }

            var term = terms is null ? 0 : terms[i];
            var v = MathF.FusedMultiplyAdd(MathF.Abs(term), tables.TermSlack, MathF.FusedMultiplyAdd(-term, tables.Scale, limit));
            var bound = v > 0 ? v >= ushort.MaxValue ? ushort.MaxValue : (int)v : 0;
            if (sum < bound)
                mask |= 1ul << i;
        }

        return mask;
    }
}
