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

    /// <summary>An index behind transforms of the caller's.</summary>
    /// <param name="chain">The transforms, in the order in which they are applied, at least one. This index gets copies of them as they are now:
    /// those that are trained stay so when it is trained, the others learn then.</param>
    /// <param name="index">The index that gets what comes out of them. It becomes a part of this one: see <see cref="FaissIndex.Parts"/>.</param>
    /// <exception cref="ArgumentException">There are no transforms, dimensions do not follow each other, or the index is a part of another
    /// one.</exception>
    /// <exception cref="ObjectDisposedException">A transform, or the index, was disposed.</exception>
    public IndexPreTransform(ReadOnlySpan<VectorTransform> chain, FaissIndex index)
        : this(index, chain.ToArray())
    {
    }

    /// <summary>An index behind one transform of the caller's.</summary>
    /// <param name="transform">The transform. This index gets a copy of it as it is now: if it is trained it stays so when the index is trained,
    /// otherwise it learns then.</param>
    /// <param name="index">The index that gets what comes out of it. It becomes a part of this one: see <see cref="FaissIndex.Parts"/>.</param>
    /// <inheritdoc cref="IndexPreTransform(ReadOnlySpan{VectorTransform}, FaissIndex)" path="/exception"/>
    public IndexPreTransform(VectorTransform transform, FaissIndex index)
        : this(index, [transform])
    {
    }

    // A lambda cannot keep a span.
    private IndexPreTransform(FaissIndex index, VectorTransform[] chain)
        : base(
            Check(chain), IndexArguments.NotNull(index, nameof(index)).Metric, () => Create(chain, index), new NewPart(index, IndexPart.Base))
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

    private static int Check(VectorTransform[] chain)
    {
        if (chain.Length == 0)
            throw new ArgumentException("chain is empty: expected at least one transform.", nameof(chain));

        if (chain.Contains(null))
            throw new ArgumentException("chain holds a null.", nameof(chain));

        return chain[0].DIn;
    }

    private static unsafe FaissIndexHandle Create(VectorTransform[] chain, FaissIndex index)
    {
        // Nobody else has these: no transform has to wait for another, and none is freed meanwhile.
        var copies = new List<TransformHandle>(chain.Length);
        try
        {
            foreach (var transform in chain)
                copies.Add(transform.Copy());

            var handles = copies.ConvertAll(copy => copy.DangerousGetHandle()).ToArray();
            fixed (nint* transforms = handles)
            {
                NativeMethods.faissnet_index_pre_transform_of(handles.Length, transforms, index.Handle, out var made).ThrowIfFailed();
                return made;
            }
        }
        finally
        {
            foreach (var copy in copies)
                copy.Dispose();
        }
    }

    private static FaissIndexHandle Create(int d, string transforms, FaissIndex index)
    {
        NativeMethods.faissnet_index_pre_transform_new(d, transforms, index.Handle, out var handle).ThrowIfFailed();
        return handle;
    }
}
