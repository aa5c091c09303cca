namespace FaissNet.Interop;

/// <summary>Trains an index and reports its k-means iterations.</summary>
internal static unsafe class TrainingBridge
{
    public static void Train(
        FaissIndexHandle index,
        ReadOnlySpan<float> vectors,
        int n,
        IProgress<IndexProgress>? progress,
        CancellationToken cancellationToken)
    {
        using var monitor = new MonitorBridge(progress, cancellationToken);
        monitor.Finish(NativeMethods.faissnet_index_train(index, n, vectors, monitor.Native));
    }
}
