using System.Globalization;
using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// A hash table: the first <see cref="B"/> bits of a vector are its bucket, and a search visits the buckets that differ from the query's in
/// at most <see cref="NFlip"/> bits. FAISS's <c>IndexBinaryHash</c> (<c>faiss/IndexBinaryHash.h</c>).
/// </summary>
public sealed class IndexBinaryHash : FaissBinaryIndex
{
    /// <summary>FAISS's limit for the bits of a hash.</summary>
    public const int MaxB = 60;

    /// <summary>An empty index.</summary>
    /// <param name="d">Bits per vector, a multiple of 8.</param>
    /// <param name="b">Bits of the hash, 1 to 60 and at most <paramref name="d"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexBinaryHash(int d, int b)
        : this(CreateTable(d, b))
    {
    }

    internal IndexBinaryHash(BinaryIndexHandle handle)
        : base(handle) => B = ReadShape("b");

    /// <summary>Bits of the hash. FAISS's <c>b</c>.</summary>
    public int B { get; }

    /// <summary>The bits in which the bucket of what is found may differ from the query's, 0 until it is set. Each more multiplies the
    /// buckets to visit. Shared by all callers. FAISS's <c>nflip</c>.</summary>
    /// <exception cref="ArgumentException">The value is negative, more than <see cref="B"/>, or means more than 2^28 buckets.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int NFlip
    {
        get => (int)GetParameter("nflip");
        set => SetParameter("nflip", value);
    }

    internal static void RequireBits(int d, int b)
    {
        BinaryArguments.RequireDimension(d, nameof(d));
        var most = Math.Min(MaxB, d);
        if (b < 1 || b > most)
            throw new ArgumentOutOfRangeException(nameof(b), b, $"b is {b}: expected 1 to {most}.");
    }

    private static BinaryIndexHandle CreateTable(int d, int b)
    {
        RequireBits(d, b);
        return Create(d, string.Create(CultureInfo.InvariantCulture, $"BHash{b}"));
    }
}

/// <summary>
/// Several hash tables, each over <see cref="B"/> other bits of the vector, which are stored once: a vector is found if one of its buckets is
/// near enough to the query's. FAISS's <c>IndexBinaryMultiHash</c> (<c>faiss/IndexBinaryHash.h</c>); Norouzi, Punjani, Fleet: Fast search in
/// Hamming space with multi-index hashing, 2012.
/// </summary>
public sealed class IndexBinaryMultiHash : FaissBinaryIndex
{
    /// <summary>An empty index.</summary>
    /// <param name="d">Bits per vector, a multiple of 8.</param>
    /// <param name="nhash">Hash tables; nhash·b is at most <paramref name="d"/>.</param>
    /// <param name="b">Bits of each hash, 1 to 60.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexBinaryMultiHash(int d, int nhash, int b)
        : this(CreateTables(d, nhash, b))
    {
    }

    internal IndexBinaryMultiHash(BinaryIndexHandle handle)
        : base(handle) => (NHash, B) = (ReadShape("nhash"), ReadShape("b"));

    /// <summary>The number of hash tables. FAISS's <c>nhash</c>.</summary>
    public int NHash { get; }

    /// <summary>Bits of each hash. FAISS's <c>b</c>.</summary>
    public int B { get; }

    /// <inheritdoc cref="IndexBinaryHash.NFlip"/>
    public int NFlip
    {
        get => (int)GetParameter("nflip");
        set => SetParameter("nflip", value);
    }

    private static BinaryIndexHandle CreateTables(int d, int nhash, int b)
    {
        IndexBinaryHash.RequireBits(d, b);
        if (nhash < 1 || nhash > d / b)
            throw new ArgumentOutOfRangeException(nameof(nhash), nhash, $"nhash is {nhash}: expected 1 to {d / b} (d / b).");

        return Create(d, string.Create(CultureInfo.InvariantCulture, $"BHash{nhash}x{b}"));
    }
}
