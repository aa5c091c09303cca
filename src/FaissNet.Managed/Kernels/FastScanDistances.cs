using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// Distances of 16 codes of 4-bit numbers at a time, in float: the entries of the tables, added to a start in the order of the parts, so
/// that every form gives the same bits. A register of 16 floats, or two of 8, is a whole table.
/// </summary>
internal static unsafe class FastScanDistances
{
    /// <summary>Codes per call.</summary>
    public const int Lanes = 16;

    /// <param name="codes">The first bytes of 16 codes; all 16 bytes of each row are read.</param>
    /// <param name="stride">From one row to the next.</param>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="tables">[rows][2][16] floats.</param>
    /// <param name="distances">16 starts; receives 16 sums.</param>
    public static void Add(byte* codes, int stride, int rows, float* tables, float* distances)
    {
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
            Add512(codes, stride, rows, tables, distances);
        else if (Avx2.IsSupported)
            Add256(codes, stride, rows, tables, distances);
        else
            AddScalar(codes, stride, rows, tables, distances);
    }

    /// <summary>What the other forms compute.</summary>
    internal static void AddScalar(byte* codes, int stride, int rows, float* tables, float* distances)
    {
        for (var row = 0; row < rows; row++, codes += stride, tables += 32)
        {
            for (var i = 0; i < Lanes; i++)
                distances[i] = distances[i] + tables[codes[i] & 15] + tables[16 + (codes[i] >> 4)];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add512(byte* codes, int stride, int rows, float* tables, float* distances)
    {
        var sum = Vector512.Load(distances);
        for (var row = 0; row < rows; row++, codes += stride, tables += 32)
        {
            // The shuffle minds the lower four bits of an index.
            var code = Avx512F.ConvertToVector512Int32(Vector128.Load(codes));
            sum += Avx512F.PermuteVar16x32(Vector512.Load(tables), code);
            sum += Avx512F.PermuteVar16x32(Vector512.Load(tables + 16), code >>> 4);
        }

        sum.Store(distances);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add256(byte* codes, int stride, int rows, float* tables, float* distances)
    {
        var a = Vector256.Load(distances);
        var b = Vector256.Load(distances + 8);
        for (var row = 0; row < rows; row++, codes += stride, tables += 32)
        {
            var first = Avx2.ConvertToVector256Int32(codes);
            var second = Avx2.ConvertToVector256Int32(codes + 8);
            Vector256<float> below = Vector256.Load(tables), above = Vector256.Load(tables + 8);
            a += Look256(below, above, first);
            b += Look256(below, above, second);
            below = Vector256.Load(tables + 16);
            above = Vector256.Load(tables + 24);
            a += Look256(below, above, first >>> 4);
            b += Look256(below, above, second >>> 4);
        }

        a.Store(distances);
        b.Store(distances + 8);
    }

    // The shuffle minds the lower three bits of an index; the fourth chooses between the halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Look256(Vector256<float> below, Vector256<float> above, Vector256<int> index) => Avx.BlendVariable(
        Avx2.PermuteVar8x32(below, index), Avx2.PermuteVar8x32(above, index), (index << 28).AsSingle());
}
