namespace FaissNet;

// Training, adding, merging.
public abstract partial class BinaryIndex
{
    private const int VectorsPerReport = 1 << 16;

    /// <summary>Learns the coarse centroids of an inverted file from representative vectors. Types that need no training return at once.</summary>
    /// <param name="vectors">n·<see cref="CodeSize"/> bytes. At least nlist vectors are needed, and 39 times as many to train well; beyond
    /// 256 times as many FAISS takes a sample.</param>
    /// <param name="progress">Told as the k-means iterations go on, on the calling thread: of an iteration as often as it takes pieces of
    /// 32768 vectors to assign the training vectors.</param>
    /// <param name="cancellationToken">Stops the training; the index stays untrained.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="CodeSize"/>, or there are too few vectors.</exception>
    /// <exception cref="InvalidOperationException">The index holds vectors, which lie in the lists of the centroids that it has.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Train(
        ReadOnlySpan<byte> vectors, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var n = BinaryArguments.CountVectors(vectors, CodeSize, nameof(vectors));
        if (n == 0)
            throw new ArgumentException("vectors is empty: expected representative vectors to train with.", nameof(vectors));

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

    /// <summary>Adds n vectors under the ids <see cref="IndexBase.Count"/>, <see cref="IndexBase.Count"/> + 1, ….</summary>
    /// <param name="vectors">n·<see cref="CodeSize"/> bytes.</param>
    /// <param name="progress">Told as vectors come in, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of vectors. Those that <see cref="IndexBase.Count"/> then counts are in the index, in
    /// the order given; the rest are not.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="CodeSize"/>.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type needs the caller's ids (IDMap).</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Add(
        ReadOnlySpan<byte> vectors, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default) =>
        AddChecked(vectors, ids: [], withIds: false, progress, cancellationToken);

    /// <summary>Adds n vectors under ids of the caller's. FAISS's <c>add_with_ids</c>.</summary>
    /// <param name="vectors">n·<see cref="CodeSize"/> bytes.</param>
    /// <param name="ids">One id per vector. Any value but -1, which means "no neighbour" in results.</param>
    /// <param name="progress">Told as vectors come in, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of vectors.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="CodeSize"/>, there is not one id per vector, or an id
    /// is -1.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type stores no ids: wrap it (factory string <c>IDMap,…</c>).</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void AddWithIds(
        ReadOnlySpan<byte> vectors,
        ReadOnlySpan<long> ids,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        AddChecked(vectors, ids, withIds: true, progress, cancellationToken);

    /// <summary>Moves all vectors of another index here; it is empty afterwards. Their ids grow by this index's <see cref="IndexBase.Count"/>.
    /// FAISS's <c>merge_from</c>.</summary>
    /// <param name="other">An index of the same type with the same coarse centroids, such as a clone.</param>
    /// <exception cref="ArgumentException"><paramref name="other"/> is this index, or it is not compatible. Neither index has changed then.</exception>
    /// <exception cref="InvalidOperationException">This index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type cannot merge: flat indexes, inverted files and IDMaps over them can.</exception>
    /// <exception cref="ObjectDisposedException">One of the two was disposed.</exception>
    public void MergeFrom(BinaryIndex other) => Merge(other, addId: null);

    /// <summary>Moves all vectors of another index here and adds <paramref name="addId"/> to their ids; it is empty afterwards.</summary>
    /// <param name="other">An index of the same type with the same coarse centroids, such as a clone.</param>
    /// <param name="addId">What is added to the ids. Flat indexes number on, so that only <see cref="IndexBase.Count"/> fits.</param>
    /// <inheritdoc cref="MergeFrom(BinaryIndex)" path="/exception"/>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="addId"/> is negative.</exception>
    public void MergeFrom(BinaryIndex other, long addId)
    {
        if (addId < 0)
            throw new ArgumentOutOfRangeException(nameof(addId), addId, $"addId is {addId}: expected at least 0.");

        Merge(other, addId);
    }

    /// <summary>Trains with n ≥ 1 vectors; all arguments are valid and the index is empty.</summary>
    protected abstract void TrainCore(
        ReadOnlySpan<byte> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Adds n ≥ 1 vectors; all arguments are valid and the index is trained.</summary>
    protected abstract void AddCore(ReadOnlySpan<byte> vectors, int n);

    /// <summary>Adds n ≥ 1 vectors under n ids; all arguments are valid and the index is trained.</summary>
    protected abstract void AddWithIdsCore(ReadOnlySpan<byte> vectors, ReadOnlySpan<long> ids, int n);

    /// <summary>Moves all vectors of another index of the same dimension here, adds <paramref name="addId"/> ≥ 0 to their ids and empties it;
    /// both are trained, and nobody else uses either. Throws before it changes anything.</summary>
    protected abstract void MergeFromCore(BinaryIndex other, long addId);

    private void AddChecked(
        ReadOnlySpan<byte> vectors, ReadOnlySpan<long> ids, bool withIds, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        var n = BinaryArguments.CountVectors(vectors, CodeSize, nameof(vectors));
        if (withIds)
            VectorArguments.RequireIds(ids, n, nameof(ids));

        Write();
        try
        {
            RequireTrained();
            var chunk = progress is null && !cancellationToken.CanBeCanceled ? n : VectorsPerReport;
            for (var first = 0; first < n; first += chunk)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = Math.Min(chunk, n - first);
                var part = vectors.Slice(first * CodeSize, count * CodeSize);
                if (withIds)
                    AddWithIdsCore(part, ids.Slice(first, count), count);
                else
                    AddCore(part, count);

                progress?.Report(new IndexProgress(IndexStage.Adding, first + count, n));
            }
        }
        finally
        {
            EndWrite();
        }
    }

    private void Merge(BinaryIndex other, long? addId)
    {
        ArgumentNullException.ThrowIfNull(other);
        RequireOtherIndex(other);
        WritingBoth(other, () =>
        {
            RequireBothTrained(other);
            MergeFromCore(other, addId ?? Count);
        });
    }
}
