using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using FaissNet.Data;
using FaissNet.Managed;

namespace FaissNet;

// Vectors that are not float32.
public abstract partial class VectorIndex
{
    /// <summary>
    /// Trains with vectors of any number type, such as <see cref="Half"/>, <see cref="sbyte"/> or <see cref="byte"/>. Of more vectors than
    /// FAISS makes use of (256 for each centroid of the largest k-means, and never less than 65,536) it takes those that FAISS would, so that
    /// at most so many are converted.
    /// </summary>
    /// <param name="vectors">n·<see cref="IndexBase.Dimension"/> numbers.</param>
    /// <param name="progress">Told after every k-means iteration, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the training; the index stays untrained.</param>
    /// <inheritdoc cref="Train(ReadOnlySpan{float}, IProgress{IndexProgress}?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public void Train<T>(ReadOnlySpan<T> vectors, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default)
        where T : unmanaged, INumberBase<T>
    {
        var n = VectorArguments.CountVectors(vectors.Length, Dimension, nameof(vectors));
        var description = Describe();
        var size = (int)TrainingSample.DefaultSize(n, Dimension, description.NList ?? 0, description.NBits ?? 0);
        var sample = GC.AllocateUninitializedArray<float>(size * Dimension);
        var chosen = size < n ? FaissRandom.Permutation(n, seed: 1234) : null;
        for (var i = 0; i < size; i++)
        {
            var row = vectors.Slice((chosen?[i] ?? i) * Dimension, Dimension);
            TensorPrimitives.ConvertTruncating(row, sample.AsSpan(i * Dimension, Dimension));
        }

        Train(sample, progress, cancellationToken);
    }

    /// <summary>Adds vectors of any number type, such as <see cref="Half"/>, <see cref="sbyte"/> or <see cref="byte"/>. They are converted a few
    /// megabytes at a time.</summary>
    /// <param name="vectors">n·<see cref="IndexBase.Dimension"/> numbers.</param>
    /// <param name="progress">Told as vectors come in, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of vectors.</param>
    /// <inheritdoc cref="Add(ReadOnlySpan{float}, IProgress{IndexProgress}?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public void Add<T>(ReadOnlySpan<T> vectors, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default)
        where T : unmanaged, INumberBase<T> =>
        AddChecked(vectors, ids: [], withIds: false, progress, cancellationToken);

    /// <summary>Adds vectors of any number type under ids of the caller's. They are converted a few megabytes at a time.</summary>
    /// <param name="vectors">n·<see cref="IndexBase.Dimension"/> numbers.</param>
    /// <param name="ids">One id per vector; any value but -1.</param>
    /// <param name="progress">Told as vectors come in, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of vectors.</param>
    /// <inheritdoc cref="AddWithIds(ReadOnlySpan{float}, ReadOnlySpan{long}, IProgress{IndexProgress}?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public void AddWithIds<T>(
        ReadOnlySpan<T> vectors,
        ReadOnlySpan<long> ids,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
        where T : unmanaged, INumberBase<T> =>
        AddChecked(vectors, ids, withIds: true, progress, cancellationToken);

    /// <summary>Finds the k nearest vectors to each of n queries of any number type, nearest first. They are converted a few megabytes at a
    /// time.</summary>
    /// <param name="queries">n·<see cref="IndexBase.Dimension"/> numbers.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="distances">Receives n·k distances, row by row. May be longer.</param>
    /// <param name="labels">Receives n·k ids. May be longer.</param>
    /// <param name="parameters">Overrides for this call.</param>
    /// <param name="progress">Told as queries are answered, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of queries; what the outputs then hold is unspecified.</param>
    /// <inheritdoc cref="Search(ReadOnlySpan{float}, int, Span{float}, Span{long}, SearchParameters?, IProgress{IndexProgress}?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public void Search<T>(
        ReadOnlySpan<T> queries,
        int k,
        Span<float> distances,
        Span<long> labels,
        SearchParameters? parameters = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
        where T : unmanaged, INumberBase<T> =>
        SearchChecked(queries, k, distances, labels, parameters, progress, cancellationToken);

    /// <summary>Finds the k nearest vectors to each of n queries of any number type, nearest first.</summary>
    /// <param name="queries">n·<see cref="IndexBase.Dimension"/> numbers.</param>
    /// <param name="k">Neighbours per query. The result has no more columns than the index has vectors.</param>
    /// <param name="parameters">Overrides for this call.</param>
    /// <param name="progress">Told as queries are answered, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of queries.</param>
    /// <inheritdoc cref="Search(ReadOnlySpan{float}, int, Span{float}, Span{long}, SearchParameters?, IProgress{IndexProgress}?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(-1)]
    public SearchResult Search<T>(
        ReadOnlySpan<T> queries,
        int k,
        SearchParameters? parameters = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
        where T : unmanaged, INumberBase<T> =>
        SearchNew(queries, k, parameters, progress, cancellationToken);
}
