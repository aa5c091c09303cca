using FaissNet.Interop;

namespace FaissNet;

/// <summary>Exact search by Hamming distance. FAISS's <c>IndexBinaryFlat</c> (<c>faiss/IndexBinaryFlat.h</c>).</summary>
public sealed class IndexBinaryFlat : FaissBinaryIndex
{
    /// <summary>An empty index.</summary>
    /// <param name="d">Bits per vector, a multiple of 8.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
    public IndexBinaryFlat(int d)
        : this(Create(d, "BFlat"))
    {
    }

    internal IndexBinaryFlat(BinaryIndexHandle handle)
        : base(handle)
    {
    }
}
