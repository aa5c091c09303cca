using System.Numerics;
using System.Numerics.Tensors;

namespace FaissNet;

// Training and adding.
public abstract partial class VectorIndex
{
    // More brings no speed.
    private const int MaxVectorsPerReport = 4 * 4096;

    /// <summary>
    /// Learns from representative vectors what the index type needs: centroids, codebooks, rotations. Types that need nothing
    /// return at once.
    /// </summary>
    /// <param name="vectors">n·<see cref="IndexBase.Dimension"/> floats. At least nlist (and 2^nbits with product quantization) vectors are
    /// needed, and 39 times as many to train well; beyond 256 times as many FAISS takes a sample.</param>
    /// <param name="progress">Told after every k-means iteration, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the training; the index stays untrained.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="IndexBase.Dimension"/>, a component is not finite, or there
    /// are too few vectors.</exception>
    /// <exception cref="InvalidOperationException">The index holds vectors, which were encoded with the training that it has.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Train(
        ReadOnlySpan<float> vectors, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        if (n == 0)
            throw new ArgumentException("vectors is empty: expected representative vectors to train with.", nameof(vectors));

        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        cancellationToken.ThrowIfCancellationRequested();
        Write();
        try
        {
            RequireEmpty();
            TrainCore(vectors, n, progress, cancellationToken);
        }
        finally
        {
            EndWrite();
        }
    }

    /// <inheritdoc cref="Train(ReadOnlySpan{float}, IProgress{IndexProgress}?, CancellationToken)"/>
    /// <param name="vectors">A tensor of shape [n, <see cref="IndexBase.Dimension"/>].</param>
    /// <param name="progress">Told after every k-means iteration, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the training; the index stays untrained.</param>
    public void Train(
        ReadOnlyTensorSpan<float> vectors, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Train(VectorArguments.Flatten(vectors, Dimension, nameof(vectors)), progress, cancellationToken);

    /// <summary>Adds n vectors under the ids <see cref="IndexBase.Count"/>, <see cref="IndexBase.Count"/> + 1, ….</summary>
    /// <param name="vectors">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <param name="progress">Told as vectors come in, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of vectors. Those that <see cref="IndexBase.Count"/> then counts are in the index, in
    /// the order given; the rest are not.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="IndexBase.Dimension"/>, or a component is not finite.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type needs the caller's ids (IDMap).</exception>
    /// <exception cref="AddCanceledException">The call was cancelled; the exception says how many vectors are in.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Add(
        ReadOnlySpan<float> vectors, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default) =>
        AddChecked(vectors, ids: [], withIds: false, progress, cancellationToken);

    /// <inheritdoc cref="Add(ReadOnlySpan{float}, IProgress{IndexProgress}?, CancellationToken)"/>
    /// <param name="vectors">A tensor of shape [n, <see cref="IndexBase.Dimension"/>].</param>
    /// <param name="progress">Told as vectors come in, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of vectors.</param>
    public void Add(
        ReadOnlyTensorSpan<float> vectors, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Add(VectorArguments.Flatten(vectors, Dimension, nameof(vectors)), progress, cancellationToken);

    /// <summary>Adds n vectors under ids of the caller's. FAISS's <c>add_with_ids</c>.</summary>
    /// <param name="vectors">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <param name="ids">One id per vector. Any value but -1, which means "no neighbour" in results. An id that is in the index
    /// already is stored a second time, as in FAISS.</param>
    /// <param name="progress">Told as vectors come in, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of vectors.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="IndexBase.Dimension"/>, a component is not finite, there is not
    /// one id per vector, or an id is -1.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type stores no ids: wrap it (factory string <c>IDMap,…</c>).</exception>
    /// <exception cref="AddCanceledException">The call was cancelled; the exception says how many vectors are in.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void AddWithIds(
        ReadOnlySpan<float> vectors,
        ReadOnlySpan<long> ids,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        AddChecked(vectors, ids, withIds: true, progress, cancellationToken);

    /// <inheritdoc cref="AddWithIds(ReadOnlySpan{float}, ReadOnlySpan{long}, IProgress{IndexProgress}?, CancellationToken)"/>
    /// <param name="vectors">A tensor of shape [n, <see cref="IndexBase.Dimension"/>].</param>
    /// <param name="ids">One id per vector; any value but -1.</param>
    /// <param name="progress">Told as vectors come in, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of vectors.</param>
    public void AddWithIds(
        ReadOnlyTensorSpan<float> vectors,
        ReadOnlySpan<long> ids,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        AddWithIds(VectorArguments.Flatten(vectors, Dimension, nameof(vectors)), ids, progress, cancellationToken);

    /// <summary>Trains with n ≥ 1 vectors; all arguments are valid and the index is empty.</summary>
    protected abstract void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Makes room for n more vectors where that takes long and an add could not be cancelled meanwhile.</summary>
    private protected virtual void MakeRoomCore(int n, bool withIds, CancellationToken cancellationToken)
    {
    }

    /// <summary>Adds n ≥ 1 vectors; all arguments are valid and the index is trained.</summary>
    protected abstract void AddCore(ReadOnlySpan<float> vectors, int n);

    /// <summary>Adds n ≥ 1 vectors under n ids; all arguments are valid and the index is trained.</summary>
    protected abstract void AddWithIdsCore(ReadOnlySpan<float> vectors, ReadOnlySpan<long> ids, int n);

    private void AddChecked<T>(
        ReadOnlySpan<T> vectors,
        ReadOnlySpan<long> ids,
        bool withIds,
        IProgress<IndexProgress>? progress,
        CancellationToken cancellationToken)
        where T : unmanaged, INumberBase<T>
    {
        var n = VectorArguments.CountVectors(vectors.Length, Dimension, nameof(vectors));
        var rows = new NumberRows<T>(vectors, Dimension);
        rows.RequireFinite(n, nameof(vectors));
        if (withIds)
            VectorArguments.RequireIds(ids, n, nameof(ids));

        ThrowIfCancelled(0, n, cancellationToken);
        Write();
        try
        {
            RequireTrained();
            if (cancellationToken.CanBeCanceled)
                MakeRoom(n, withIds, cancellationToken);

            var isWatched = progress is not null || cancellationToken.CanBeCanceled;
            var pace = new Pace(Math.Min(rows.MaxRows, MaxVectorsPerReport));
            for (var first = 0; first < n;)
            {
                ThrowIfCancelled(first, n, cancellationToken);
                var count = Math.Min(isWatched ? pace.Start(n - first) : n - first, rows.MaxRows);
                var part = rows.Slice(first, count);
                if (withIds)
                    AddWithIdsCore(part, ids.Slice(first, count), count);
                else
                    AddCore(part, count);

                pace.End();
                first += count;
                progress?.Report(new IndexProgress(IndexStage.Adding, first, n));
            }
        }
        finally
        {
            EndWrite();
            rows.Dispose();
        }
    }

    private void MakeRoom(int n, bool withIds, CancellationToken cancellationToken)
    {
        try
        {
            MakeRoomCore(n, withIds, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            throw new AddCanceledException(0, n, cancellationToken);
        }
    }

    private static void ThrowIfCancelled(int added, int n, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            throw new AddCanceledException(added, n, cancellationToken);
    }
}
