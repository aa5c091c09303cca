using System.Numerics;

namespace FaissNet.Tests.Binary;

/// <summary>Seeded vectors of bits around a few centres, and what is true of them.</summary>
internal static class BinaryVectors
{
    public static byte[] Make(int n, int bytes, int seed)
    {
        // The centres belong to the size, not to the seed.
        var centres = new byte[12 * bytes];
        new Random(bytes).NextBytes(centres);
        var random = new Random(seed);
        var vectors = new byte[n * bytes];
        for (var i = 0; i < n; i++)
        {
            centres.AsSpan(random.Next(12) * bytes, bytes).CopyTo(vectors.AsSpan(i * bytes));
            for (var flips = random.Next(bytes * 2); flips > 0; flips--)
                vectors[i * bytes + random.Next(bytes)] ^= (byte)(1 << random.Next(8));
        }

        return vectors;
    }

    public static int Distance(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var bits = 0;
        for (var i = 0; i < a.Length; i++)
            bits += BitOperations.PopCount((uint)(a[i] ^ b[i]));

        return bits;
    }

    /// <summary>The k smallest distances of each query to all vectors that count.</summary>
    public static int[] NearestDistances(byte[] vectors, byte[] queries, int bytes, int k, Func<int, bool>? counts = null) =>
        [.. queries.Chunk(bytes).SelectMany(query => vectors.Chunk(bytes)
            .Where((_, i) => counts?.Invoke(i) ?? true)
            .Select(vector => Distance(vector, query)).Order().Take(k))];
}
