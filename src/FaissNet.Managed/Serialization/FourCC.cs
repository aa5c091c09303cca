namespace FaissNet.Serialization;

/// <summary>The four characters with which FAISS begins an index, a transform or a set of inverted lists.</summary>
internal readonly record struct FourCC(uint Value)
{
    public FourCC(ReadOnlySpan<char> text)
        : this((uint)(text[0] | (text[1] << 8) | (text[2] << 16) | (text[3] << 24)))
    {
    }

    /// <summary>Whether all four are printable ASCII, as in every code that FAISS ever wrote.</summary>
    public bool IsPrintable
    {
        get
        {
            for (var shift = 0; shift < 32; shift += 8)
                if (((Value >> shift) & 0xff) is < 0x21 or > 0x7e)
                    return false;
            return true;
        }
    }

    public bool Is(ReadOnlySpan<char> text) => this == new FourCC(text);

    public override string ToString() => IsPrintable
        ? string.Create(4, Value, static (chars, value) =>
        {
            for (var i = 0; i < 4; i++)
                chars[i] = (char)((value >> (8 * i)) & 0xff);
        })
        : $"0x{Value:x8}";
}
