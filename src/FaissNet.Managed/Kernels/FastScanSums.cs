using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>Sums of <see cref="FastScan"/> for whole blocks: which is the k-th smallest, and which are at most that.</summary>
internal static unsafe class FastScanSums
{
    /// <summary>The k-th smallest of the sums.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="count">How many, a multiple of 64 and at most 2^15.</param>
    /// <param name="k">From 1 to <paramref name="count"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort Kth(ushort* sums, int count, int k)
    {
        // By halving the interval: counting takes one instruction for many sums.
        var (low, high) = (0, (int)ushort.MaxValue);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (CountUpTo(sums, count, (ushort)middle) < k)
                low = middle + 1;
            else
                high = middle;
        }

        return (ushort)low;
    }

    /// <summary>A word per block: bit j is set if the sum of code j is at most the limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MaskUpTo(ushort* sums, int blocks, ushort limit, ulong* masks)
    {
        var limits = Vector128.Create(limit);
        for (var block = 0; block < blocks; block++)
        {
            var mask = 0UL;
            if (Vector128.IsHardwareAccelerated)
            {
                for (var j = 0; j < FastScan.BlockSize; j += 16, sums += 16)
                {
                    var first = Vector128.LessThanOrEqual(Vector128.Load(sums), limits);
                    var second = Vector128.LessThanOrEqual(Vector128.Load(sums + 8), limits);
                    mask |= (ulong)Vector128.Narrow(first, second).ExtractMostSignificantBits() << j;
                }
            }
            else
            {
                for (var j = 0; j < FastScan.BlockSize; j++, sums++)
                    mask |= *sums <= limit ? 1UL << j : 0;
            }

            masks[block] = mask;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountUpTo(ushort* sums, int count, ushort limit)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            var limits = Vector256.Create(limit);
            Vector256<ushort> a = default, b = default;
            for (var i = 0; i < count; i += 32)
            {
                a -= Vector256.LessThanOrEqual(Vector256.Load(sums + i), limits);
                b -= Vector256.LessThanOrEqual(Vector256.Load(sums + i + 16), limits);
            }

            return Vector256.Sum(a + b);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            var limits = Vector128.Create(limit);
            Vector128<ushort> a = default, b = default;
            for (var i = 0; i < count; i += 16)
            {
                a -= Vector128.LessThanOrEqual(Vector128.Load(sums + i), limits);
                b -= Vector128.LessThanOrEqual(Vector128.Load(sums + i + 8), limits);
            }

            return Vector128.Sum(a + b);
        }

        var found = 0;
        for (var i = 0; i < count; i++)
            found += sums[i] <= limit ? 1 : 0;

        return found;
    }
}
