using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary>Carries FAISS's k-means iterations to an <see cref="IProgress{T}"/>, and a cancellation the other way, for one native call.</summary>
internal sealed unsafe class MonitorBridge : IDisposable
{
    private readonly IProgress<IndexProgress>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly GCHandle _context;
    private ExceptionDispatchInfo? _failure;
    private (int Stage, long Done) _reported;

    public MonitorBridge(IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        (_progress, _cancellationToken) = (progress, cancellationToken);
        if (progress is null && !cancellationToken.CanBeCanceled)
            return;

        _context = GCHandle.Alloc(this);
        Native = (NativeMonitor*)NativeMemory.Alloc((nuint)sizeof(NativeMonitor));
        *Native = new NativeMonitor { Report = &Report, Context = (void*)GCHandle.ToIntPtr(_context) };
    }

    /// <summary>What the native call gets; null where nobody listens.</summary>
    public NativeMonitor* Native { get; }

    /// <summary>Throws what the call failed with.</summary>
    public void Finish(NativeStatus status)
    {
        _failure?.Throw();
        if (status == NativeStatus.Cancelled)
            _cancellationToken.ThrowIfCancellationRequested();

        status.ThrowIfFailed();
    }

    public void Dispose()
    {
        NativeMemory.Free(Native);
        if (_context.IsAllocated)
            _context.Free();
    }

    [UnmanagedCallersOnly]
    private static int Report(void* context, int stage, long done, long total)
    {
        var bridge = (MonitorBridge)GCHandle.FromIntPtr((nint)context).Target!;
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
            // FAISSNET_STAGE_…, the first of them all.
            _progress?.Report(new IndexProgress((IndexStage)stage, done, total));
        }

        return !_cancellationToken.IsCancellationRequested;
    }
}
