using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// Sums of table entries for blocks of 64 codes of 4-bit numbers, two to a byte: a register holds a whole table of 16 bytes, and one
/// shuffle looks up as many codes as it has bytes. André, Kermarrec, Le Scouarnec: Cache locality is not enough, 2015; FAISS's
/// <c>pq4_fast_scan</c>.
/// </summary>
/// <remarks>
/// A block is [rows][64] bytes, each row the same byte of 64 codes (<see cref="InvertedLists.BlockSize"/>). The tables are [rows][2][16]
/// bytes: for the low half of a row's bytes, then for the high half. The two largest entries of a row's tables must sum to at most 255, and
/// those sums over all rows to at most 65535: then nothing overflows, and every form gives the exact sums.
/// </remarks>
internal static unsafe class FastScan
{
    /// <summary>Codes per block.</summary>
    public const int BlockSize = 64;

    /// <summary>Sums the table entries of all codes of some blocks.</summary>
    /// <param name="codes">The blocks, one after the other.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="stride">From one row to the next in the last of the blocks: 64, or less if it is shorter. 64 bytes are read from every
    /// row.</param>
    /// <param name="tables">rows·32 bytes.</param>
    /// <param name="limit">Which sums are wanted.</param>
    /// <param name="sums">Receives 64 sums per block.</param>
    /// <param name="masks">Receives a word per block: bit j is set if the sum of code j is at most <paramref name="limit"/>.</param>
    public static void Sum(byte* codes, int blocks, int rows, int stride, byte* tables, ushort limit, ushort* sums, ulong* masks)
    {
        if (Vector512.IsHardwareAccelerated && Avx512BW.IsSupported)
            Sum512(codes, blocks, rows, stride, tables, limit, sums, masks);
        else if (Avx2.IsSupported)
            Sum256(codes, blocks, rows, stride, tables, limit, sums, masks);
        else if (Vector128.IsHardwareAccelerated)
            Sum128(codes, blocks, rows, stride, tables, limit, sums, masks);
        else
            SumScalar(codes, blocks, rows, stride, tables, limit, sums, masks);
    }

    /// <summary>What the other forms compute.</summary>
    internal static void SumScalar(byte* codes, int blocks, int rows, int stride, byte* tables, ushort limit, ushort* sums, ulong* masks)
    {
        for (var block = 0; block < blocks; block++, codes += (long)rows * BlockSize, sums += BlockSize)
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

                sums[j] = (ushort)sum;
                if (sum <= limit)
                    masks[block] |= 1UL << j;
            }
        }
    }

    /// <summary>
    /// Four blocks at a time share the loads of the tables. Two accumulators each: one adds pairs of bytes as numbers of 16 bits and lets
    /// the upper byte overflow, the other adds just the upper bytes; what the first one's lower bytes sum to is the difference.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Sum512(byte* codes, int blocks, int rows, int stride, byte* tables, ushort limit, ushort* sums, ulong* masks)
    {
        var limits = Vector512.Create(limit);
        var blockBytes = (nint)rows * BlockSize;
        var block = 0;
        for (; blocks - block > 2; block += 4, codes += 4 * blockBytes, sums += 4 * BlockSize)
        {
            // In the place of a fourth that is not there stands the first, once more.
            var left = blocks - block;
            byte* x = codes, y = x + blockBytes, z = y + blockBytes, w = left > 3 ? z + blockBytes : x, table = tables;
            nint zStep = left == 3 ? stride : BlockSize, wStep = left == 4 ? stride : BlockSize;
            Vector512<ushort> a = default, b = default, c = default, d = default;
            Vector512<ushort> aUpper = default, bUpper = default, cUpper = default, dUpper = default;
            for (var row = 0; row < rows; row++, x += BlockSize, y += BlockSize, z += zStep, w += wStep, table += 32)
            {
                var low = Avx512F.BroadcastVector128ToVector512((int*)table).AsByte();
                var high = Avx512F.BroadcastVector128ToVector512((int*)(table + 16)).AsByte();
                var sum = Look512(low, high, Vector512.Load(x));
                a += sum;
                aUpper += sum >>> 8;
                sum = Look512(low, high, Vector512.Load(y));
                b += sum;
                bUpper += sum >>> 8;
                sum = Look512(low, high, Vector512.Load(z));
                c += sum;
                cUpper += sum >>> 8;
                sum = Look512(low, high, Vector512.Load(w));
                d += sum;
                dUpper += sum >>> 8;
            }

            masks[block] = Store512(a, aUpper, limits, sums);
            masks[block + 1] = Store512(b, bUpper, limits, sums + BlockSize);
            masks[block + 2] = Store512(c, cUpper, limits, sums + 2 * BlockSize);
            if (left > 3)
                masks[block + 3] = Store512(d, dUpper, limits, sums + 3 * BlockSize);
        }

        for (; block < blocks; block++, codes += blockBytes, sums += BlockSize)
        {
            nint step = block == blocks - 1 ? stride : BlockSize;
            Vector512<ushort> a = default, aUpper = default;
            byte* x = codes, table = tables;
            for (var row = 0; row < rows; row++, x += step, table += 32)
            {
                var low = Avx512F.BroadcastVector128ToVector512((int*)table).AsByte();
                var high = Avx512F.BroadcastVector128ToVector512((int*)(table + 16)).AsByte();
                var sum = Look512(low, high, Vector512.Load(x));
                a += sum;
                aUpper += sum >>> 8;
            }

            masks[block] = Store512(a, aUpper, limits, sums);
        }
    }

    /// <summary>Half a block at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Sum256(byte* codes, int blocks, int rows, int stride, byte* tables, ushort limit, ushort* sums, ulong* masks)
    {
        var limits = Vector256.Create(limit);
        var nibbles = Vector256.Create((byte)15);
        for (var block = 0; block < blocks; block++, codes += (nint)rows * BlockSize, sums += BlockSize)
        {
            var step = block == blocks - 1 ? stride : BlockSize;
            Vector256<ushort> a = default, b = default, aUpper = default, bUpper = default;
            byte* x = codes, table = tables;
            for (var row = 0; row < rows; row++, x += step, table += 32)
            {
                var low = Avx2.BroadcastVector128ToVector256(table);
                var high = Avx2.BroadcastVector128ToVector256(table + 16);
                var code = Vector256.Load(x);
                var sum = (Avx2.Shuffle(low, code & nibbles) + Avx2.Shuffle(high, (code.AsUInt16() >>> 4).AsByte() & nibbles)).AsUInt16();
                a += sum;
                aUpper += sum >>> 8;
                code = Vector256.Load(x + 32);
                sum = (Avx2.Shuffle(low, code & nibbles) + Avx2.Shuffle(high, (code.AsUInt16() >>> 4).AsByte() & nibbles)).AsUInt16();
                b += sum;
                bUpper += sum >>> 8;
            }

            masks[block] = Store256(a, aUpper, limits, sums) | (ulong)Store256(b, bUpper, limits, sums + 32) << 32;
        }
    }

    /// <summary>A quarter of a block at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Sum128(byte* codes, int blocks, int rows, int stride, byte* tables, ushort limit, ushort* sums, ulong* masks)
    {
        var limits = Vector128.Create(limit);
        var nibbles = Vector128.Create((byte)15);
        for (var block = 0; block < blocks; block++, codes += (nint)rows * BlockSize, sums += BlockSize)
        {
            var step = block == blocks - 1 ? stride : BlockSize;
            var mask = 0UL;
            for (var part = 0; part < BlockSize; part += 16)
            {
                Vector128<ushort> a = default, aUpper = default;
                byte* x = codes + part, table = tables;
                for (var row = 0; row < rows; row++, x += step, table += 32)
                {
                    var code = Vector128.Load(x);
                    var sum = (Vector128.ShuffleNative(Vector128.Load(table), code & nibbles)
                        + Vector128.ShuffleNative(Vector128.Load(table + 16), code >>> 4)).AsUInt16();
                    a += sum;
                    aUpper += sum >>> 8;
                }

                var lower = a - (aUpper << 8);
                for (var j = 0; j < 8; j++)
                {
                    sums[part + 2 * j] = lower[j];
                    sums[part + 2 * j + 1] = aUpper[j];
                }

                var first = Vector128.LessThanOrEqual(Vector128.Load(sums + part), limits);
                var second = Vector128.LessThanOrEqual(Vector128.Load(sums + part + 8), limits);
                mask |= (ulong)Vector128.Narrow(first, second).ExtractMostSignificantBits() << part;
            }

            masks[block] = mask;
        }
    }

    // With VBMI a shuffle minds six bits of an index: over a table of four copies only the lower four of them matter, and need no masking.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Look512(Vector512<byte> low, Vector512<byte> high, Vector512<byte> code)
    {
        var shifted = (code.AsUInt16() >>> 4).AsByte();
        if (Avx512Vbmi.IsSupported)
            return (Avx512Vbmi.PermuteVar64x8(low, code) + Avx512Vbmi.PermuteVar64x8(high, shifted)).AsUInt16();

        var nibbles = Vector512.Create((byte)15);
        return (Avx512BW.Shuffle(low, code & nibbles) + Avx512BW.Shuffle(high, shifted & nibbles)).AsUInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Store512(Vector512<ushort> all, Vector512<ushort> upper, Vector512<ushort> limits, ushort* sums)
    {
        var lower = all - (upper << 8);
        var first = Avx512BW.PermuteVar32x16x2(
            lower,
            Vector512.Create((ushort)0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47),
            upper);
        var second = Avx512BW.PermuteVar32x16x2(
            lower,
            Vector512.Create(
                (ushort)16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63),
            upper);
        first.Store(sums);
        second.Store(sums + 32);
        return Vector512.LessThanOrEqual(first, limits).ExtractMostSignificantBits()
            | Vector512.LessThanOrEqual(second, limits).ExtractMostSignificantBits() << 32;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Store256(Vector256<ushort> all, Vector256<ushort> upper, Vector256<ushort> limits, ushort* sums)
    {
        var lower = all - (upper << 8);
        var left = Avx2.UnpackLow(lower, upper);
        var right = Avx2.UnpackHigh(lower, upper);
        var first = Avx2.Permute2x128(left, right, 0x20);
        var second = Avx2.Permute2x128(left, right, 0x31);
        first.Store(sums);
        second.Store(sums + 16);
        // Packing works within halves, and so undoes what unpacking did to the order.
        var within = Avx2.PackSignedSaturate(
            Vector256.LessThanOrEqual(left, limits).AsInt16(), Vector256.LessThanOrEqual(right, limits).AsInt16());
        return within.ExtractMostSignificantBits();
    }
}
