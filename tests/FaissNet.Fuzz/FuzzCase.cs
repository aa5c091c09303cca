using System.Buffers.Binary;

namespace FaissNet.Fuzz;

/// <summary>One damaged file: what it is depends on the seed, the number and the corpus, and on nothing else.</summary>
internal sealed record FuzzCase(string Description, byte[] Bytes)
{
    private static readonly long[] s_edges =
    [
        0, 1, 2, 3, -1, -2, 127, 255, 65_535, 65_536, int.MaxValue - 1, int.MaxValue, 1L << 31, uint.MaxValue, 1L << 32, 1L << 40, (1L << 40) + 1, 1L << 60, 1L << 61,
        1L << 62, long.MaxValue, long.MinValue, long.MinValue + 1,
    ];

    private static readonly float[] s_numbers =
        [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -float.MaxValue, 1e20f, 1e-45f, -0f, 0f, 1e15f];

    public static FuzzCase Make(Corpus corpus, int seed, int number)
    {
        // Neighbouring seeds of Random give related numbers at first; these are no neighbours.
        var random = new Random((int)((uint)seed * 2_654_435_761 ^ (uint)number * 2_246_822_519));
        var file = corpus.Files[random.Next(corpus.Files.Count)];
        var bytes = file.Bytes.ToArray();
        var done = new List<string> { file.Name };
        for (var rounds = 1 + (random.Next(3) == 0 ? random.Next(1, 3) : 0); rounds > 0; rounds--)
            bytes = Damage(bytes, file, corpus, random, done);
        return new FuzzCase(string.Join("; ", done), bytes);
    }

    /// <summary>Codes, which have no headers, damaged in as many ways as that leaves.</summary>
    public static byte[] DamageCodes(ReadOnlySpan<byte> codes, Random random)
    {
        var bytes = codes.ToArray();
        for (var rounds = bytes.Length == 0 ? 0 : random.Next(1, 4); rounds > 0; rounds--)
        {
            bytes = random.Next(3) switch
            {
                0 => FlipBits(bytes, random, []),
                1 => SetFloats(bytes, random, []),
                _ => Repeat(bytes, random, []),
            };
        }

        return bytes;
    }

    private static byte[] Damage(byte[] bytes, SeedFile file, Corpus corpus, Random random, List<string> done)
    {
        switch (bytes.Length < sizeof(long) ? 0 : random.Next(20))
        {
            case < 7:
                return FlipBits(bytes, random, done);
            case < 13:
                return SetNumber(bytes, file, random, done);
            case < 15:
                return SetFloats(bytes, random, done);
            case < 16:
                return Truncate(bytes, random, done);
            case < 18:
                return Splice(bytes, file, corpus.Files[random.Next(corpus.Files.Count)], random, done);
            default:
                return Repeat(bytes, random, done);
        }
    }

    private static byte[] FlipBits(byte[] bytes, Random random, List<string> done)
    {
        for (var flips = bytes.Length == 0 ? 0 : random.Next(1, 5); flips > 0; flips--)
        {
            var (place, bit) = (Place(bytes, random), random.Next(8));
            bytes[place] ^= (byte)(1 << bit);
            done.Add($"bit {bit} of byte {place} flipped");
        }

        return bytes;
    }

    private static byte[] SetNumber(byte[] bytes, SeedFile file, Random random, List<string> done)
    {
        var place = random.Next(3) == 0 ? Place(bytes, random) : file.Sizes[random.Next(file.Sizes.Count)];
        place = Math.Min(place, bytes.Length - sizeof(long));
        var old = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(place));
        var value = random.Next(4) switch
        {
            0 => unchecked(old + random.Next(-2, 3)),
            1 => random.Next(2) == 0 ? unchecked(old * 2) : old / 2,
            _ => s_edges[random.Next(s_edges.Length)],
        };
        var isLong = random.Next(2) == 0;
        if (isLong)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(place), value);
        else
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(place), (int)value);
        done.Add($"{(isLong ? 64 : 32)} bits at byte {place} set to {value}");
        return bytes;
    }

    private static byte[] SetFloats(byte[] bytes, Random random, List<string> done)
    {
        var value = s_numbers[random.Next(s_numbers.Length)];
        var stride = sizeof(float) * (1 << random.Next(6));
        var first = random.Next(bytes.Length);
        var count = random.Next(1, 200);
        for (var i = 0; i < count && first + i * stride <= bytes.Length - sizeof(float); i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(first + i * stride), value);
        done.Add($"{count} floats from byte {first}, {stride} apart, set to {value}");
        return bytes;
    }

    private static byte[] Truncate(byte[] bytes, Random random, List<string> done)
    {
        var length = random.Next(bytes.Length);
        done.Add($"cut to {length} bytes");
        return bytes[..length];
    }

    /// <summary>The beginning of one file and the end of another, or a part of one in the place of a part of the other.</summary>
    private static byte[] Splice(byte[] bytes, SeedFile file, SeedFile other, Random random, List<string> done)
    {
        var byParts = random.Next(3) != 0;
        var cut = byParts ? Math.Min(file.Parts[random.Next(file.Parts.Count)], bytes.Length) : random.Next(bytes.Length);
        var from = byParts ? other.Parts[random.Next(other.Parts.Count)] : Math.Min(cut, other.Bytes.Length);
        var to = byParts && random.Next(2) == 0 ? other.Parts.Where(part => part > from).Append(other.Bytes.Length).First() : other.Bytes.Length;
        var rest = byParts && random.Next(2) == 0 ? file.Parts.Where(part => part > cut && part < bytes.Length).Append(bytes.Length).First() : bytes.Length;
        done.Add($"bytes {from} to {to} of {other.Name} in the place of bytes {cut} to {rest}");
        return [.. bytes[..cut], .. other.Bytes[from..to], .. bytes[rest..]];
    }

    private static byte[] Repeat(byte[] bytes, Random random, List<string> done)
    {
        var from = random.Next(bytes.Length);
        var to = random.Next(bytes.Length);
        var count = Math.Min(random.Next(1, 64), bytes.Length - Math.Max(from, to));
        bytes.AsSpan(from, count).CopyTo(bytes.AsSpan(to));
        done.Add($"{count} bytes from byte {from} copied to byte {to}");
        return bytes;
    }

    // Most of what can do harm stands near the beginning.
    private static int Place(byte[] bytes, Random random)
    {
        const int headers = 250;
        return random.Next(random.Next(2) == 0 ? Math.Min(bytes.Length, headers) : bytes.Length);
    }
}
