namespace FaissNet;

/// <summary>The checks that stand before every binary index, as <see cref="VectorArguments"/> stands before the others.</summary>
internal static class BinaryArguments
{
    public const int MaxDimension = 1 << 20;

    public static void RequireDimension(int dimension, string name)
    {
        if (dimension is < 8 or > MaxDimension || dimension % 8 != 0)
            throw new ArgumentOutOfRangeException(name, dimension, $"{name} is {dimension}: expected a multiple of 8, from 8 to {MaxDimension}.");
    }

    /// <summary>The number of vectors in n·d/8 bytes.</summary>
    public static int CountVectors(ReadOnlySpan<byte> vectors, int codeSize, string name)
    {
        var (count, rest) = Math.DivRem(vectors.Length, codeSize);
        return rest == 0
            ? count
            : throw new ArgumentException(
                $"{name} holds {vectors.Length} bytes: expected a multiple of the index's {codeSize} bytes per vector (Dimension / 8).", name);
    }
}
