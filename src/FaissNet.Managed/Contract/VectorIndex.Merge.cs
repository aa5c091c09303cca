namespace FaissNet;

// Merging.
public abstract partial class VectorIndex
{
    /// <summary>
    /// Moves all vectors of another index here; it is empty afterwards. Their ids grow by this index's <see cref="IndexBase.Count"/>, so that indexes
    /// which were filled from id 0 on follow each other. FAISS's <c>merge_from</c>.
    /// </summary>
    /// <param name="other">An index of the same type with the same training: for an IVF those are its centroids and codebooks. One that
    /// was cloned, or loaded from the same file, has it.</param>
    /// <exception cref="ArgumentException"><paramref name="other"/> is this index, or it is not compatible: another type, another
    /// dimension, metric or training. Neither index has changed then.</exception>
    /// <exception cref="InvalidOperationException">This index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type cannot merge.</exception>
    /// <exception cref="ObjectDisposedException">One of the two was disposed.</exception>
    public void MergeFrom(VectorIndex other) => Merge(other, addId: null);

    /// <summary>
    /// Moves all vectors of another index here and adds <paramref name="addId"/> to their ids; it is empty afterwards. FAISS's
    /// <c>merge_from</c>.
    /// </summary>
    /// <param name="other">An index of the same type with the same training.</param>
    /// <param name="addId">What is added to the ids: 0 keeps them as they are, which may store an id a second time. Types that store no
    /// ids (flat ones) number on, so that only <see cref="IndexBase.Count"/> fits.</param>
    /// <exception cref="ArgumentException"><paramref name="other"/> is this index or not compatible, or the type stores no ids and
    /// <paramref name="addId"/> is not <see cref="IndexBase.Count"/>. Neither index has changed then.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="addId"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">This index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type cannot merge.</exception>
    /// <exception cref="ObjectDisposedException">One of the two was disposed.</exception>
    public void MergeFrom(VectorIndex other, long addId)
    {
        if (addId < 0)
            throw new ArgumentOutOfRangeException(nameof(addId), addId, $"addId is {addId}: expected at least 0.");

        Merge(other, addId);
    }

    /// <summary>
    /// Moves all vectors of another index of the same dimension and metric here, adds <paramref name="addId"/> ≥ 0 to their ids and empties
    /// it; both are trained, and nobody else uses either. Throws an <see cref="ArgumentException"/> that says why if the other does not
    /// fit (type, training, <paramref name="addId"/> other than <see cref="IndexBase.Count"/> where no ids are stored), before it changes anything.
    /// </summary>
    protected virtual void MergeFromCore(VectorIndex other, long addId) =>
        throw new NotSupportedException(
            $"This {GetType().Name} cannot merge: add the vectors of the other index with {nameof(Add)} or {nameof(AddWithIds)}.");

    private void Merge(VectorIndex other, long? addId)
    {
        ArgumentNullException.ThrowIfNull(other);
        RequireOtherIndex(other);
        if (other.Metric != Metric)
            throw new ArgumentException($"other has the metric {other.Metric}: expected {Metric}, as here.", nameof(other));

        WritingBoth(other, () =>
        {
            RequireBothTrained(other);
            MergeFromCore(other, addId ?? Count);
        });
    }
}
