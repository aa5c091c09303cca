using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>
/// Sums of table entries that codes choose: the distance of a query to codes. All forms add in one order — four rows as two pairs, then
/// the rest one by one — so that a code's sum is the same to the bit whichever form computes it.
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
        var sum = 0f;
        for (; rows >= 4; rows -= 4, code += 4 * stride, table += 4 * Row)
        {
            sum += (table[code[0]] + table[Row + code[stride]])
                + (table[2 * Row + code[2 * stride]] + table[3 * Row + code[3 * stride]]);
        }

        for (; rows > 0; rows--, code += stride, table += Row)
            sum += table[*code];

        return sum;
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
        var sum = 0f;
        for (; m >= 4; m -= 4, table += 4 * (long)width)
        {
            float a = table[reader.Next()], b = table[width + reader.Next()];
            float c = table[2 * (long)width + reader.Next()], d = table[3 * (long)width + reader.Next()];
            sum += (a + b) + (c + d);
        }

        for (; m > 0; m--, table += width)
            sum += table[reader.Next()];

        return sum;
    }

    /// <summary>The sums of up to a block of transposed codes.</summary>
    /// <param name="block">The block's first row.</param>
    /// <param name="stride">Bytes from row to row, a multiple of 8.</param>
    /// <param name="count">Codes, at most <paramref name="stride"/>.</param>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="table">[rows][256] floats.</param>
    /// <param name="sums">Receives the sums; as many floats are written as <paramref name="count"/> rounded up to 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SumBlock(byte* block, nint stride, int count, int rows, float* table, float* sums)
    {
        for (var first = 0; first < count; first += 8)
        {
            float a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
            var code = block + first;
            var t = table;
            var left = rows;
            for (; left >= 4; left -= 4, code += 4 * stride, t += 4 * Row)
            {
                ulong w = *(ulong*)code, x = *(ulong*)(code + stride), y = *(ulong*)(code + 2 * stride), z = *(ulong*)(code + 3 * stride);
                a += (t[(byte)w] + t[Row + (int)(byte)x]) + (t[2 * Row + (int)(byte)y] + t[3 * Row + (int)(byte)z]);
                b += (t[(byte)(w >> 8)] + t[Row + (int)(byte)(x >> 8)]) + (t[2 * Row + (int)(byte)(y >> 8)] + t[3 * Row + (int)(byte)(z >> 8)]);
                c += (t[(byte)(w >> 16)] + t[Row + (int)(byte)(x >> 16)]) + (t[2 * Row + (int)(byte)(y >> 16)] + t[3 * Row + (int)(byte)(z >> 16)]);
                d += (t[(byte)(w >> 24)] + t[Row + (int)(byte)(x >> 24)]) + (t[2 * Row + (int)(byte)(y >> 24)] + t[3 * Row + (int)(byte)(z >> 24)]);
                e += (t[(byte)(w >> 32)] + t[Row + (int)(byte)(x >> 32)]) + (t[2 * Row + (int)(byte)(y >> 32)] + t[3 * Row + (int)(byte)(z >> 32)]);
                f += (t[(byte)(w >> 40)] + t[Row + (int)(byte)(x >> 40)]) + (t[2 * Row + (int)(byte)(y >> 40)] + t[3 * Row + (int)(byte)(z >> 40)]);
                g += (t[(byte)(w >> 48)] + t[Row + (int)(byte)(x >> 48)]) + (t[2 * Row + (int)(byte)(y >> 48)] + t[3 * Row + (int)(byte)(z >> 48)]);
                h += (t[w >> 56] + t[Row + (x >> 56)]) + (t[2 * Row + (y >> 56)] + t[3 * Row + (z >> 56)]);
            }

            for (; left > 0; left--, code += stride, t += Row)
            {
                a += t[code[0]];
                b += t[code[1]];
                c += t[code[2]];
                d += t[code[3]];
                e += t[code[4]];
                f += t[code[5]];
                g += t[code[6]];
                h += t[code[7]];
            }

            var to = sums + first;
            (to[0], to[1], to[2], to[3], to[4], to[5], to[6], to[7]) = (a, b, c, d, e, f, g, h);
        }
    }
}
