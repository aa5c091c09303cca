using System.Buffers.Binary;

namespace FaissNet.Fuzz;

/// <summary>A sound file, and where in it damage does most.</summary>
internal sealed class SeedFile
{
    // Larger than any size in these files, smaller than nearly every pair of floats.
    private const long LargestSize = 1 << 24;

    public SeedFile(string name, byte[] bytes)
    {
        (Name, Bytes) = (name, bytes);
        var sizes = new List<int>();
        var parts = new List<int>();
        for (var i = 0; i < bytes.Length - sizeof(long); i++)
        {
            if (BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(i)) is >= 0 and < LargestSize)
                sizes.Add(i);
            if (i == 0 || IsPartName(bytes.AsSpan(i, 4)))
                parts.Add(i);
        }

        (Sizes, Parts) = ([.. sizes], [.. parts]);
    }

    public string Name { get; }

    public byte[] Bytes { get; }

    /// <summary>Offsets of what looks like a 64-bit size.</summary>
    public IReadOnlyList<int> Sizes { get; }

    /// <summary>Offsets where an index, a transform or a set of lists seems to begin; the first is 0.</summary>
    public IReadOnlyList<int> Parts { get; }

    private static bool IsPartName(ReadOnlySpan<byte> text)
    {
        foreach (var c in text)
            if (!char.IsAsciiLetterOrDigit((char)c))
                return false;
        return text[0] is (byte)'I' && text[1] is (byte)'x' or (byte)'w' or (byte)'v' or (byte)'H' or (byte)'N' or (byte)'m' or (byte)'P' or (byte)'B'
            || text[..2].SequenceEqual("il"u8) || text.SequenceEqual("full"u8) || text.SequenceEqual("sprs"u8) || text.SequenceEqual("LTra"u8)
            || text.SequenceEqual("rrot"u8) || text.SequenceEqual("Pcam"u8) || text.SequenceEqual("Viqm"u8) || text.SequenceEqual("Viqt"u8)
            || text.SequenceEqual("VNrm"u8) || text.SequenceEqual("RmDT"u8) || text.SequenceEqual("VCnt"u8);
    }
}
