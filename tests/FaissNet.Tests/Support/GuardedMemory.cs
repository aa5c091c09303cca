using System.Runtime.InteropServices;

namespace FaissNet.Tests.Support;

/// <summary>Memory that ends where a page begins that nobody may read: one byte too far ends the process.</summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3, PrivateAnonymous = 0x22;

    private readonly byte* _start;
    private readonly nuint _length;
    private readonly byte* _end;

    public GuardedMemory(int bytes)
    {
        var page = (nuint)Environment.SystemPageSize;
        var usable = ((nuint)bytes + page - 1) / page * page;
        _length = usable + page;
        _start = (byte*)mmap(null, _length, ReadWrite, PrivateAnonymous, -1, 0);
        Assert.NotEqual(-1, (nint)_start);
        _end = _start + usable;
        Assert.Equal(0, mprotect(_end, page, 0));
    }

    /// <summary>So many floats, the last of which is the last before the guard.</summary>
    public float* Last(int count) => (float*)_end - count;

    public void Dispose() => _ = munmap(_start, _length);

    [LibraryImport("libc")]
    private static partial void* mmap(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc")]
    private static partial int mprotect(void* address, nuint length, int protection);

    [LibraryImport("libc")]
    private static partial int munmap(void* address, nuint length);
}
