using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace FaissNet.Interop;

/// <summary>The values of <c>faissnet_status</c>.</summary>
internal enum NativeStatus
{
    Ok = 0,
    InvalidArgument = 1,
    NotTrained = 2,
    OutOfMemory = 3,
    IO = 4,
    Corrupt = 5,
    Unsupported = 6,
    Cancelled = 7,
    Gpu = 8,
    NotFound = 9,
    Unknown = 10,
}

/// <summary>The one place where a native status becomes an exception.</summary>
internal static class NativeStatusExtensions
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ThrowIfFailed(this NativeStatus status)
    {
        if (status != NativeStatus.Ok)
            Throw(status);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Throw(NativeStatus status) => throw LastException(status);

    /// <summary>What the calling thread's last native call failed with. To be asked before its next call.</summary>
    public static Exception LastException(NativeStatus status) => CreateException(status, LastError());

    [SuppressMessage("Usage", "CA2201", Justification = "The allocation did fail, in native code: this is what .NET calls it.")]
    private static Exception CreateException(NativeStatus status, string message) => status switch
    {
        NativeStatus.InvalidArgument => new ArgumentException(message),
        NativeStatus.NotTrained => new InvalidOperationException(message),
        NativeStatus.OutOfMemory => new OutOfMemoryException(message),
        NativeStatus.IO => new IOException(message),
        NativeStatus.Corrupt => new InvalidDataException(message),
        NativeStatus.Unsupported => new NotSupportedException(message),
        NativeStatus.Cancelled => new OperationCanceledException(message),
        NativeStatus.NotFound => new KeyNotFoundException(message),
        _ => new FaissException(message),
    };

    // The message belongs to the calling thread and lasts until its next call: read it at once.
    private static string LastError()
    {
        Span<byte> buffer = stackalloc byte[2048];
        return NativeMethods.faissnet_last_error(buffer, buffer.Length, out var length) == NativeStatus.Ok
            ? Encoding.UTF8.GetString(buffer[..(int)Math.Min(length, buffer.Length - 1)])
            : "FAISS reported an error without a message.";
    }
}
