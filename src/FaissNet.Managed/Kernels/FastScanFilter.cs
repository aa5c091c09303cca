using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// Which codes may be within a limit, by sums of table entries that stop at 255: one byte per code, half the work of <see cref="FastScan"/>. Up to
/// four queries share the loads and the halves of the codes. Blocks, rows and tables are those of <see cref="FastScan"/>; entries may be any bytes.
/// </summary>
internal static unsafe class FastScanFilter
{
    /// <summary>Queries per call, at most.</summary>
    public const int MaxQueries = 4;

    /// <summary>Blocks per call, at most.</summary>
    public const int MaxBlocks = 8;

    private const int BlockSize = FastScan.BlockSize;

    /// <param name="codes">The blocks, one after the other.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="stride">From one row to the next in the last of the blocks; 64 bytes are read from every row.</param>
    /// <param name="queries">How many.</param>
    /// <param name="tables">The tables of each query: rows·32 bytes.</param>
    /// <param name="limits">The limit of each query.</param>
    /// <param name="masks">Receives <see cref="MaxBlocks"/> words per query: bit j of a block's is set if the sum of its code j, or 255 if that is
    /// less, is at most the limit.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Mask(byte* codes, int blocks, int rows, int stride, int queries, byte** tables, byte* limits, ulong* masks)
    {
        if (Vector512.IsHardwareAccelerated && Avx512Vbmi.IsSupported)
        {
            if (queries == 1)
                MaskOneVbmi(codes, blocks, rows, stride, *tables, *limits, masks);
            else
                MaskFourVbmi(codes, blocks, rows, stride, queries, tables, limits, masks);
        }
        else if (Vector512.IsHardwareAccelerated && Avx512BW.IsSupported)
        {
            if (queries == 1)
                MaskOne512(codes, blocks, rows, stride, *tables, *limits, masks);
            else
                MaskFour512(codes, blocks, rows, stride, queries, tables, limits, masks);
        }
        else if (Avx2.IsSupported)
        {
            if (queries == 1)
                MaskOne256(codes, blocks, rows, stride, *tables, *limits, masks);
            else if (queries == 2)
                MaskTwo256(codes, blocks, rows, stride, tables, limits, masks);
            else
                MaskFour256(codes, blocks, rows, stride, queries, tables, limits, masks);
        }
        else
        {
            for (var i = 0; i < queries; i++)
            {
                if (Vector128.IsHardwareAccelerated)
                    Mask128(codes, blocks, rows, stride, tables[i], limits[i], masks + i * MaxBlocks);
                else
                    MaskScalar(codes, blocks, rows, stride, tables[i], limits[i], masks + i * MaxBlocks);
            }
        }
    }

    /// <summary>What the other forms compute, for one query.</summary>
    internal static void MaskScalar(byte* codes, int blocks, int rows, int stride, byte* tables, byte limit, ulong* masks)
    {
        for (var block = 0; block < blocks; block++, codes += (long)rows * BlockSize)
        {
            var step = block == blocks - 1 ? stride : BlockSize;
            masks[block] = 0;
            for (var j = 0; j < BlockSize; j++)
            {
                var sum = 0;
                for (var row = 0; row < rows; row++)
                {
                    int code = codes[(long)row * step + j];
                    sum += tables[row * 32 + (code & 15)] + tables[row * 32 + 16 + (code >> 4)];
                }

                if (Math.Min(sum, byte.MaxValue) <= limit)
                    masks[block] |= 1UL << j;
            }
        }
    }

    /// <summary>A quarter of a block at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Mask128(byte* codes, int blocks, int rows, int stride, byte* tables, byte limit, ulong* masks)
    {
        var limits = Vector128.Create(limit);
        var nibbles = Vector128.Create((byte)15);
        for (var block = 0; block < blocks; block++, codes += (nint)rows * BlockSize)
        {
            var step = block == blocks - 1 ? stride : BlockSize;
            var mask = 0UL;
            for (var part = 0; part < BlockSize; part += 16)
            {
                Vector128<byte> sum = default;
                byte* x = codes + part, table = tables;
                for (var row = 0; row < rows; row++, x += step, table += 32)
                {
                    var code = Vector128.Load(x);
                    sum = Vector128.AddSaturate(sum, Vector128.ShuffleNative(Vector128.Load(table), code & nibbles));
                    sum = Vector128.AddSaturate(sum, Vector128.ShuffleNative(Vector128.Load(table + 16), code >>> 4));
                }

                mask |= (ulong)Vector128.LessThanOrEqual(sum, limits).ExtractMostSignificantBits() << part;
            }

            masks[block] = mask;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MaskOne256(byte* codes, int blocks, int rows, int stride, byte* tables, byte limit, ulong* masks)
    {
        var limits = Vector256.Create(limit);
        var nibbles = Vector256.Create((byte)15);
        for (var block = 0; block < blocks; block++, codes += (nint)rows * BlockSize)
        {
            nint step = block == blocks - 1 ? stride : BlockSize;
            Vector256<byte> a = default, b = default;
            byte* code = codes, table = tables, end = tables + rows * 32;
            for (; table < end; code += step, table += 32)
            {
                Vector256<byte> x = Vector256.Load(code), y = Vector256.Load(code + 32);
                var half = Avx2.BroadcastVector128ToVector256(table);
                a = Avx2.AddSaturate(a, Avx2.Shuffle(half, x & nibbles));
                b = Avx2.AddSaturate(b, Avx2.Shuffle(half, y & nibbles));
                half = Avx2.BroadcastVector128ToVector256(table + 16);
                a = Avx2.AddSaturate(a, Avx2.Shuffle(half, (x.AsUInt16() >>> 4).AsByte() & nibbles));
                b = Avx2.AddSaturate(b, Avx2.Shuffle(half, (y.AsUInt16() >>> 4).AsByte() & nibbles));
            }

            masks[block] = Within(a, b, limits);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MaskTwo256(byte* codes, int blocks, int rows, int stride, byte** tables, byte* limits, ulong* masks)
    {
        Vector256<byte> firstLimit = Vector256.Create(limits[0]), secondLimit = Vector256.Create(limits[1]);
        var nibbles = Vector256.Create((byte)15);
        var second = tables[1] - tables[0];
        for (var block = 0; block < blocks; block++, codes += (nint)rows * BlockSize)
        {
            nint step = block == blocks - 1 ? stride : BlockSize;
            Vector256<byte> a = default, b = default, c = default, d = default;
            byte* code = codes, table = tables[0], end = table + rows * 32;
            for (; table < end; code += step, table += 32)
            {
                Vector256<byte> x = Vector256.Load(code), y = Vector256.Load(code + 32);
                Vector256<byte> xLow = x & nibbles, yLow = y & nibbles;
                Vector256<byte> xHigh = (x.AsUInt16() >>> 4).AsByte() & nibbles, yHigh = (y.AsUInt16() >>> 4).AsByte() & nibbles;
                Vector256<byte> low = Avx2.BroadcastVector128ToVector256(table), high = Avx2.BroadcastVector128ToVector256(table + 16);
                a = Avx2.AddSaturate(Avx2.AddSaturate(a, Avx2.Shuffle(low, xLow)), Avx2.Shuffle(high, xHigh));
                b = Avx2.AddSaturate(Avx2.AddSaturate(b, Avx2.Shuffle(low, yLow)), Avx2.Shuffle(high, yHigh));
                low = Avx2.BroadcastVector128ToVector256(table + second);
                high = Avx2.BroadcastVector128ToVector256(table + second + 16);
                c = Avx2.AddSaturate(Avx2.AddSaturate(c, Avx2.Shuffle(low, xLow)), Avx2.Shuffle(high, xHigh));
                d = Avx2.AddSaturate(Avx2.AddSaturate(d, Avx2.Shuffle(low, yLow)), Avx2.Shuffle(high, yHigh));
            }

            masks[block] = Within(a, b, firstLimit);
            masks[MaxBlocks + block] = Within(c, d, secondLimit);
        }
    }

    /// <summary>Three or four queries: in the place of a fourth that is not there stands the first, once more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MaskFour256(byte* codes, int blocks, int rows, int stride, int queries, byte** tables, byte* limits, ulong* masks)
    {
        var nibbles = Vector256.Create((byte)15);
        byte* first = tables[0], second = tables[1], third = tables[2], fourth = queries > 3 ? tables[3] : first;
        nint bytes = rows * 32;
        for (var block = 0; block < blocks; block++, codes += (nint)rows * BlockSize)
        {
            nint step = block == blocks - 1 ? stride : BlockSize;
            Vector256<byte> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
            var code = codes;
            for (nint at = 0; at < bytes; at += 32, code += step)
            {
                Vector256<byte> x = Vector256.Load(code), y = Vector256.Load(code + 32);
                Vector256<byte> i = x & nibbles, j = y & nibbles;
                x = (x.AsUInt16() >>> 4).AsByte() & nibbles;
                y = (y.AsUInt16() >>> 4).AsByte() & nibbles;
                var half = Avx2.BroadcastVector128ToVector256(first + at);
                a0 = Avx2.AddSaturate(a0, Avx2.Shuffle(half, i));
                a1 = Avx2.AddSaturate(a1, Avx2.Shuffle(half, j));
                half = Avx2.BroadcastVector128ToVector256(second + at);
                b0 = Avx2.AddSaturate(b0, Avx2.Shuffle(half, i));
                b1 = Avx2.AddSaturate(b1, Avx2.Shuffle(half, j));
                half = Avx2.BroadcastVector128ToVector256(third + at);
                c0 = Avx2.AddSaturate(c0, Avx2.Shuffle(half, i));
                c1 = Avx2.AddSaturate(c1, Avx2.Shuffle(half, j));
                half = Avx2.BroadcastVector128ToVector256(fourth + at);
                d0 = Avx2.AddSaturate(d0, Avx2.Shuffle(half, i));
                d1 = Avx2.AddSaturate(d1, Avx2.Shuffle(half, j));
                half = Avx2.BroadcastVector128ToVector256(first + at + 16);
                a0 = Avx2.AddSaturate(a0, Avx2.Shuffle(half, x));
                a1 = Avx2.AddSaturate(a1, Avx2.Shuffle(half, y));
                half = Avx2.BroadcastVector128ToVector256(second + at + 16);
                b0 = Avx2.AddSaturate(b0, Avx2.Shuffle(half, x));
                b1 = Avx2.AddSaturate(b1, Avx2.Shuffle(half, y));
                half = Avx2.BroadcastVector128ToVector256(third + at + 16);
                c0 = Avx2.AddSaturate(c0, Avx2.Shuffle(half, x));
                c1 = Avx2.AddSaturate(c1, Avx2.Shuffle(half, y));
                half = Avx2.BroadcastVector128ToVector256(fourth + at + 16);
                d0 = Avx2.AddSaturate(d0, Avx2.Shuffle(half, x));
                d1 = Avx2.AddSaturate(d1, Avx2.Shuffle(half, y));
            }

            masks[block] = Within(a0, a1, Vector256.Create(limits[0]));
            masks[MaxBlocks + block] = Within(b0, b1, Vector256.Create(limits[1]));
            masks[2 * MaxBlocks + block] = Within(c0, c1, Vector256.Create(limits[2]));
            if (queries > 3)
                masks[3 * MaxBlocks + block] = Within(d0, d1, Vector256.Create(limits[3]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MaskOne512(byte* codes, int blocks, int rows, int stride, byte* tables, byte limit, ulong* masks)
    {
        var limits = Vector512.Create(limit);
        for (var block = 0; block < blocks; block++, codes += (nint)rows * BlockSize)
        {
            nint step = block == blocks - 1 ? stride : BlockSize;
            Vector512<byte> sum = default;
            byte* code = codes, table = tables, end = tables + rows * 32;
            for (; table < end; code += step, table += 32)
            {
                var (low, high) = Halves512(Vector512.Load(code));
                sum = Add512(sum, table, low);
                sum = Add512(sum, table + 16, high);
            }

            masks[block] = Vector512.LessThanOrEqual(sum, limits).ExtractMostSignificantBits();
        }
    }

    /// <summary>Two to four queries: in the places of those that are not there stands the first, once more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MaskFour512(byte* codes, int blocks, int rows, int stride, int queries, byte** tables, byte* limits, ulong* masks)
    {
        byte* first = tables[0], second = tables[1];
        byte* third = queries > 2 ? tables[2] : first, fourth = queries > 3 ? tables[3] : first;
        nint bytes = rows * 32;
        for (var block = 0; block < blocks; block++, codes += (nint)rows * BlockSize)
        {
            nint step = block == blocks - 1 ? stride : BlockSize;
            Vector512<byte> a = default, b = default, c = default, d = default;
            var code = codes;
            for (nint at = 0; at < bytes; at += 32, code += step)
            {
                var (low, high) = Halves512(Vector512.Load(code));
                a = Add512(Add512(a, first + at, low), first + at + 16, high);
                b = Add512(Add512(b, second + at, low), second + at + 16, high);
                c = Add512(Add512(c, third + at, low), third + at + 16, high);
                d = Add512(Add512(d, fourth + at, low), fourth + at + 16, high);
            }

            StoreFour512(a, b, c, d, queries, limits, masks + block);
        }
    }

    /// <summary>With a shuffle of 64 bytes the tables of two rows are one register, which needs no copies of its parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MaskOneVbmi(byte* codes, int blocks, int rows, int stride, byte* tables, byte limit, ulong* masks)
    {
        var limits = Vector512.Create(limit);
        for (var block = 0; block < blocks; block++, codes += (nint)rows * BlockSize)
        {
            nint step = block == blocks - 1 ? stride : BlockSize;
            Vector512<byte> even = default, odd = default;
            byte* code = codes, table = tables, end = tables + rows / 2 * 64;
            for (; table < end; code += 2 * step, table += 64)
            {
                var two = Vector512.Load(table);
                var (low, high) = Positions512(Vector512.Load(code), 0);
                even = Avx512BW.AddSaturate(even, Avx512Vbmi.PermuteVar64x8(two, low));
                odd = Avx512BW.AddSaturate(odd, Avx512Vbmi.PermuteVar64x8(two, high));
                (low, high) = Positions512(Vector512.Load(code + step), 32);
                even = Avx512BW.AddSaturate(even, Avx512Vbmi.PermuteVar64x8(two, low));
                odd = Avx512BW.AddSaturate(odd, Avx512Vbmi.PermuteVar64x8(two, high));
            }

            var sum = Avx512BW.AddSaturate(even, odd);
            if (rows % 2 != 0)
            {
                var (low, high) = Halves512(Vector512.Load(code));
                sum = Add512(Add512(sum, table, low), table + 16, high);
            }

            masks[block] = Vector512.LessThanOrEqual(sum, limits).ExtractMostSignificantBits();
        }
    }

    /// <inheritdoc cref="MaskOneVbmi"/>
    /// <remarks>Two to four queries: in the places of those that are not there stands the first, once more.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MaskFourVbmi(byte* codes, int blocks, int rows, int stride, int queries, byte** tables, byte* limits, ulong* masks)
    {
        byte* first = tables[0], second = tables[1];
        byte* third = queries > 2 ? tables[2] : first, fourth = queries > 3 ? tables[3] : first;
        nint pairs = rows / 2 * 64;
        for (var block = 0; block < blocks; block++, codes += (nint)rows * BlockSize)
        {
            nint step = block == blocks - 1 ? stride : BlockSize;
            Vector512<byte> a = default, b = default, c = default, d = default;
            var code = codes;
            for (nint at = 0; at < pairs; at += 64, code += 2 * step)
            {
                var (i, j) = Positions512(Vector512.Load(code), 0);
                var (x, y) = Positions512(Vector512.Load(code + step), 32);
                a = AddTwo512(a, first + at, i, j, x, y);
                b = AddTwo512(b, second + at, i, j, x, y);
                c = AddTwo512(c, third + at, i, j, x, y);
                d = AddTwo512(d, fourth + at, i, j, x, y);
            }

            if (rows % 2 != 0)
            {
                var (low, high) = Halves512(Vector512.Load(code));
                a = Add512(Add512(a, first + pairs, low), first + pairs + 16, high);
                b = Add512(Add512(b, second + pairs, low), second + pairs + 16, high);
                c = Add512(Add512(c, third + pairs, low), third + pairs + 16, high);
                d = Add512(Add512(d, fourth + pairs, low), fourth + pairs + 16, high);
            }

            StoreFour512(a, b, c, d, queries, limits, masks + block);
        }
    }

    // The halves of codes as positions in the tables of two rows, the first of which begin at this one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<byte> Low, Vector512<byte> High) Positions512(Vector512<byte> code, byte first)
    {
        var nibbles = Vector512.Create((byte)15);
        return (
            (code & nibbles) | Vector512.Create(first),
            ((code.AsUInt16() >>> 4).AsByte() & nibbles) | Vector512.Create((byte)(first + 16)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> AddTwo512(
        Vector512<byte> sum, byte* table, Vector512<byte> i, Vector512<byte> j, Vector512<byte> x, Vector512<byte> y)
    {
        var two = Vector512.Load(table);
        sum = Avx512BW.AddSaturate(sum, Avx512Vbmi.PermuteVar64x8(two, i));
        sum = Avx512BW.AddSaturate(sum, Avx512Vbmi.PermuteVar64x8(two, j));
        sum = Avx512BW.AddSaturate(sum, Avx512Vbmi.PermuteVar64x8(two, x));
        return Avx512BW.AddSaturate(sum, Avx512Vbmi.PermuteVar64x8(two, y));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour512(
        Vector512<byte> a, Vector512<byte> b, Vector512<byte> c, Vector512<byte> d, int queries, byte* limits, ulong* masks)
    {
        masks[0] = Vector512.LessThanOrEqual(a, Vector512.Create(limits[0])).ExtractMostSignificantBits();
        masks[MaxBlocks] = Vector512.LessThanOrEqual(b, Vector512.Create(limits[1])).ExtractMostSignificantBits();
        if (queries > 2)
            masks[2 * MaxBlocks] = Vector512.LessThanOrEqual(c, Vector512.Create(limits[2])).ExtractMostSignificantBits();

        if (queries > 3)
            masks[3 * MaxBlocks] = Vector512.LessThanOrEqual(d, Vector512.Create(limits[3])).ExtractMostSignificantBits();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Within(Vector256<byte> first, Vector256<byte> second, Vector256<byte> limits) =>
        Vector256.LessThanOrEqual(first, limits).ExtractMostSignificantBits()
        | (ulong)Vector256.LessThanOrEqual(second, limits).ExtractMostSignificantBits() << 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<byte> Low, Vector512<byte> High) Halves512(Vector512<byte> code)
    {
        var nibbles = Vector512.Create((byte)15);
        return (code & nibbles, (code.AsUInt16() >>> 4).AsByte() & nibbles);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Add512(Vector512<byte> sum, byte* table, Vector512<byte> index) =>
        Avx512BW.AddSaturate(sum, Avx512BW.Shuffle(Avx512F.BroadcastVector128ToVector512((int*)table).AsByte(), index));
}
