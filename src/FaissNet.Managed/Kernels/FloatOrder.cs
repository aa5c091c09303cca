using System.Runtime.CompilerServices;

namespace FaissNet.Managed;

/// <summary>Floats as whole numbers of the same order, which sort faster, and with something else in the same word. -0 comes before 0, and what is
/// not a number at one of the ends.</summary>
internal static class FloatOrder
{
    /// <summary>The number of a float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Of(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value);
        return (uint)(bits ^ (bits >> 31 | int.MinValue));
    }

    /// <summary>The float of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToFloat(uint order) =>
        BitConverter.UInt32BitsToSingle((order & 0x80000000) != 0 ? order ^ 0x80000000 : ~order);
}
