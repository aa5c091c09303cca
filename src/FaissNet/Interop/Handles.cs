using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary>
/// Owns a native object. One that nobody disposed is freed by its finalizer, which is late, but no leak; it is counted, for that somebody
/// forgot it is a mistake all the same.
/// </summary>
internal abstract class NativeHandle : SafeHandle
{
    /// <summary>Names the places where handles were made that finalizers freed; costs a stack trace for each handle.</summary>
    public const string TraceVariable = "FAISSNET_TRACE_HANDLES";

    private static readonly bool s_traces = Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 } and not "0";
    private static readonly ConcurrentQueue<string> s_forgotten = new();
    private static long s_forgottenCount;

    private readonly StackTrace? _origin = s_traces ? new StackTrace(skipFrames: 2) : null;

    protected NativeHandle()
        : base(0, ownsHandle: true)
    {
    }

    /// <summary>Handles that finalizers have freed in this process.</summary>
    public static long ForgottenCount => Volatile.Read(ref s_forgottenCount);

    /// <summary>Where they were made, if that is traced.</summary>
    public static IReadOnlyCollection<string> ForgottenOrigins => s_forgotten;

    public override bool IsInvalid => handle == 0;

    protected override void Dispose(bool disposing)
    {
        if (!disposing && !IsInvalid && !IsClosed)
        {
            Interlocked.Increment(ref s_forgottenCount);
            if (_origin is not null)
                s_forgotten.Enqueue($"{GetType().Name}\n{_origin}");
        }

        base.Dispose(disposing);
    }
}

/// <summary>Owns a <c>faissnet_index*</c>. A call in flight holds a reference, so the index outlives it.</summary>
internal sealed class FaissIndexHandle : NativeHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_index_free(handle);
        return true;
    }
}

/// <summary>Owns a <c>faissnet_range_result*</c>.</summary>
internal sealed class RangeResultHandle : NativeHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_range_result_free(handle);
        return true;
    }
}
