using System.Buffers;
using System.Numerics.Tensors;

namespace FaissNet;

// Searching.
public abstract partial class VectorIndex
{
    // Enough for every core and for the matrix kernels.
    private const int MaxQueriesPerReport = 1024;

    /// <summary>
    /// Finds the k nearest vectors to each of n queries, nearest first. Without progress and cancellation this allocates nothing
    /// on the managed heap.
    /// </summary>
    /// <param name="queries">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="distances">Receives n·k distances, row by row; with <see cref="MetricType.L2"/> they are squared. May be longer.</param>
    /// <param name="labels">Receives n·k ids. Where fewer than k vectors are found, the rest of the row is -1 and its distances are
    /// <see cref="float.MaxValue"/> (<see cref="float.MinValue"/> with <see cref="MetricType.InnerProduct"/>), as in FAISS.</param>
    /// <param name="parameters">Overrides for this call.</param>
    /// <param name="progress">Told as queries are answered, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of queries, and while the call waits for others (native flat indexes of 16 MB or
    /// more, with more callers than processors); what the outputs then hold is unspecified.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a component is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is less than 1, or n·k is more than an array holds.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException"><paramref name="parameters"/> holds something that this index type does not know.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Search(
        ReadOnlySpan<float> queries,
        int k,
        Span<float> distances,
        Span<long> labels,
        SearchParameters? parameters = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        SearchChecked(queries, k, distances, labels, parameters, progress, cancellationToken);

    /// <summary>Finds the k nearest vectors to each of n queries, nearest first.</summary>
    /// <param name="queries">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <param name="k">Neighbours per query. The result has no more columns than the index has vectors, so
    /// <see cref="int.MaxValue"/> asks for all.</param>
    /// <param name="parameters">Overrides for this call.</param>
    /// <param name="progress">Told as queries are answered, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of queries, and while the call waits for others.</param>
    /// <inheritdoc cref="Search(ReadOnlySpan{float}, int, Span{float}, Span{long}, SearchParameters?, IProgress{IndexProgress}?, CancellationToken)" path="/exception"/>
    public SearchResult Search(
        ReadOnlySpan<float> queries,
        int k,
        SearchParameters? parameters = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        SearchNew(queries, k, parameters, progress, cancellationToken);

    /// <inheritdoc cref="Search(ReadOnlySpan{float}, int, SearchParameters?, IProgress{IndexProgress}?, CancellationToken)"/>
    /// <param name="queries">A tensor of shape [n, <see cref="IndexBase.Dimension"/>].</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="parameters">Overrides for this call.</param>
    /// <param name="progress">Told as queries are answered, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of queries.</param>
    public SearchResult Search(
        ReadOnlyTensorSpan<float> queries,
        int k,
        SearchParameters? parameters = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Search(VectorArguments.Flatten(queries, Dimension, nameof(queries)), k, parameters, progress, cancellationToken);

    /// <summary>The ids of the k nearest vectors to each of n queries, without their distances. FAISS's <c>assign</c>.</summary>
    /// <param name="queries">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="labels">Receives n·k ids, nearest first; where fewer than k vectors are found, the rest of the row is -1. May be longer.</param>
    /// <param name="parameters">Overrides for this call.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a component is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is less than 1, or n·k is more than an array holds.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException"><paramref name="parameters"/> holds something that this index type does not know.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Assign(ReadOnlySpan<float> queries, int k, Span<long> labels, SearchParameters? parameters = null)
    {
        var n = VectorArguments.CountVectors(queries, Dimension, nameof(queries));
        VectorArguments.RequireK(k);
        var results = VectorArguments.CountResults(n, k);
        VectorArguments.RequireLength(labels.Length, results, nameof(labels), "n * k");
        var distances = ArrayPool<float>.Shared.Rent(results);
        try
        {
            Search(queries, k, distances, labels, parameters);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(distances);
        }
    }

    /// <summary>
    /// Finds the k nearest vectors to each of n queries and gives back the vectors as well. FAISS's <c>search_and_reconstruct</c>.
    /// </summary>
    /// <param name="queries">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="distances">Receives n·k distances, as in
    /// <see cref="Search(ReadOnlySpan{float}, int, Span{float}, Span{long}, SearchParameters?, IProgress{IndexProgress}?, CancellationToken)"/>.
    /// May be longer.</param>
    /// <param name="labels">Receives n·k ids. May be longer.</param>
    /// <param name="vectors">Receives n·k vectors of <see cref="IndexBase.Dimension"/> floats, as
    /// <see cref="Reconstruct(long, Span{float})"/> gives them back; where a label is -1, they are NaN, as in FAISS. May be longer.</param>
    /// <param name="parameters">Overrides for this call.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a component is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is less than 1, or n·k is more than an array holds.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type cannot reconstruct, or <paramref name="parameters"/> holds something that it
    /// does not know.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void SearchAndReconstruct(
        ReadOnlySpan<float> queries,
        int k,
        Span<float> distances,
        Span<long> labels,
        Span<float> vectors,
        SearchParameters? parameters = null)
    {
        var n = VectorArguments.CountVectors(queries, Dimension, nameof(queries));
        var results = VectorArguments.CountResults(n, k, distances.Length, labels.Length);
        var floats = VectorArguments.CountOutputs(results, Dimension, nameof(vectors));
        VectorArguments.RequireLength(vectors.Length, floats, nameof(vectors), "n * k * Dimension");
        VectorArguments.RequireFinite(queries, Dimension, nameof(queries));
        ReadHeld();
        try
        {
            RequireTrained();
            if (n == 0)
                return;

            SearchCore(queries, n, k, distances[..results], labels[..results], parameters);
            ReconstructRows(labels[..results], vectors);
        }
        finally
        {
            EndReadHeld();
        }
    }

    /// <summary>Finds all vectors within a radius of each of n queries. FAISS's <c>range_search</c>.</summary>
    /// <param name="queries">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <param name="radius">Vectors with a distance below it are found; with <see cref="MetricType.L2"/> it is squared. With
    /// <see cref="MetricType.InnerProduct"/> those with a product above it.</param>
    /// <param name="parameters">Overrides for this call.</param>
    /// <param name="progress">Told as queries are answered, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of queries.</param>
    /// <exception cref="ArgumentException">The length does not fit, or a value is not finite.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained, or there are more hits than an array holds.</exception>
    /// <exception cref="NotSupportedException">The index type has no range search, or does not know the parameters.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public RangeSearchResult RangeSearch(
        ReadOnlySpan<float> queries,
        float radius,
        SearchParameters? parameters = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var n = VectorArguments.CountVectors(queries, Dimension, nameof(queries));
        if (!float.IsFinite(radius))
            throw new ArgumentOutOfRangeException(nameof(radius), radius, $"radius is {radius}: expected a finite value.");

        VectorArguments.RequireFinite(queries, Dimension, nameof(queries));
        Read();
        try
        {
            RequireTrained();
            if (n == 0)
                return new RangeSearchResult([0], [], []);

            if (progress is null && !cancellationToken.CanBeCanceled)
                return RangeSearchCore(queries, n, radius, parameters);

            Hold();
            try
            {
                return RangeSearchInChunks(queries, n, radius, parameters, progress, cancellationToken);
            }
            finally
            {
                Release();
            }
        }
        finally
        {
            EndRead();
        }
    }

    /// <inheritdoc cref="RangeSearch(ReadOnlySpan{float}, float, SearchParameters?, IProgress{IndexProgress}?, CancellationToken)"/>
    /// <param name="queries">A tensor of shape [n, <see cref="IndexBase.Dimension"/>].</param>
    /// <param name="radius">The radius; with <see cref="MetricType.L2"/> it is squared.</param>
    /// <param name="parameters">Overrides for this call.</param>
    /// <param name="progress">Told as queries are answered, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of queries.</param>
    public RangeSearchResult RangeSearch(
        ReadOnlyTensorSpan<float> queries,
        float radius,
        SearchParameters? parameters = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        RangeSearch(VectorArguments.Flatten(queries, Dimension, nameof(queries)), radius, parameters, progress, cancellationToken);

    /// <summary>Answers n ≥ 1 queries; all arguments are valid, the outputs exactly n·k long and the index trained.</summary>
    protected abstract void SearchCore(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters);

    // The same, of an engine that may let a search wait: it stops waiting when the token says so.
    private protected virtual void SearchCore(
        ReadOnlySpan<float> queries,
        int n,
        int k,
        Span<float> distances,
        Span<long> labels,
        SearchParameters? parameters,
        CancellationToken cancellationToken) =>
        SearchCore(queries, n, k, distances, labels, parameters);

    /// <summary>Answers n ≥ 1 queries; all arguments are valid and the index is trained.</summary>
    protected abstract RangeSearchResult RangeSearchCore(
        ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters);
}
