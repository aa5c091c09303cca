using FaissNet.Interop;

namespace FaissNet;

/// <summary>Transforms vectors and queries before another index gets them. FAISS's <c>IndexPreTransform</c>
/// (<c>faiss/IndexPreTransform.h</c>).</summary>
public sealed class IndexPreTransform : FaissIndex
{
    /// <summary>An index behind transforms.</summary>
    /// <param name="d">Components per vector before the transforms.</param>
    /// <param name="transforms">The transforms as a factory string has them, in the order in which they are applied: <c>OPQ16</c> and
    /// <c>OPQ16_64</c>, <c>PCA64</c> (<c>PCAR</c> with a random rotation, <c>PCAW</c> with whitening), <c>ITQ64</c>, <c>L2norm</c>, <c>RR64</c> (random rotation), <c>Pad96</c>, joined by
    /// commas.</param>
    /// <param name="index">The index that gets what comes out of them. It becomes a part of this one: see <see cref="FaissIndex.Parts"/>.</param>
    /// <exception cref="ArgumentException">FAISS does not know the transforms, what they give does not fit the index, or that is a part of another
    /// one.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
    public IndexPreTransform(int d, string transforms, FaissIndex index)
        : base(
            Check(d, transforms), IndexArguments.NotNull(index, nameof(index)).Metric, () => Create(d, transforms, index), new NewPart(index, IndexPart.Base))
    {
    }

    internal IndexPreTransform(FaissIndexHandle handle)
        : base(handle)
    {
    }

    /// <summary>The index behind the transforms. FAISS's <c>index</c>. See <see cref="FaissIndex.Parts"/>: what is added to it goes past the
    /// transforms.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public FaissIndex BaseIndex => GetPart(IndexPart.Base);

    private static int Check(int d, string transforms)
    {
        IndexArguments.RequireDimension(d);
        ArgumentException.ThrowIfNullOrWhiteSpace(transforms);
        return d;
    }

    private static FaissIndexHandle Create(int d, string transforms, FaissIndex index)
    {
        NativeMethods.faissnet_index_pre_transform_new(d, transforms, index.Handle, out var handle).ThrowIfFailed();
        return handle;
    }
}
