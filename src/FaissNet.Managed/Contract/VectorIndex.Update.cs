namespace FaissNet;

// Replacing stored vectors.
public abstract partial class VectorIndex
{
    /// <summary>
    /// Replaces the vectors of n ids, in one step for everybody else: no search finds the ids missing. FAISS's <c>update_vectors</c>, for
    /// every index type that stores ids and can remove. It passes over the whole index, so update many at once.
    /// </summary>
    /// <param name="ids">Ids that the index holds, each once. If one of them is stored several times, the new vector replaces all.</param>
    /// <param name="vectors">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="IndexBase.Dimension"/>, a component is not finite, there is not
    /// one id per vector, or an id is given twice.</exception>
    /// <exception cref="KeyNotFoundException">The index holds no vector with one of the ids. Nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type stores no ids, or cannot reconstruct or remove.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void UpdateVectors(ReadOnlySpan<long> ids, ReadOnlySpan<float> vectors)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireIds(ids, n, nameof(ids));
        var distinct = new HashSet<long>(n);
        foreach (var id in ids)
        {
            if (!distinct.Add(id))
                throw new ArgumentException($"ids holds {id} twice: expected each id once.", nameof(ids));
        }

        Write();
        try
        {
            RequireTrained();
            // Flat types would number anew what they keep, and could not take the vectors back.
            if (DescribeCore().IdBytes == 0)
                throw new NotSupportedException($"{GetType().Name} stores no ids, so that none can keep its own: wrap it (factory string IDMap,…).");

            if (n == 0)
                return;

            var old = new float[Dimension];
            foreach (var id in ids)
                ReconstructCore(id, old);

            // Vectors that the engine cannot bear it refuses here, while the old ones are still in place.
            SearchCore(vectors, n, 1, new float[n], new long[n], null);
            RemoveCore(new IdSelectorBatch(ids));
            AddWithIdsCore(vectors, ids, n);
        }
        finally
        {
            EndWrite();
        }
    }
}
