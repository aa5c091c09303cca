using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FaissNet.Benchmarks;

/// <summary>Memory as <c>peer/common.h</c> has it, so that where an array begins is not what is measured.</summary>
internal static class Buffers
{
    private const int Line = 64;

    /// <summary>An array that begins with a cache line.</summary>
    public static Memory<T> Aligned<T>(int length)
        where T : unmanaged
    {
        var size = Unsafe.SizeOf<T>();
        var array = GC.AllocateArray<T>(length + Line / size, pinned: true);
        var address = Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
        return array.AsMemory((int)((Line - address % Line) % Line / size), length);
    }

    /// <summary>The first floats of a file.</summary>
    public static Memory<float> ReadFloats(string path, int length)
    {
        // A span of bytes has 2 GiB at most.
        const int Piece = 1 << 28;
        var values = Aligned<float>(length);
        using var file = File.OpenRead(path);
        for (var first = 0; first < length; first += Piece)
            file.ReadExactly(MemoryMarshal.AsBytes(values.Span.Slice(first, Math.Min(Piece, length - first))));

        return values;
    }

    /// <summary>FNV-1a, 64 bits.</summary>
    public static ulong Checksum(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037UL;
        foreach (var b in bytes)
            hash = (hash ^ b) * 1099511628211UL;

        return hash;
    }
}
