using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary>Carries FAISS's k-means iterations to an <see cref="IProgress{T}"/>, and a cancellation the other way.</summary>
internal sealed unsafe class TrainingBridge(IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
{
    private ExceptionDispatchInfo? _failure;
    private (int Stage, long Done) _reported;

    public static void Train(
        FaissIndexHandle index,
        ReadOnlySpan<float> vectors,
        int n,
        IProgress<IndexProgress>? progress,
        CancellationToken cancellationToken)
    {
        if (progress is null && !cancellationToken.CanBeCanceled)
        {
            NativeMethods.faissnet_index_train(index, n, vectors, null).ThrowIfFailed();
            return;
        }

        var bridge = new TrainingBridge(progress, cancellationToken);
        var context = GCHandle.Alloc(bridge);
        try
        {
            var monitor = new NativeMonitor { Report = &Report, Context = (void*)GCHandle.ToIntPtr(context) };
            var status = NativeMethods.faissnet_index_train(index, n, vectors, &monitor);
            bridge._failure?.Throw();
            if (status == NativeStatus.Cancelled)
                cancellationToken.ThrowIfCancellationRequested();

            status.ThrowIfFailed();
        }
        finally
        {
            context.Free();
        }
    }

    [UnmanagedCallersOnly]
    private static int Report(void* context, int stage, long done, long total)
    {
        var bridge = (TrainingBridge)GCHandle.FromIntPtr((nint)context).Target!;
        try
        {
            return bridge.GoesOn(stage, done, total) ? 0 : 1;
        }
        catch (Exception e)
        {
            bridge._failure = ExceptionDispatchInfo.Capture(e);
            return 1;
        }
    }

    private bool GoesOn(int stage, long done, long total)
    {
        // Native code asks more often than there is news.
        if (done > 0 && _reported != (stage, done))
        {
            _reported = (stage, done);
            progress?.Report(new IndexProgress(stage == 1 ? IndexStage.TrainingCoarse : IndexStage.TrainingCodes, done, total));
        }

        return !cancellationToken.IsCancellationRequested;
    }
}
