namespace FaissNet.Managed;

/// <summary>Distances of a product quantizer's codes, from tables: one addition per part.</summary>
internal static unsafe class CodeDistances
{
    /// <summary>Of what a table was computed for to what a code stands for.</summary>
    /// <param name="table">[m][2^nbits] floats.</param>
    /// <param name="code">m·nbits bits.</param>
    /// <param name="m">Parts.</param>
    /// <param name="nbits">Bits per part.</param>
    public static float Asymmetric(ReadOnlySpan<float> table, ReadOnlySpan<byte> code, int m, int nbits)
    {
        VectorArguments.RequireLength(table.Length, m << nbits, nameof(table), "M * ksub");
        VectorArguments.RequireLength(code.Length, BitPacking.ByteCount(m, nbits), nameof(code), "CodeSize");
        var sum = 0f;
        fixed (byte* bytes = code)
        {
            var reader = new BitReader(bytes, nbits);
            for (var part = 0; part < m; part++)
                sum += table[(part << nbits) + reader.Next()];
        }

        return sum;
    }

    /// <summary>Of what two codes stand for.</summary>
    /// <param name="table">[m][2^nbits][2^nbits] floats.</param>
    /// <param name="a">m·nbits bits.</param>
    /// <param name="b">m·nbits bits.</param>
    /// <param name="m">Parts.</param>
    /// <param name="nbits">Bits per part.</param>
    public static float Symmetric(ReadOnlySpan<float> table, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, int m, int nbits)
    {
        var sum = 0f;
        fixed (byte* x = a, y = b)
        {
            BitReader left = new(x, nbits), right = new(y, nbits);
            for (var part = 0; part < m; part++)
                sum += table[(((part << nbits) + left.Next()) << nbits) + right.Next()];
        }

        return sum;
    }

    /// <summary>The length of the table for two codes, if an array holds it.</summary>
    /// <exception cref="NotSupportedException">It does not.</exception>
    public static int SymmetricTableLength(int m, int nbits)
    {
        var length = (long)m << (2 * nbits);
        return length <= Array.MaxLength
            ? (int)length
            : throw new NotSupportedException($"Symmetric distances of {m} parts of {nbits} bits need a table of {length} entries, more than an array holds.");
    }
}
