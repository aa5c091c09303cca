namespace FaissNet.Managed;

/// <summary>
/// Transposes matrices of bytes: codes as they lie in files to blocks of codes and back. In tiles of 8·8 bytes, each in eight 64-bit
/// numbers (Warren, Hacker's Delight, 7-3): faster than memory where vectors are there or not.
/// </summary>
internal static unsafe class ByteTranspose
{
    private const int Tile = 8;

    /// <summary>Writes <c>to[c·toStride + r] = from[r·fromStride + c]</c>.</summary>
    /// <param name="from">Rows of <paramref name="columns"/> bytes, <paramref name="fromStride"/> apart.</param>
    /// <param name="fromStride">From one row to the next.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The bytes of a row.</param>
    /// <param name="to">Receives a row for every column.</param>
    /// <param name="toStride">From one row of the result to the next.</param>
    public static void Transpose(byte* from, long fromStride, int rows, int columns, byte* to, long toStride)
    {
        var r = 0;
        for (; BitConverter.IsLittleEndian && r <= rows - Tile; r += Tile)
        {
            var c = 0;
            for (; c <= columns - Tile; c += Tile)
                TransposeTile(from + r * fromStride + c, fromStride, to + c * toStride + r, toStride);

            TransposeScalar(from + r * fromStride + c, fromStride, Tile, columns - c, to + c * toStride + r, toStride);
        }

        TransposeScalar(from + r * fromStride, fromStride, rows - r, columns, to + r, toStride);
    }

    /// <summary>The readable reference.</summary>
    internal static void TransposeScalar(byte* from, long fromStride, int rows, int columns, byte* to, long toStride)
    {
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < columns; c++)
                to[c * toStride + r] = from[r * fromStride + c];
        }
    }

    private static void TransposeTile(byte* from, long fromStride, byte* to, long toStride)
    {
        var x0 = *(ulong*)from;
        var x1 = *(ulong*)(from + fromStride);
        var x2 = *(ulong*)(from + 2 * fromStride);
        var x3 = *(ulong*)(from + 3 * fromStride);
        var x4 = *(ulong*)(from + 4 * fromStride);
        var x5 = *(ulong*)(from + 5 * fromStride);
        var x6 = *(ulong*)(from + 6 * fromStride);
        var x7 = *(ulong*)(from + 7 * fromStride);

        // The upper half of one row against the lower half of another, for halves of four, two and one bytes.
        const ulong four = 0x0000_0000_ffff_ffff, two = 0x0000_ffff_0000_ffff, one = 0x00ff_00ff_00ff_00ff;
        Swap(ref x0, ref x4, 32, four);
        Swap(ref x1, ref x5, 32, four);
        Swap(ref x2, ref x6, 32, four);
        Swap(ref x3, ref x7, 32, four);
        Swap(ref x0, ref x2, 16, two);
        Swap(ref x1, ref x3, 16, two);
        Swap(ref x4, ref x6, 16, two);
        Swap(ref x5, ref x7, 16, two);
        Swap(ref x0, ref x1, 8, one);
        Swap(ref x2, ref x3, 8, one);
        Swap(ref x4, ref x5, 8, one);
        Swap(ref x6, ref x7, 8, one);

        *(ulong*)to = x0;
        *(ulong*)(to + toStride) = x1;
        *(ulong*)(to + 2 * toStride) = x2;
        *(ulong*)(to + 3 * toStride) = x3;
        *(ulong*)(to + 4 * toStride) = x4;
        *(ulong*)(to + 5 * toStride) = x5;
        *(ulong*)(to + 6 * toStride) = x6;
        *(ulong*)(to + 7 * toStride) = x7;
    }

    private static void Swap(ref ulong first, ref ulong second, int bits, ulong mask)
    {
        var differing = ((first >> bits) ^ second) & mask;
        second ^= differing;
        first ^= differing << bits;
    }
}
