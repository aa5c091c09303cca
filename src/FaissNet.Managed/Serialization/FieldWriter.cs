using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FaissNet.Serialization;

/// <summary>Writes little-endian fields through a buffer; what is large goes past it in blocks, from where it lies.</summary>
internal sealed unsafe class FieldWriter(Stream stream)
{
    private const int BufferSize = 64 * 1024;

    // Between two of them a cancelled stream gets to stop the work.
    private const int BlockSize = 1 << 20;

    private readonly byte[] _buffer = new byte[BufferSize];
    private int _filled;

    public void Write(FourCC value) => Write(value.Value);

    public void Write(ReadOnlySpan<char> fourCC) => Write(new FourCC(fourCC));

    public void Write(bool value) => Write(value ? (byte)1 : (byte)0);

    /// <summary>A number as it lies in memory: the engine runs on little-endian machines alone.</summary>
    public void Write<T>(T value)
        where T : unmanaged
    {
        if (_filled > BufferSize - sizeof(T))
            Flush();

        Unsafe.WriteUnaligned(ref _buffer[_filled], value);
        _filled += sizeof(T);
    }

    /// <summary>A <c>std::vector</c>: the number of elements, then the elements.</summary>
    public void WriteVector<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        Write((long)values.Length);
        WriteBytes(MemoryMarshal.AsBytes(values));
    }

    /// <summary>A <c>std::vector</c> in unmanaged memory.</summary>
    /// <param name="values">The first element.</param>
    /// <param name="count">The number of elements.</param>
    public void WriteVector<T>(T* values, long count)
        where T : unmanaged
    {
        Write(count);
        WriteBytes((byte*)values, count * sizeof(T));
    }

    public void WriteBytes(byte* bytes, long count)
    {
        for (long done = 0; done < count; done += BlockSize)
            WriteBytes(new ReadOnlySpan<byte>(bytes + done, (int)Math.Min(BlockSize, count - done)));
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > BufferSize - _filled)
            Flush();

        for (; bytes.Length > BufferSize; bytes = bytes[Math.Min(BlockSize, bytes.Length)..])
            stream.Write(bytes[..Math.Min(BlockSize, bytes.Length)]);

        bytes.CopyTo(_buffer.AsSpan(_filled));
        _filled += bytes.Length;
    }

    /// <summary>Hands the stream what is still in the buffer; it is not flushed itself.</summary>
    public void Flush()
    {
        stream.Write(_buffer, 0, _filled);
        _filled = 0;
    }
}
