using System.Numerics;

namespace FaissNet;

// Searches that somebody watches or whose queries must be converted: chunk by chunk.
public abstract partial class VectorIndex
{
    private void SearchChecked<T>(
        ReadOnlySpan<T> queries,
        int k,
        Span<float> distances,
        Span<long> labels,
        SearchParameters? parameters,
        IProgress<IndexProgress>? progress,
        CancellationToken cancellationToken)
        where T : unmanaged, INumberBase<T>
    {
        var n = VectorArguments.CountVectors(queries.Length, Dimension, nameof(queries));
        var results = VectorArguments.CountResults(n, k, distances.Length, labels.Length);
        var rows = new NumberRows<T>(queries, Dimension);
        rows.RequireFinite(n, nameof(queries));
        Read();
        try
        {
            RequireTrained();
            if (n == 0)
                return;

            var isWatched = progress is not null || cancellationToken.CanBeCanceled;
            if (NumberRows<T>.AreFloats && !isWatched)
            {
                SearchCore(rows.Slice(0, n), n, k, distances[..results], labels[..results], parameters, cancellationToken);
                return;
            }

            Hold();
            try
            {
                var pace = new Pace(Math.Min(rows.MaxRows, MaxQueriesPerReport));
                for (var first = 0; first < n;)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var count = Math.Min(isWatched ? pace.Start(n - first) : n - first, rows.MaxRows);
                    SearchCore(
                        rows.Slice(first, count),
                        count,
                        k,
                        distances.Slice(first * k, count * k),
                        labels.Slice(first * k, count * k),
                        parameters,
                        cancellationToken);
                    pace.End();
                    first += count;
                    progress?.Report(new IndexProgress(IndexStage.Searching, first, n));
                }
            }
            finally
            {
                Release();
            }
        }
        finally
        {
            EndRead();
            rows.Dispose();
        }
    }

    private SearchResult SearchNew<T>(
        ReadOnlySpan<T> queries, int k, SearchParameters? parameters, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
        where T : unmanaged, INumberBase<T>
    {
        var n = VectorArguments.CountVectors(queries.Length, Dimension, nameof(queries));
        VectorArguments.RequireK(k);
        var columns = (int)Math.Min(k, Count);
        var results = VectorArguments.CountResults(n, columns);
        var distances = GC.AllocateUninitializedArray<float>(results);
        var labels = GC.AllocateUninitializedArray<long>(results);
        // Without columns there is nothing to fill in, but the arguments are still to be checked.
        if (columns == 0)
            SearchChecked(queries, 1, new float[n], new long[n], parameters, progress, cancellationToken);
        else
            SearchChecked(queries, columns, distances, labels, parameters, progress, cancellationToken);

        return new SearchResult(n, columns, distances, labels);
    }

    private RangeSearchResult RangeSearchInChunks(
        ReadOnlySpan<float> queries,
        int n,
        float radius,
        SearchParameters? parameters,
        IProgress<IndexProgress>? progress,
        CancellationToken cancellationToken)
    {
        var parts = new List<RangeSearchResult>();
        var pace = new Pace(MaxQueriesPerReport);
        for (var first = 0; first < n;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = pace.Start(n - first);
            parts.Add(RangeSearchCore(queries.Slice(first * Dimension, count * Dimension), count, radius, parameters));
            pace.End();
            first += count;
            progress?.Report(new IndexProgress(IndexStage.Searching, first, n));
        }

        return RangeSearchResult.Join(parts);
    }
}
