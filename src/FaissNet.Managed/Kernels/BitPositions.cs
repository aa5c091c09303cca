using System.Numerics;
using System.Runtime.CompilerServices;

namespace FaissNet.Managed;

/// <summary>
/// The positions of the bits that are set in masks of which most have few. Whether a mask has one more bit is what a processor predicts worst, and a
/// wrong prediction costs more than writing down several positions that do not count.
/// </summary>
internal static unsafe class BitPositions
{
    /// <summary>How many positions may be written behind those that count.</summary>
    public const int Slack = 4;

    /// <summary>Appends the positions of the bits of a mask, in ascending order.</summary>
    /// <param name="mask">The bits.</param>
    /// <param name="first">The position of bit 0.</param>
    /// <param name="positions">Receives them; <see cref="Slack"/> more may be written.</param>
    /// <returns>How many bits are set.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Append(ulong mask, int first, int* positions)
    {
        var count = BitOperations.PopCount(mask);
        positions[0] = first + BitOperations.TrailingZeroCount(mask);
        mask &= mask - 1;
        positions[1] = first + BitOperations.TrailingZeroCount(mask);
        mask &= mask - 1;
        positions[2] = first + BitOperations.TrailingZeroCount(mask);
        mask &= mask - 1;
        positions[3] = first + BitOperations.TrailingZeroCount(mask);
        for (var i = Slack; i < count; i++)
        {
            mask &= mask - 1;
            positions[i] = first + BitOperations.TrailingZeroCount(mask);
        }

        return count;
    }
}
