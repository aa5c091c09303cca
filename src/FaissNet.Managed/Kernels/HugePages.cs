using System.Runtime.InteropServices;

namespace FaissNet.Managed;

/// <summary>
/// Large blocks of memory on huge pages, where Linux has them to give: scans of an index miss the address cache on each small page. Blocks
/// begin at a huge page and keep doing so when they grow, as their pages are moved, never copied: only from such a place to another does the
/// system move huge pages whole.
/// </summary>
internal static unsafe partial class HugePages
{
    /// <summary>Blocks are worth it from here on.</summary>
    public const long MinimumBytes = 8 << 20;

    private const nuint PageBytes = 2 << 20;
    private const int ReadWrite = 3, PrivateAnonymous = 0x22, MayMove = 1, Fixed = 2, AdviceHuge = 14;

    /// <summary>Whether a block of so many bytes should come from here.</summary>
    public static bool AreFor(long bytes) => bytes >= MinimumBytes && OperatingSystem.IsLinux();

    /// <summary>A block, zeroed.</summary>
    /// <exception cref="OutOfMemoryException">There is not so much memory.</exception>
    public static byte* Allocate(long bytes)
    {
        var start = Reserve(Length(bytes));
        // Where the system does not know the advice, nothing is lost.
        _ = madvise(start, Length(bytes), AdviceHuge);
        return start;
    }

    /// <summary>The same block with another size, maybe elsewhere.</summary>
    /// <exception cref="OutOfMemoryException">There is not so much memory; the block is as it was.</exception>
    public static byte* Resize(byte* start, long oldBytes, long newBytes)
    {
        nuint from = Length(oldBytes), to = Length(newBytes);
        if (!IsFailure(mremap(start, from, to, 0, null)))
            return start;

        // The new place is taken first, so that nothing else can be there; the pages then move over it.
        var place = Reserve(to);
        if (!IsFailure(mremap(start, from, to, MayMove | Fixed, place)))
            return place;

        _ = munmap(place, to);
        throw new InsufficientMemoryException($"There is no memory for {newBytes} bytes.");
    }

    /// <summary>Gives a block back.</summary>
    public static void Free(byte* start, long bytes) => _ = munmap(start, Length(bytes));

    // Address space that begins at a huge page.
    private static byte* Reserve(nuint length)
    {
        var all = checked(length + PageBytes);
        var block = (byte*)mmap(null, all, ReadWrite, PrivateAnonymous, -1, 0);
        if (IsFailure(block))
            throw new InsufficientMemoryException($"There is no memory for {length} bytes.");

        var start = (byte*)(((nuint)block + PageBytes - 1) & ~(PageBytes - 1));
        var before = (nuint)(start - block);
        if (before > 0)
            _ = munmap(block, before);

        if (PageBytes > before)
            _ = munmap(start + length, PageBytes - before);

        return start;
    }

    private static nuint Length(long bytes)
    {
        var page = (nuint)Environment.SystemPageSize;
        return checked((nuint)bytes + page - 1) & ~(page - 1);
    }

    private static bool IsFailure(void* address) => (nint)address == -1;

    [LibraryImport("libc")]
    private static partial void* mmap(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc")]
    private static partial void* mremap(void* address, nuint oldLength, nuint newLength, int flags, void* newAddress);

    [LibraryImport("libc")]
    private static partial int munmap(void* address, nuint length);

    [LibraryImport("libc")]
    private static partial int madvise(void* address, nuint length, int advice);
}
