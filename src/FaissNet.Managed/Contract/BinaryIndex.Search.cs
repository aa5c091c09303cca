namespace FaissNet;

// Searching, reading vectors back.
public abstract partial class BinaryIndex
{
    private const int QueriesPerReport = 1024;

    /// <summary>
    /// Finds the k nearest vectors to each of n queries, nearest first. Without progress and cancellation this allocates nothing
    /// on the managed heap.
    /// </summary>
    /// <param name="queries">n·<see cref="CodeSize"/> bytes.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="distances">Receives n·k distances in bits, row by row. May be longer.</param>
    /// <param name="labels">Receives n·k ids. Where fewer than k vectors are found, the rest of the row is -1 and its distances are
    /// <see cref="int.MaxValue"/>, as in FAISS.</param>
    /// <param name="parameters">Overrides for this call: inverted files take <see cref="SearchParameters.NProbe"/> and
    /// <see cref="SearchParameters.MaxCodes"/>, they and flat indexes <see cref="SearchParameters.Selector"/>.</param>
    /// <param name="progress">Told as queries are answered, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of queries; what the outputs then hold is unspecified.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is less than 1, or n·k is more than an array holds.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException"><paramref name="parameters"/> holds something that this index type does not know.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Search(
        ReadOnlySpan<byte> queries,
        int k,
        Span<int> distances,
        Span<long> labels,
        SearchParameters? parameters = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var n = BinaryArguments.CountVectors(queries, CodeSize, nameof(queries));
        var results = VectorArguments.CountResults(n, k, distances.Length, labels.Length);
        ReadHeld();
        try
        {
            RequireTrained();
            var chunk = progress is null && !cancellationToken.CanBeCanceled ? n : QueriesPerReport;
            for (var first = 0; first < n; first += chunk)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = Math.Min(chunk, n - first);
                SearchCore(
                    queries.Slice(first * CodeSize, count * CodeSize),
                    count,
                    k,
                    distances.Slice(first * k, count * k),
                    labels.Slice(first * k, count * k),
                    parameters);
                progress?.Report(new IndexProgress(IndexStage.Searching, first + count, n));
            }
        }
        finally
        {
            EndReadHeld();
        }
    }

    /// <summary>Finds the k nearest vectors to each of n queries, nearest first.</summary>
    /// <param name="queries">n·<see cref="CodeSize"/> bytes.</param>
    /// <param name="k">Neighbours per query. The result has no more columns than the index has vectors.</param>
    /// <param name="parameters">Overrides for this call.</param>
    /// <param name="progress">Told as queries are answered, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between chunks of queries.</param>
    /// <inheritdoc cref="Search(ReadOnlySpan{byte}, int, Span{int}, Span{long}, SearchParameters?, IProgress{IndexProgress}?, CancellationToken)" path="/exception"/>
    public BinarySearchResult Search(
        ReadOnlySpan<byte> queries,
        int k,
        SearchParameters? parameters = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var n = BinaryArguments.CountVectors(queries, CodeSize, nameof(queries));
        VectorArguments.RequireK(k);
        var columns = (int)Math.Min(k, Count);
        var results = VectorArguments.CountResults(n, columns);
        var distances = GC.AllocateUninitializedArray<int>(results);
        var labels = GC.AllocateUninitializedArray<long>(results);
        // Without columns there is nothing to fill in, but the arguments are still to be checked.
        if (columns == 0)
            Search(queries, 1, new int[n], new long[n], parameters, progress, cancellationToken);
        else
            Search(queries, columns, distances, labels, parameters, progress, cancellationToken);

        return new BinarySearchResult(n, columns, distances, labels);
    }

    /// <summary>Finds all vectors within a radius of each of n queries. FAISS's <c>range_search</c>.</summary>
    /// <param name="queries">n·<see cref="CodeSize"/> bytes.</param>
    /// <param name="radius">Vectors that differ in fewer bits are found: 1 finds equal ones only, 0 none.</param>
    /// <param name="parameters">Overrides for this call; only <see cref="SearchParameters.Selector"/> is known here.</param>
    /// <exception cref="ArgumentException">The length does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="radius"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained, or there are more hits than an array holds.</exception>
    /// <exception cref="NotSupportedException">The index type has no range search (graphs), or does not know the parameters.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public BinaryRangeSearchResult RangeSearch(ReadOnlySpan<byte> queries, int radius, SearchParameters? parameters = null)
    {
        var n = BinaryArguments.CountVectors(queries, CodeSize, nameof(queries));
        if (radius < 0)
            throw new ArgumentOutOfRangeException(nameof(radius), radius, $"radius is {radius}: expected at least 0.");

        Read();
        try
        {
            RequireTrained();
            return n == 0 ? new BinaryRangeSearchResult([0], [], []) : RangeSearchCore(queries, n, radius, parameters);
        }
        finally
        {
            EndRead();
        }
    }

    /// <summary>The vector stored under an id. FAISS's <c>reconstruct</c>, without its direct map.</summary>
    /// <param name="id">The vector's id.</param>
    /// <param name="vector">Receives <see cref="CodeSize"/> bytes. May be longer.</param>
    /// <exception cref="ArgumentException"><paramref name="vector"/> is too short.</exception>
    /// <exception cref="KeyNotFoundException">The index holds no vector with this id.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Reconstruct(long id, Span<byte> vector)
    {
        VectorArguments.RequireLength(vector.Length, CodeSize, nameof(vector), "CodeSize");
        Read();
        try
        {
            ReconstructCore(id, vector[..CodeSize]);
        }
        finally
        {
            EndRead();
        }
    }

    /// <inheritdoc cref="Reconstruct(long, Span{byte})"/>
    /// <returns><see cref="CodeSize"/> bytes.</returns>
    public byte[] Reconstruct(long id)
    {
        var vector = new byte[CodeSize];
        Reconstruct(id, vector);
        return vector;
    }

    /// <summary>Answers n ≥ 1 queries; all arguments are valid, the outputs exactly n·k long and the index trained.</summary>
    protected abstract void SearchCore(
        ReadOnlySpan<byte> queries, int n, int k, Span<int> distances, Span<long> labels, SearchParameters? parameters);

    /// <summary>Answers n ≥ 1 queries; all arguments are valid and the index is trained.</summary>
    protected abstract BinaryRangeSearchResult RangeSearchCore(ReadOnlySpan<byte> queries, int n, int radius, SearchParameters? parameters);

    /// <summary>Writes <see cref="CodeSize"/> bytes.</summary>
    protected abstract void ReconstructCore(long id, Span<byte> vector);
}
