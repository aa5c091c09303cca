using System.Buffers.Binary;
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int FindRuns(float* table, int rows, int* runs)
    {
        var count = 0;
        for (int quad = 0, length = 0; quad < rows / 4; quad++, table += 4 * Row)
        {
            if (IsZero(table, 4 * Row))
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool IsZero(float* values, int count)
    {
        if (Vector128.IsHardwareAccelerated)
            return !new ReadOnlySpan<float>(values, count).ContainsAnyExcept(0f);

        var i = 0;
        while (i < count && values[i] == 0)
            i++;

        return i == count;
    }

    /// <summary>The distances of up to a block of transposed codes, and which of them do not exceed a threshold.</summary>
    /// <param name="table">The query's table.</param>
    /// <param name="block">The block's first row.</param>
    /// <param name="stride">Bytes from row to row, a multiple of 4.</param>
    /// <param name="count">Codes, at most <paramref name="stride"/>.</param>
    /// <param name="terms">A term per code, as many readable as <paramref name="count"/> rounded up to 4; null for none.</param>
    /// <param name="common">What is added to all: <c>sum + (common + term)</c>.</param>
    /// <param name="threshold">The largest distance of interest.</param>
    /// <param name="distances">Receives the distances; as many floats are written as <paramref name="count"/> rounded up to 4.</param>
    /// <returns>A bit per code.</returns>
    /// <remarks>Four codes at a time, whose bytes one load brings, and an addition from memory for each: sixteen chains of additions, as many as
    /// there are registers, hide their latency. To leave out what is zero changes no sum.</remarks>
    public static ulong Distances(
        in PqTable table, byte* block, nint stride, int count, float* terms, float common, float threshold, float* distances) =>
        table.IsWhole
            ? Distances<AllRows>(table, block, stride, count, terms, common, threshold, distances)
            : Distances<SomeRows>(table, block, stride, count, terms, common, threshold, distances);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Distances<TRows>(
        in PqTable table, byte* block, nint stride, int count, float* terms, float common, float threshold, float* distances)
        where TRows : struct, IRows
    {
        var near = 0ul;
        var runs = table.Runs;
        var runCount = table.RunCount;
        float* values = table.Values;
        var rest = table.Rows & 3;
        nint whole = table.Rows - rest;
        var quads = table.Rows / 4;
        for (var first = 0; first < count; first += 4, block += 4, distances += 4)
        {
            float a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
            float c0 = 0, c1 = 0, c2 = 0, c3 = 0, d0 = 0, d1 = 0, d2 = 0, d3 = 0;
            var code = block;
            var t = values;
            var left = quads;
            nuint four;
            var run = 0;
            do
            {
                if (!TRows.AreAll)
                {
                    if (run == runCount)
                        break;

                    nint start = 4 * runs[2 * run];
                    left = runs[2 * run + 1];
                    code = block + start * stride;
                    t = values + start * Row;
                    run++;
                }

                for (; left > 0; left--)
                {
                    four = ReadFour(code);
                    a0 += t[(byte)four];
                    four >>= 8;
                    a1 += t[(byte)four];
                    four >>= 8;
                    a2 += t[(byte)four];
                    four >>= 8;
                    a3 += t[four];
                    code += stride;
                    t += Row;
                    four = ReadFour(code);
                    b0 += t[(byte)four];
                    four >>= 8;
                    b1 += t[(byte)four];
                    four >>= 8;
                    b2 += t[(byte)four];
                    four >>= 8;
                    b3 += t[four];
                    code += stride;
                    t += Row;
                    four = ReadFour(code);
                    c0 += t[(byte)four];
                    four >>= 8;
                    c1 += t[(byte)four];
                    four >>= 8;
                    c2 += t[(byte)four];
                    four >>= 8;
                    c3 += t[four];
                    code += stride;
                    t += Row;
                    four = ReadFour(code);
                    d0 += t[(byte)four];
                    four >>= 8;
                    d1 += t[(byte)four];
                    four >>= 8;
                    d2 += t[(byte)four];
                    four >>= 8;
                    d3 += t[four];
                    code += stride;
                    t += Row;
                }
            }
            while (!TRows.AreAll);

            if (rest > 0)
            {
                if (!TRows.AreAll)
                {
                    code = block + whole * stride;
                    t = values + whole * Row;
                }

                four = ReadFour(code);
                a0 += t[(byte)four];
                four >>= 8;
                a1 += t[(byte)four];
                four >>= 8;
                a2 += t[(byte)four];
                four >>= 8;
                a3 += t[four];
                if (rest > 1)
                {
                    code += stride;
                    t += Row;
                    four = ReadFour(code);
                    b0 += t[(byte)four];
                    four >>= 8;
                    b1 += t[(byte)four];
                    four >>= 8;
                    b2 += t[(byte)four];
                    four >>= 8;
                    b3 += t[four];
                }

                if (rest > 2)
                {
                    code += stride;
                    t += Row;
                    four = ReadFour(code);
                    c0 += t[(byte)four];
                    four >>= 8;
                    c1 += t[(byte)four];
                    four >>= 8;
                    c2 += t[(byte)four];
                    four >>= 8;
                    c3 += t[four];
                }
            }

            a0 = (a0 + b0) + (c0 + d0);
            a1 = (a1 + b1) + (c1 + d1);
            a2 = (a2 + b2) + (c2 + d2);
            a3 = (a3 + b3) + (c3 + d3);
            if (terms is null)
            {
                a0 += common;
                a1 += common;
                a2 += common;
                a3 += common;
            }
            else
            {
                a0 += common + terms[first];
                a1 += common + terms[first + 1];
                a2 += common + terms[first + 2];
                a3 += common + terms[first + 3];
            }

            distances[0] = a0;
            distances[1] = a1;
            distances[2] = a2;
            distances[3] = a3;
            // Branches, for hardly any is.
            if (a0 <= threshold)
                near |= 1ul << first;

            if (a1 <= threshold)
                near |= 2ul << first;

            if (a2 <= threshold)
                near |= 4ul << first;

            if (a3 <= threshold)
                near |= 8ul << first;
        }

        return count < BlockSize ? near & ((1ul << count) - 1) : near;
    }

    private interface IRows
    {
        static abstract bool AreAll { get; }
    }

    private readonly struct AllRows : IRows
    {
        public static bool AreAll => true;
    }

    private readonly struct SomeRows : IRows
    {
        public static bool AreAll => false;
    }

    // The first code's byte comes lowest.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint ReadFour(byte* code) => BitConverter.IsLittleEndian ? *(uint*)code : BinaryPrimitives.ReverseEndianness(*(uint*)code);
}
