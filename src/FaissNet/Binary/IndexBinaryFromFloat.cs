using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// A binary index that hands vectors on to one over floats, each bit as -1 or 1: any type of index then serves Hamming distance. FAISS's
/// <c>IndexBinaryFromFloat</c> (<c>faiss/IndexBinaryFromFloat.h</c>).
/// </summary>
/// <remarks>An L2 distance is four times the number of bits that differ; what the index makes of it is divided and rounded. It takes parameters, ids,
/// selectors and range searches where the index over floats does, which FAISS's own does not. A bit takes four bytes there, unless that index
/// compresses.</remarks>
public sealed class IndexBinaryFromFloat : FaissBinaryIndex
{
    /// <summary>A binary index over the vectors of another one.</summary>
    /// <param name="index">An index with the metric L2 and a multiple of 8 components. It becomes a part of this one: its object stays usable, and
    /// what is added through either is in both. The two wait for each other as calls on one index do; disposing this one disposes it.</param>
    /// <exception cref="ArgumentException">The index has another metric or dimension, or is a part of another one.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public IndexBinaryFromFloat(FaissIndex index)
        : base(Create(index)) => BaseIndex = Join(index);

    internal IndexBinaryFromFloat(BinaryIndexHandle handle)
        : base(handle)
    {
        NativeMethods.faissnet_binary_base(handle, out var index).ThrowIfFailed();
        BaseIndex = Join(FaissIndex.Wrap(index));
    }

    /// <summary>The index over floats. FAISS's <c>index</c>. Disposing it does nothing: it goes with this one.</summary>
    public FaissIndex BaseIndex { get; }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            BaseIndex.DisposeWithWhole();
    }

    private protected override void Refresh()
    {
        base.Refresh();
        // The constructor of the base comes here first.
        BaseIndex?.RefreshOwn();
    }

    private static BinaryIndexHandle Create(FaissIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        NativeMethods.faissnet_binary_from_float_new(index.Handle, out var handle).ThrowIfFailed();
        return handle;
    }

    private FaissIndex Join(FaissIndex index)
    {
        try
        {
            index.JoinBits(this);
            return index;
        }
        catch
        {
            Handle.Dispose();
            throw;
        }
    }
}
