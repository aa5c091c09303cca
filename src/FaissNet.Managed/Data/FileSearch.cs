using System.Diagnostics;

namespace FaissNet.Data;

/// <summary>Searches with the queries of a file that need not fit into memory.</summary>
public static class FileSearch
{
    private const int BatchBytes = 16 << 20;

    /// <summary>Searches with every row of a file, batch by batch.</summary>
    /// <param name="index">The index.</param>
    /// <param name="queries">The file, from its position on.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="results">Given each batch's results, in the file's order. The rows are k columns wide; the arrays are used again.</param>
    /// <param name="progress">Told the queries answered (<see cref="IndexStage.Searching"/>).</param>
    /// <param name="cancellationToken">Stops between chunks of queries.</param>
    /// <returns>The time that the searches took, without reading and <paramref name="results"/>.</returns>
    /// <exception cref="ArgumentException">The file's vectors do not fit the index.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is less than 1.</exception>
    /// <exception cref="InvalidDataException">The file is not valid.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public static TimeSpan Run(
        VectorIndex index,
        VectorReader queries,
        int k,
        FileSearchResults results,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(results);
        VectorArguments.RequireK(k);
        if (queries.Dimension != index.Dimension)
        {
            throw new ArgumentException(
                $"The vectors of {queries.Path} have {queries.Dimension} components: expected the index's dimension, {index.Dimension}.",
                nameof(queries));
        }

        var rows = BatchBytes / sizeof(float) / Math.Max(queries.Dimension, k);
        rows = (int)Math.Clamp(rows, 1, Math.Max(1, queries.Count - queries.Position));
        var batch = new float[rows * queries.Dimension];
        var distances = new float[VectorArguments.CountResults(rows, k)];
        var labels = new long[rows * k];
        var taken = TimeSpan.Zero;
        var relay = progress is null ? null : new Relay(progress, queries);
        int read;
        while ((read = queries.Read(batch)) > 0)
        {
            relay?.Before = queries.Position - read;
            var start = Stopwatch.GetTimestamp();
            index.Search(batch.AsSpan(0, read * queries.Dimension), k, distances, labels, null, relay, cancellationToken);
            taken += Stopwatch.GetElapsedTime(start);
            results(distances.AsSpan(0, read * k), labels.AsSpan(0, read * k));
        }

        return taken;
    }

    // The index counts within one batch, the user within the file.
    private sealed class Relay(IProgress<IndexProgress> progress, VectorReader queries) : IProgress<IndexProgress>
    {
        public long Before { get; set; }

        public void Report(IndexProgress value) =>
            progress.Report(new IndexProgress(value.Stage, Before + value.Completed, queries.Count));
    }
}

/// <summary>Takes the results of a batch of queries.</summary>
/// <param name="distances">Rows of k distances, nearest first; with L2 they are squared.</param>
/// <param name="labels">Rows of k ids; -1 where there is no neighbour.</param>
public delegate void FileSearchResults(ReadOnlySpan<float> distances, ReadOnlySpan<long> labels);
