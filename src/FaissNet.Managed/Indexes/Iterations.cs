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

    /// <summary>Tells of the end of a stage, should its k-means have had less to do than was to be expected.</summary>
    /// <param name="receiver">What <see cref="Report"/> gave.</param>
    public static void Complete(IProgress<ClusteringIterationStats>? receiver) => (receiver as Counter)?.Complete();

    private sealed class Counter(IProgress<IndexProgress> progress, IndexStage stage, long total) : IProgress<ClusteringIterationStats>
    {
        private long _completed;

        public void Report(ClusteringIterationStats value) =>
            progress.Report(new IndexProgress(stage, Math.Min(++_completed, total), total));

        public void Complete()
        {
            if (_completed < total)
                progress.Report(new IndexProgress(stage, _completed = total, total));
        }
    }
}
