using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>
/// Sums of table entries that codes choose: the distance of a query to codes. All forms add in one order — every fourth row into one of four
/// sums a, b, c, d, then (a + b) + (c + d) — so that a code's sum is the same to the bit whichever form computes it.
/// </summary>
internal static unsafe class PqScan
{
    /// <summary>Codes in a block of transposed codes: one 512-bit load of each row.</summary>
    public const int BlockSize = 64;

    private const int Row = PqCodebook.ByteValues;

    /// <summary>The sum of one code whose bytes lie <paramref name="stride"/> apart.</summary>
    /// <param name="code">Its first byte.</param>
    /// <param name="stride">1 for codes one after the other, else that of its block.</param>
    /// <param name="rows">Bytes of the code.</param>
    /// <param name="table">[rows][256] floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Sum(byte* code, nint stride, int rows, float* table)
    {
        float a = 0, b = 0, c = 0, d = 0;
        // One pointer moves on: a constant within the index would cost two instructions more each time.
        for (; rows >= 4; rows -= 4)
        {
            a += table[*code];
            code += stride;
            table += Row;
            b += table[*code];
            code += stride;
            table += Row;
            c += table[*code];
            code += stride;
            table += Row;
            d += table[*code];
            code += stride;
            table += Row;
        }

        if (rows > 0)
            a += table[*code];

        if (rows > 1)
            b += table[Row + code[stride]];

        if (rows > 2)
            c += table[2 * Row + code[2 * stride]];

        return (a + b) + (c + d);
    }

    /// <summary>The sum of one code of parts that do not fill bytes.</summary>
    /// <param name="code">The code.</param>
    /// <param name="m">Its parts.</param>
    /// <param name="nbits">Bits per part.</param>
    /// <param name="width">Floats per row.</param>
    /// <param name="table">[m][width] floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SumParts(byte* code, int m, int nbits, int width, float* table)
    {
        var reader = new BitReader(code, nbits);
        float a = 0, b = 0, c = 0, d = 0;
        for (; m >= 4; m -= 4, table += 4 * (long)width)
        {
            a += table[reader.Next()];
            b += table[width + reader.Next()];
            c += table[2 * (long)width + reader.Next()];
            d += table[3 * (long)width + reader.Next()];
        }

        if (m > 0)
            a += table[reader.Next()];

        if (m > 1)
            b += table[width + reader.Next()];

        if (m > 2)
            c += table[2 * (long)width + reader.Next()];

        return (a + b) + (c + d);
    }

    /// <summary>Lists the runs of quads of rows (each four from a multiple of four on) in which a code may find something else than zero: a
    /// query's components that are zero leave such rows out.</summary>
    /// <param name="table">[rows][256] floats.</param>
    /// <param name="rows">Bytes per code; what is left of four is in no quad.</param>
    /// <param name="runs">Receives two numbers per run, its first quad and its length; has room for rows / 4 + 1 numbers.</param>
    /// <returns>How many runs there are.</returns>
    public static int FindRuns(float* table, int rows, int* runs)
    {
        var count = 0;
        for (int quad = 0, length = 0; quad < rows / 4; quad++, table += 4 * Row)
        {
            if (!new ReadOnlySpan<float>(table, 4 * Row).ContainsAnyExcept(0f))
            {
                length = 0;
                continue;
            }

            if (length == 0)
                runs[2 * count++] = quad;

            runs[2 * count - 1] = ++length;
        }

        return count;
    }

    /// <summary>The sums of up to a block of transposed codes.</summary>
    /// <param name="block">The block's first row.</param>
    /// <param name="stride">Bytes from row to row, a multiple of 4.</param>
    /// <param name="count">Codes, at most <paramref name="stride"/>.</param>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="table">[rows][256] floats.</param>
    /// <param name="runs">Those of <see cref="FindRuns"/>.</param>
    /// <param name="runCount">How many.</param>
    /// <param name="sums">Receives the sums; as many floats are written as <paramref name="count"/> rounded up to 4.</param>
    /// <remarks>Four codes at a time, a load of a byte and an addition from memory each: sixteen chains of additions, as many as there are
    /// registers, hide their latency. To leave out what is zero changes no sum.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SumBlock(byte* block, nint stride, int count, int rows, float* table, int* runs, int runCount, float* sums)
    {
        for (var first = 0; first < count; first += 4, block += 4, sums += 4)
        {
            float a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
            float c0 = 0, c1 = 0, c2 = 0, c3 = 0, d0 = 0, d1 = 0, d2 = 0, d3 = 0;
            byte* code;
            float* t;
            for (var run = 0; run < runCount; run++)
            {
                nint start = 4 * runs[2 * run];
                code = block + start * stride;
                t = table + start * Row;
                for (var left = runs[2 * run + 1]; left > 0; left--)
                {
                    a0 += t[code[0]];
                    a1 += t[code[1]];
                    a2 += t[code[2]];
                    a3 += t[code[3]];
                    code += stride;
                    t += Row;
                    b0 += t[code[0]];
                    b1 += t[code[1]];
                    b2 += t[code[2]];
                    b3 += t[code[3]];
                    code += stride;
                    t += Row;
                    c0 += t[code[0]];
                    c1 += t[code[1]];
                    c2 += t[code[2]];
                    c3 += t[code[3]];
                    code += stride;
                    t += Row;
                    d0 += t[code[0]];
                    d1 += t[code[1]];
                    d2 += t[code[2]];
                    d3 += t[code[3]];
                    code += stride;
                    t += Row;
                }
            }

            var rest = rows & 3;
            if (rest > 0)
            {
                nint start = rows - rest;
                code = block + start * stride;
                t = table + start * Row;
                a0 += t[code[0]];
                a1 += t[code[1]];
                a2 += t[code[2]];
                a3 += t[code[3]];
                if (rest > 1)
                {
                    code += stride;
                    t += Row;
                    b0 += t[code[0]];
                    b1 += t[code[1]];
                    b2 += t[code[2]];
                    b3 += t[code[3]];
                }

                if (rest > 2)
                {
                    code += stride;
                    t += Row;
                    c0 += t[code[0]];
                    c1 += t[code[1]];
                    c2 += t[code[2]];
                    c3 += t[code[3]];
                }
            }

            sums[0] = (a0 + b0) + (c0 + d0);
            sums[1] = (a1 + b1) + (c1 + d1);
            sums[2] = (a2 + b2) + (c2 + d2);
            sums[3] = (a3 + b3) + (c3 + d3);
        }
    }

    /// <summary>Adds to sums what makes distances of them, and marks those that do not exceed a threshold.</summary>
    /// <param name="sums">count sums; become distances.</param>
    /// <param name="terms">A term per code; null for none.</param>
    /// <param name="common">What is added to all: <c>sum + (common + term)</c>.</param>
    /// <param name="count">At most <see cref="BlockSize"/>.</param>
    /// <param name="threshold">The largest distance of interest.</param>
    /// <returns>A bit per code.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong Finish(float* sums, float* terms, float common, int count, float threshold)
    {
        var mask = 0ul;
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - 8; i += 8)
            {
                var add = Vector256.Create(common);
                if (terms is not null)
                    add += Vector256.Load(terms + i);

                var distance = Vector256.Load(sums + i) + add;
                distance.Store(sums + i);
                mask |= (ulong)Vector256.LessThanOrEqual(distance, Vector256.Create(threshold)).ExtractMostSignificantBits() << i;
            }
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            for (; i <= count - 4; i += 4)
            {
                var add = Vector128.Create(common);
                if (terms is not null)
                    add += Vector128.Load(terms + i);

                var distance = Vector128.Load(sums + i) + add;
                distance.Store(sums + i);
                mask |= (ulong)Vector128.LessThanOrEqual(distance, Vector128.Create(threshold)).ExtractMostSignificantBits() << i;
            }
        }

        for (; i < count; i++)
        {
            var distance = sums[i] + (terms is null ? common : common + terms[i]);
            sums[i] = distance;
            if (distance <= threshold)
                mask |= 1ul << i;
        }

        return mask;
    }
}
