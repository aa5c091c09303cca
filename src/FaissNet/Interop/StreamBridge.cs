using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary>
/// Lets FAISS read and write a .NET stream. An exception of the stream must not unwind native frames: it waits here, FAISS is
/// told that the callback failed, and the exception goes on once the native call is back.
/// </summary>
internal sealed unsafe class StreamBridge(Stream stream)
{
    private ExceptionDispatchInfo? _failure;

    /// <summary>A native function that writes through a callback.</summary>
    public delegate NativeStatus Writer(delegate* unmanaged<void*, void*, long, int> write, void* context);

    /// <summary>A native function that reads through a callback.</summary>
    public delegate NativeStatus Reader<THandle>(delegate* unmanaged<void*, void*, long, long> read, void* context, out THandle made)
        where THandle : SafeHandle;

    public static void Write(FaissIndexHandle index, Stream stream) =>
        Write(stream, (write, context) => NativeMethods.faissnet_index_write(index, write, context));

    public static FaissIndexHandle Read(Stream stream) => Read<FaissIndexHandle>(stream, NativeMethods.faissnet_index_read);

    public static void WriteBinary(BinaryIndexHandle index, Stream stream) =>
        Write(stream, (write, context) => NativeMethods.faissnet_binary_write(index, write, context));

    public static BinaryIndexHandle ReadBinary(Stream stream) => Read<BinaryIndexHandle>(stream, NativeMethods.faissnet_binary_read);

    public static void WriteTransform(TransformHandle transform, Stream stream) =>
        Write(stream, (write, context) => NativeMethods.faissnet_transform_write(transform, write, context));

    public static TransformHandle ReadTransform(Stream stream) => Read<TransformHandle>(stream, NativeMethods.faissnet_transform_read);

    public static void Write(Stream stream, Writer writer)
    {
        var bridge = new StreamBridge(stream);
        var context = GCHandle.Alloc(bridge);
        try
        {
            var status = writer(&WriteCallback, (void*)GCHandle.ToIntPtr(context));
            bridge._failure?.Throw();
            status.ThrowIfFailed();
        }
        finally
        {
            context.Free();
        }
    }

    public static THandle Read<THandle>(Stream stream, Reader<THandle> reader)
        where THandle : SafeHandle
    {
        var bridge = new StreamBridge(stream);
        var context = GCHandle.Alloc(bridge);
        try
        {
            var status = reader(&ReadCallback, (void*)GCHandle.ToIntPtr(context), out var made);
            if (status != NativeStatus.Ok)
                made.Dispose();

            bridge._failure?.Throw();
            status.ThrowIfFailed();
            return made;
        }
        finally
        {
            context.Free();
        }
    }

    [UnmanagedCallersOnly]
    private static int WriteCallback(void* context, void* buffer, long size)
    {
        var bridge = From(context);
        try
        {
            for (long done = 0; done < size;)
            {
                var count = (int)Math.Min(size - done, int.MaxValue);
                bridge.Stream.Write(new ReadOnlySpan<byte>((byte*)buffer + done, count));
                done += count;
            }

            return 0;
        }
        catch (Exception e)
        {
            bridge._failure = ExceptionDispatchInfo.Capture(e);
            return 1;
        }
    }

    [UnmanagedCallersOnly]
    private static long ReadCallback(void* context, void* buffer, long size)
    {
        var bridge = From(context);
        try
        {
            return bridge.Stream.Read(new Span<byte>(buffer, (int)Math.Min(size, int.MaxValue)));
        }
        catch (Exception e)
        {
            bridge._failure = ExceptionDispatchInfo.Capture(e);
            return -1;
        }
    }

    private Stream Stream => stream;

    private static StreamBridge From(void* context) => (StreamBridge)GCHandle.FromIntPtr((nint)context).Target!;
}
