using System.Diagnostics;

namespace FaissNet.Data;

/// <summary>What <see cref="IndexBuilder"/> did.</summary>
/// <param name="VectorsTrained">The size of the training sample; 0 if the index needed no training.</param>
/// <param name="VectorsAdded">The vectors added.</param>
/// <param name="ReadSeconds">Time spent on reading the training sample.</param>
/// <param name="TrainSeconds">Time spent on training.</param>
/// <param name="AddSeconds">Time spent on adding, reading included.</param>
public sealed record BuildTimes(long VectorsTrained, long VectorsAdded, double ReadSeconds, double TrainSeconds, double AddSeconds);

/// <summary>Fills an index from a vector file that need not fit into memory.</summary>
public static class IndexBuilder
{
    private const int BatchBytes = 64 << 20;

    /// <summary>Trains an index, if it needs that, with a sample of a file, then adds all of the file's vectors under the ids 0, 1, ….</summary>
    /// <param name="index">An empty index.</param>
    /// <param name="reader">The file.</param>
    /// <param name="trainSize">The size of the training sample; see <see cref="TrainingSample.DefaultSize"/>.</param>
    /// <param name="progress">Told the rows of the sample as they are read (<see cref="IndexStage.Sampling"/>), the iterations of the
    /// training and the vectors added.</param>
    /// <param name="cancellationToken">Stops the work; the index is then to be thrown away.</param>
    /// <exception cref="ArgumentException">The file's vectors do not fit the index or are too few to train it.</exception>
    /// <exception cref="InvalidDataException">The file is not valid.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public static BuildTimes Build(
        VectorIndex index,
        VectorReader reader,
        long trainSize,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(reader);
        if (reader.Dimension != index.Dimension)
        {
            throw new ArgumentException(
                $"The vectors of {reader.Path} have {reader.Dimension} components: expected the index's dimension, {index.Dimension}.",
                nameof(reader));
        }

        if (reader.Count == 0)
            throw new ArgumentException($"{reader.Path} holds no vectors: expected at least one.", nameof(reader));

        var (trained, readTime, trainTime) = index.IsTrained
            ? (0, TimeSpan.Zero, TimeSpan.Zero)
            : Train(index, reader, trainSize, progress, cancellationToken);
        var start = Stopwatch.GetTimestamp();
        Add(index, reader, progress, cancellationToken);
        return new BuildTimes(
            trained, reader.Count, readTime.TotalSeconds, trainTime.TotalSeconds, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    // The sample is garbage before the first vector is added.
    private static (long Count, TimeSpan Read, TimeSpan Train) Train(
        VectorIndex index, VectorReader reader, long size, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var total = Math.Min(size, reader.Count);
        var sample = TrainingSample.Read(
            reader,
            size,
            progress: progress is null ? null : new Relay(rows => progress.Report(new IndexProgress(IndexStage.Sampling, rows, total))),
            cancellationToken: cancellationToken);
        var read = Stopwatch.GetElapsedTime(start);
        index.Train(sample.Values, progress, cancellationToken);
        return (sample.Count, read, Stopwatch.GetElapsedTime(start) - read);
    }

    private static void Add(
        VectorIndex index, VectorReader reader, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        var rows = (int)Math.Clamp(BatchBytes / sizeof(float) / reader.Dimension, 1, reader.Count);
        var batch = GC.AllocateUninitializedArray<float>(rows * reader.Dimension);
        reader.Seek(0);
        long added = 0;
        var relay = progress is null ? null : new StageRelay(progress, () => added, reader.Count);
        progress?.Report(new IndexProgress(IndexStage.Adding, 0, reader.Count));
        int read;
        while ((read = reader.Read(batch)) > 0)
        {
            index.Add(batch.AsSpan(0, read * reader.Dimension), relay, cancellationToken);
            added += read;
        }
    }

    private sealed class Relay(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }

    // The index counts within one batch, the user within the file.
    private sealed class StageRelay(IProgress<IndexProgress> progress, Func<long> before, long total) : IProgress<IndexProgress>
    {
        public void Report(IndexProgress value) => progress.Report(new IndexProgress(value.Stage, before() + value.Completed, total));
    }
}
