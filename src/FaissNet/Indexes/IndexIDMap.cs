using FaissNet.Interop;

namespace FaissNet;

/// <summary>Keeps ids of the caller's for an index that numbers its vectors. FAISS's <c>IndexIDMap</c> (<c>faiss/IndexIDMap.h</c>).</summary>
/// <remarks>Vectors are added with ids only. IVF indexes store ids themselves and need no map. Removal needs an index inside that numbers
/// anew, such as a flat, PQ or SQ one; over a graph it throws <see cref="NotSupportedException"/>.</remarks>
public class IndexIDMap : FaissIndex
{
    /// <summary>An index that keeps ids beside another one.</summary>
    /// <param name="index">An index without vectors. It becomes a part of this one: see <see cref="FaissIndex.Parts"/>.</param>
    /// <exception cref="ArgumentException">The index holds vectors, whose ids nobody knows, or is a part of another index.</exception>
    public IndexIDMap(FaissIndex index)
        : this(index, twoWay: false)
    {
    }

    internal IndexIDMap(FaissIndexHandle handle)
        : base(handle)
    {
    }

    private protected IndexIDMap(FaissIndex index, bool twoWay)
        : base(
            IndexArguments.NotNull(index, nameof(index)).Dimension, index.Metric, () => Create(index, twoWay), new NewPart(index, IndexPart.Base))
    {
    }

    /// <summary>The index that numbers. FAISS's <c>index</c>. See <see cref="FaissIndex.Parts"/>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public FaissIndex BaseIndex => GetPart(IndexPart.Base);

    private static FaissIndexHandle Create(FaissIndex index, bool twoWay)
    {
        NativeMethods.faissnet_index_id_map_new(index.Handle, twoWay ? 1 : 0, out var handle).ThrowIfFailed();
        return handle;
    }
}

/// <summary>An <see cref="IndexIDMap"/> that FAISS also keeps the way back for, from ids to numbers. FAISS's <c>IndexIDMap2</c>.</summary>
/// <remarks>Both reconstruct by id here; this one takes more memory, and is there for files. <inheritdoc cref="IndexIDMap" path="/remarks"/></remarks>
public sealed class IndexIDMap2 : IndexIDMap
{
    /// <inheritdoc cref="IndexIDMap(FaissIndex)"/>
    public IndexIDMap2(FaissIndex index)
        : base(index, twoWay: true)
    {
    }

    internal IndexIDMap2(FaissIndexHandle handle)
        : base(handle)
    {
    }
}
