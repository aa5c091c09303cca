namespace FaissNet.Managed;

/// <summary>
/// Numbers of 1 to 16 bits one after the other, the lowest bit first, without padding between them: how FAISS stores the numbers of a
/// code (<c>PQEncoderGeneric</c>, <c>PQEncoder8</c> and <c>PQEncoder16</c> of <c>faiss/impl/ProductQuantizer-inl.h</c>). Bits behind the
/// last number are zero.
/// </summary>
internal static unsafe class BitPacking
{
    /// <summary>The bytes that hold <paramref name="count"/> numbers.</summary>
    public static int ByteCount(int count, int nbits) => checked((int)(((long)count * nbits + 7) / 8));

    /// <summary>Writes numbers that lie <paramref name="stride"/> apart.</summary>
    public static void Write(int* numbers, int count, int stride, int nbits, byte* code)
    {
        if (nbits == 8)
        {
            for (var i = 0; i < count; i++)
                code[i] = (byte)numbers[(long)i * stride];

            return;
        }

        uint pending = 0;
        var held = 0;
        for (var i = 0; i < count; i++)
        {
            pending |= (uint)numbers[(long)i * stride] << held;
            for (held += nbits; held >= 8; held -= 8, pending >>= 8)
                *code++ = (byte)pending;
        }

        if (held > 0)
            *code = (byte)pending;
    }

    /// <summary>Reads <paramref name="count"/> numbers, and no byte behind the last one's.</summary>
    public static void Read(byte* code, int count, int nbits, int* numbers)
    {
        if (nbits == 8)
        {
            for (var i = 0; i < count; i++)
                numbers[i] = code[i];

            return;
        }

        uint pending = 0;
        var held = 0;
        for (var i = 0; i < count; i++)
        {
            for (; held < nbits; held += 8)
                pending |= (uint)*code++ << held;

            numbers[i] = (int)(pending & ((1u << nbits) - 1));
            pending >>= nbits;
            held -= nbits;
        }
    }
}
