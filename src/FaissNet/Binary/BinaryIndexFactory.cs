using FaissNet.Interop;

namespace FaissNet;

/// <summary>Makes binary indexes from FAISS's descriptions. FAISS's <c>index_binary_factory</c> (<c>faiss/index_factory.h</c>).</summary>
public static class BinaryIndexFactory
{
    /// <summary>An empty binary index: <c>BFlat</c>, <c>BIVF1024</c>, <c>BIVF1024_HNSW32</c>, <c>BHNSW32</c>, <c>BHash16</c>, <c>BHash4x16</c>,
    /// and each of them behind <c>IDMap,</c> or <c>IDMap2,</c>.</summary>
    /// <param name="d">Bits per vector, a multiple of 8.</param>
    /// <param name="description">The description.</param>
    /// <returns>The index, as the class that fits its type.</returns>
    /// <exception cref="ArgumentException">The description is not known, or does not fit <paramref name="d"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
    public static FaissBinaryIndex Create(int d, string description)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(description);
        BinaryArguments.RequireDimension(d, nameof(d));
        NativeMethods.faissnet_binary_factory(d, description, out var handle).ThrowIfFailed();
        return FaissBinaryIndex.Wrap(handle);
    }
}
