using System.Text;

namespace FaissNet.Interop;

/// <summary>Reads the texts of the native interface: the length first, where the usual buffer does not do.</summary>
internal static class NativeText
{
    public delegate NativeStatus Reader(Span<byte> buffer, long capacity, out long length);

    public static string Read(Reader read)
    {
        Span<byte> buffer = stackalloc byte[512];
        read(buffer, buffer.Length, out var length).ThrowIfFailed();
        if (length < buffer.Length)
            return Encoding.UTF8.GetString(buffer[..(int)length]);

        var whole = new byte[length + 1];
        read(whole, whole.Length, out length).ThrowIfFailed();
        return Encoding.UTF8.GetString(whole.AsSpan(0, (int)length));
    }
}
