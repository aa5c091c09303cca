using System.Runtime.InteropServices;

namespace FaissNet.Managed;

/// <summary>
/// FAISS's order of 4-bit codes in memory and files (<c>pq4_pack_codes</c> of <c>faiss/impl/pq4_fast_scan.cpp</c>), and ours.
/// </summary>
/// <remarks>
/// FAISS puts codes into blocks of <c>bbs</c>, a multiple of 32, and pads the last one with zeros. A block goes through its bytes of two parts
/// each; for each of them it has 32 bytes per 32 codes: 16 with the first part, then 16 with the second. Byte j of these holds the codes
/// <c>order[j]</c> and <c>order[j] + 16</c> in its low and high half, where order = 0, 8, 1, 9, …, 7, 15.
/// </remarks>
internal static unsafe class FastScanLayout
{
    /// <summary>FAISS's default for <c>bbs</c>.</summary>
    public const int DefaultBlock = 32;

    private const int Group = 32;

    /// <summary>Refuses what fast-scan indexes cannot be made from.</summary>
    public static void RequireArguments(int nbits, int bbs)
    {
        if (nbits != 4)
            throw new ArgumentOutOfRangeException(nameof(nbits), nbits, $"nbits is {nbits}: fast-scan indexes have 4 bits per part.");

        if (bbs <= 0 || bbs % Group != 0)
            throw new ArgumentOutOfRangeException(nameof(bbs), bbs, $"bbs is {bbs}: expected a multiple of {Group}.");
    }

    /// <summary>The quantizer of a fast-scan index, if one can be made from these.</summary>
    public static ProductQuantizer NewQuantizer(int d, int m, int nbits, int bbs)
    {
        RequireArguments(nbits, bbs);
        return new ProductQuantizer(IndexArguments.Dimension(d), m, nbits);
    }

    /// <summary>Bytes of n codes in FAISS's blocks.</summary>
    /// <param name="n">Codes.</param>
    /// <param name="codeSize">Bytes per code: ⌈M / 2⌉.</param>
    /// <param name="bbs">FAISS's <c>bbs</c>.</param>
    public static long FaissBytes(long n, int codeSize, int bbs) => checked((n + bbs - 1) / bbs * bbs * codeSize);

    /// <summary>Codes that lie one after the other into FAISS's blocks.</summary>
    /// <param name="codes">n·codeSize bytes.</param>
    /// <param name="n">Codes.</param>
    /// <param name="codeSize">Bytes per code.</param>
    /// <param name="bbs">FAISS's <c>bbs</c>.</param>
    /// <param name="blocks">Receives <see cref="FaissBytes"/> bytes.</param>
    public static void ToFaissBlocks(byte* codes, long n, int codeSize, int bbs, byte* blocks)
    {
        NativeMemory.Clear(blocks, (nuint)FaissBytes(n, codeSize, bbs));
        for (long i = 0; i < n; i++)
        {
            var to = Place(blocks, i, codeSize, bbs, out var shift);
            for (var b = 0; b < codeSize; b++, to += bbs)
            {
                var code = codes[i * codeSize + b];
                to[0] |= (byte)((code & 15) << shift);
                to[16] |= (byte)(code >> 4 << shift);
            }
        }
    }

    /// <summary>FAISS's blocks into codes that lie one after the other.</summary>
    /// <param name="blocks"><see cref="FaissBytes"/> bytes.</param>
    /// <param name="n">Codes.</param>
    /// <param name="codeSize">Bytes per code.</param>
    /// <param name="bbs">FAISS's <c>bbs</c>.</param>
    /// <param name="codes">Receives n·codeSize bytes.</param>
    public static void FromFaissBlocks(byte* blocks, long n, int codeSize, int bbs, byte* codes)
    {
        for (long i = 0; i < n; i++)
        {
            var from = Place(blocks, i, codeSize, bbs, out var shift);
            for (var b = 0; b < codeSize; b++, from += bbs)
                codes[i * codeSize + b] = (byte)((from[0] >> shift & 15) | (from[16] >> shift & 15) << 4);
        }
    }

    // Where the first part of a code lies, and in which half of its byte.
    private static byte* Place(byte* blocks, long index, int codeSize, int bbs, out int shift)
    {
        var (block, within) = Math.DivRem(index, bbs);
        var (group, lane) = Math.DivRem((int)within, Group);
        shift = lane / 16 * 4;
        lane %= 16;
        return blocks + block * bbs * codeSize + group * Group + (lane < 8 ? 2 * lane : 2 * (lane - 8) + 1);
    }
}
