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
    /// <summary>What was found, row after row; the spans end with this handle.</summary>
    /// <param name="n">The queries that were searched for.</param>
    /// <param name="limits">n + 1 places: where the hits of a query begin, and behind them those of the next.</param>
    /// <param name="labels">The ids of all hits.</param>
    /// <param name="distances">Their distances, as float32 for every kind of index.</param>
    /// <exception cref="InvalidOperationException">There are more hits than an array holds.</exception>
    public unsafe void View(int n, out ReadOnlySpan<long> limits, out ReadOnlySpan<long> labels, out ReadOnlySpan<float> distances)
    {
        NativeMethods.faissnet_range_result_view(this, out var firstLimit, out var firstLabel, out var firstDistance).ThrowIfFailed();
        limits = new ReadOnlySpan<long>(firstLimit, n + 1);
        var hits = limits[n];
        if (hits > Array.MaxLength)
        {
            throw new InvalidOperationException(
                $"The range search found {hits} vectors, more than an array holds: search with fewer queries or a smaller radius.");
        }

        labels = new ReadOnlySpan<long>(firstLabel, (int)hits);
        distances = new ReadOnlySpan<float>(firstDistance, (int)hits);
    }

    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_range_result_free(handle);
        return true;
    }
}
