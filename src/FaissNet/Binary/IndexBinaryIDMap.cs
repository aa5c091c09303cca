using FaissNet.Interop;

namespace FaissNet;

/// <summary>Gives a binary index that numbers its vectors itself the caller's ids. FAISS's <c>IndexBinaryIDMap</c>
/// (<c>faiss/IndexIDMap.h</c>).</summary>
public class IndexBinaryIDMap : FaissBinaryIndex
{
    /// <summary>An empty index around another one, which it owns.</summary>
    /// <param name="d">Bits per vector, a multiple of 8.</param>
    /// <param name="description">The index inside, as <see cref="BinaryIndexFactory"/> takes it: <c>BFlat</c>, <c>BHNSW32</c>, ….</param>
    /// <exception cref="ArgumentException">The description is not known, or does not fit <paramref name="d"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
    public IndexBinaryIDMap(int d, string description)
        : this(CreateMap(d, "IDMap", description))
    {
    }

    internal IndexBinaryIDMap(BinaryIndexHandle handle)
        : base(handle)
    {
    }

    private protected static BinaryIndexHandle CreateMap(int d, string type, string description)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(description);
        return Create(d, $"{type},{description}");
    }
}

/// <summary>An <see cref="IndexBinaryIDMap"/> that keeps the way back from ids to positions as well, as FAISS needs it to reconstruct; here both
/// do. FAISS's <c>IndexBinaryIDMap2</c>.</summary>
public sealed class IndexBinaryIDMap2 : IndexBinaryIDMap
{
    /// <inheritdoc cref="IndexBinaryIDMap(int, string)"/>
    public IndexBinaryIDMap2(int d, string description)
        : base(CreateMap(d, "IDMap2", description))
    {
    }

    internal IndexBinaryIDMap2(BinaryIndexHandle handle)
        : base(handle)
    {
    }
}
