namespace FaissNet.Managed;

/// <summary>
/// Orders the candidates of another index by exact distances: all vectors are kept as they are beside their codes. FAISS's <c>IndexRefineFlat</c>
/// (<c>faiss/IndexRefine.h</c>); the factory's <c>…,RFlat</c>.
/// </summary>
/// <remarks><inheritdoc cref="IndexRefine" path="/remarks"/></remarks>
public sealed unsafe class IndexRefineFlat : IndexRefine
{
    /// <summary>An index around an empty one.</summary>
    /// <param name="baseIndex">Finds candidates.</param>
    /// <exception cref="ArgumentException"><paramref name="baseIndex"/> is not empty.</exception>
    public IndexRefineFlat(ManagedIndex baseIndex)
        : base(baseIndex, FlatFor(baseIndex))
    {
    }

    internal IndexRefineFlat(ManagedIndex baseIndex, IndexFlat vectors)
        : base(baseIndex, vectors)
    {
    }

    /// <inheritdoc/>
    public override string TypeName => $"{nameof(IndexRefineFlat)}({Base.TypeName})";

    private protected override void Compute(float* query, long* candidates, int count, float* distances) =>
        RowDistances.Compute(Metric, query, ((IndexFlat)Refine).Vectors, Dimension, candidates, count, distances);

    private static IndexFlat FlatFor(ManagedIndex baseIndex)
    {
        ArgumentNullException.ThrowIfNull(baseIndex);
        return baseIndex.Count == 0
            ? new IndexFlat(baseIndex.Dimension, baseIndex.Metric)
            : throw new ArgumentException(
                $"baseIndex holds {baseIndex.Count} vectors: expected an empty one, whose vectors are then added to both.", nameof(baseIndex));
    }
}
