namespace FaissNet;

// Reading vectors back.
public abstract partial class VectorIndex
{
    /// <summary>The vector stored under an id, or what its code decodes to if the index compresses. FAISS's <c>reconstruct</c>.</summary>
    /// <remarks>An IVF index looks ids up in a table of 24 bytes per vector, built by the first call after a change of the content.
    /// FAISS's <c>make_direct_map</c> is not needed.</remarks>
    /// <param name="id">The vector's id.</param>
    /// <param name="vector">Receives <see cref="IndexBase.Dimension"/> floats. May be longer.</param>
    /// <exception cref="ArgumentException"><paramref name="vector"/> is too short.</exception>
    /// <exception cref="KeyNotFoundException">The index holds no vector with this id.</exception>
    /// <exception cref="NotSupportedException">The index type cannot reconstruct.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Reconstruct(long id, Span<float> vector)
    {
        VectorArguments.RequireLength(vector.Length, Dimension, nameof(vector), "Dimension");
        Read();
        try
        {
            ReconstructCore(id, vector[..Dimension]);
        }
        finally
        {
            EndRead();
        }
    }

    /// <inheritdoc cref="Reconstruct(long, Span{float})"/>
    /// <returns><see cref="IndexBase.Dimension"/> floats.</returns>
    public float[] Reconstruct(long id)
    {
        var vector = new float[Dimension];
        Reconstruct(id, vector);
        return vector;
    }

    /// <summary>The vectors stored under several ids. FAISS's <c>reconstruct_batch</c>.</summary>
    /// <param name="ids">n ids, in any order and repeated if need be.</param>
    /// <param name="vectors">Receives n·<see cref="IndexBase.Dimension"/> floats, row by row. May be longer. Unspecified if the call throws.</param>
    /// <exception cref="ArgumentException"><paramref name="vectors"/> is too short.</exception>
    /// <exception cref="KeyNotFoundException">The index holds no vector with one of the ids.</exception>
    /// <exception cref="NotSupportedException">The index type cannot reconstruct.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void ReconstructBatch(ReadOnlySpan<long> ids, Span<float> vectors)
    {
        var floats = VectorArguments.CountOutputs(ids.Length, Dimension, nameof(vectors));
        VectorArguments.RequireLength(vectors.Length, floats, nameof(vectors), "n * Dimension");
        ReadHeld();
        try
        {
            for (var i = 0; i < ids.Length; i++)
                ReconstructCore(ids[i], vectors.Slice(i * Dimension, Dimension));
        }
        finally
        {
            EndReadHeld();
        }
    }

    /// <inheritdoc cref="ReconstructBatch(ReadOnlySpan{long}, Span{float})"/>
    /// <returns>n·<see cref="IndexBase.Dimension"/> floats.</returns>
    public float[] ReconstructBatch(params ReadOnlySpan<long> ids)
    {
        var vectors = new float[VectorArguments.CountOutputs(ids.Length, Dimension, nameof(ids))];
        ReconstructBatch(ids, vectors);
        return vectors;
    }

    // Inside a read, with the engine held.
    private void ReconstructRows(ReadOnlySpan<long> labels, Span<float> vectors)
    {
        for (var i = 0; i < labels.Length; i++)
        {
            var row = vectors.Slice(i * Dimension, Dimension);
            if (labels[i] < 0)
                row.Fill(float.NaN);
            else
                ReconstructCore(labels[i], row);
        }
    }

    /// <summary>Writes <see cref="IndexBase.Dimension"/> floats.</summary>
    protected abstract void ReconstructCore(long id, Span<float> vector);
}
