using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// Orders the candidates that one index finds by the better distances of another one, which holds the same vectors. FAISS's <c>IndexRefine</c>
/// (<c>faiss/IndexRefine.h</c>).
/// </summary>
/// <remarks>Vectors cannot be removed: the two indexes would number what is left differently. A range search is that of the index
/// inside, without parameters per call.</remarks>
public class IndexRefine : FaissIndex
{
    /// <summary>An index of two that hold the same vectors, or none.</summary>
    /// <param name="baseIndex">Finds candidates.</param>
    /// <param name="refineIndex">Orders them: it must be able to compute distances to single vectors. Both become parts of this index:
    /// see <see cref="FaissIndex.Parts"/>.</param>
    /// <exception cref="ArgumentException">Dimension, metric or number of vectors differ, or one is a part of another index.</exception>
    public IndexRefine(FaissIndex baseIndex, FaissIndex refineIndex)
        : base(
            IndexArguments.NotNull(baseIndex, nameof(baseIndex)).Dimension,
            baseIndex.Metric,
            () => Create(baseIndex.Handle, refineIndex.Handle),
            new NewPart(baseIndex, IndexPart.Base),
            new NewPart(IndexArguments.NotNull(refineIndex, nameof(refineIndex)), IndexPart.Refine))
    {
    }

    internal IndexRefine(FaissIndexHandle handle)
        : base(handle)
    {
    }

    // Over the vectors as they are.
    private protected IndexRefine(FaissIndex baseIndex)
        : base(
            IndexArguments.NotNull(baseIndex, nameof(baseIndex)).Dimension,
            baseIndex.Metric,
            () => Create(baseIndex.Handle),
            new NewPart(baseIndex, IndexPart.Base))
    {
    }

    /// <summary>
    /// How many times k candidates are taken, 1 to 1000; 1 until it is set. FAISS's <c>k_factor</c>. This is shared by all callers; for one call there
    /// is <see cref="SearchParameters.KFactor"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The value is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float KFactor
    {
        get => (float)GetParameter("k_factor_rf");
        set => SetParameter("k_factor_rf", value);
    }

    /// <summary>Finds candidates. FAISS's <c>base_index</c>. See <see cref="FaissIndex.Parts"/>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public FaissIndex BaseIndex => GetPart(IndexPart.Base);

    /// <summary>Orders them. FAISS's <c>refine_index</c>. See <see cref="FaissIndex.Parts"/>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public FaissIndex RefineIndex => GetPart(IndexPart.Refine);

    private static FaissIndexHandle Create(FaissIndexHandle baseIndex, FaissIndexHandle refineIndex)
    {
        NativeMethods.faissnet_index_refine_new(baseIndex, refineIndex, out var handle).ThrowIfFailed();
        return handle;
    }

    private static FaissIndexHandle Create(FaissIndexHandle baseIndex)
    {
        using var none = new FaissIndexHandle();
        return Create(baseIndex, none);
    }
}

/// <summary>
/// Orders the candidates of another index by exact distances: all vectors are kept as they are beside their codes. FAISS's <c>IndexRefineFlat</c>
/// (<c>faiss/IndexRefine.h</c>); the factory's <c>…,RFlat</c>.
/// </summary>
/// <remarks><inheritdoc cref="IndexRefine" path="/remarks"/></remarks>
public sealed class IndexRefineFlat : IndexRefine
{
    /// <summary>An index around an empty one.</summary>
    /// <param name="baseIndex">Finds candidates. It becomes a part of this index: see <see cref="FaissIndex.Parts"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="baseIndex"/> is not empty, or a part of another index.</exception>
    public IndexRefineFlat(FaissIndex baseIndex)
        : base(baseIndex)
    {
    }

    internal IndexRefineFlat(FaissIndexHandle handle)
        : base(handle)
    {
    }
}
