namespace FaissNet.Managed;

/// <summary>Tells the user of an index about the k-means iterations of its training.</summary>
internal static class Iterations
{
    /// <summary>A receiver for one k-means after the other of a stage; null if nobody listens.</summary>
    /// <param name="progress">Whom to tell.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="total">The iterations of the whole stage.</param>
    public static IProgress<ClusteringIterationStats>? Report(IProgress<IndexProgress>? progress, IndexStage stage, long total) =>
        progress is null ? null : new Counter(progress, stage, total);

    private sealed class Counter(IProgress<IndexProgress> progress, IndexStage stage, long total) : IProgress<ClusteringIterationStats>
    {
        private long _completed;

        public void Report(ClusteringIterationStats value) =>
            progress.Report(new IndexProgress(stage, Math.Min(++_completed, total), total));
    }
}
