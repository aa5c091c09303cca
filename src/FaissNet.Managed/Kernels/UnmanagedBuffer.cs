using System.Runtime.InteropServices;
using FaissNet.Serialization;

namespace FaissNet.Managed;

/// <summary>
/// Memory outside the garbage collector's heap that grows, aligned to cache lines. It is reallocated, which for large blocks moves pages
/// instead of copying them: growing a large index does not need it twice.
/// </summary>
internal sealed unsafe partial class UnmanagedBuffer : IDisposable
{
    public const int Alignment = 64;

    // Below this huge pages cannot help: a page has 2 MiB.
    private const long HugeBytes = 8 << 20;

    private byte* _block;
    private byte* _start;
    private bool _isUnwatched;
    private MappedFile? _file;

    // A mapped file is finalized by itself.
    ~UnmanagedBuffer() => NativeMemory.Free(_block);

    /// <summary>Bytes that there is room for.</summary>
    public long Capacity { get; private set; }

    /// <summary>The first byte; moves when the buffer grows. Null while nothing was reserved.</summary>
    public byte* Pointer => _start;

    /// <summary>Whether the bytes are those of a mapped file. They can be read, and nothing else: writing to them ends the process.</summary>
    public bool IsMapped => _file is not null;

    /// <summary>Takes the content from where it lies in a mapped file, unaligned as it may be there, until <see cref="Dispose"/>.</summary>
    public void Map(MappedFile file, long offset, long bytes)
    {
        Free();
        _file = file.Use();
        _start = file.Start + offset;
        Capacity = bytes;
    }

    /// <summary>Makes room for so many bytes and keeps the content; what is new is not initialised.</summary>
    /// <param name="bytes">The bytes needed.</param>
    /// <param name="amortize">Whether more is to come: then room is made for half as much again as there was, so that many small
    /// additions cost no more than one large one.</param>
    /// <exception cref="OutOfMemoryException">There is not so much memory.</exception>
    public void Reserve(long bytes, bool amortize = true)
    {
        if (bytes <= Capacity)
            return;

        var capacity = amortize && Capacity > 0 ? Math.Max(bytes, Capacity + Capacity / 2) : bytes;
        Resize(capacity, Capacity);
    }

    /// <summary>Gives back what lies beyond so many bytes.</summary>
    public void Trim(long bytes)
    {
        if (bytes < Capacity)
            Resize(Math.Max(1, bytes), bytes);
    }

    /// <summary>Frees the memory; the buffer is then empty and may be used again.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
        _isUnwatched = true;
    }

    private void Resize(long capacity, long used)
    {
        if (IsMapped)
            throw ReadOnly();

        var offset = _start - _block;
        var block = (byte*)NativeMemory.Realloc(_block, checked((nuint)capacity + Alignment));
        if (_isUnwatched)
            GC.ReRegisterForFinalize(this);

        _isUnwatched = false;

        var start = (byte*)(((nuint)block + Alignment - 1) & ~(nuint)(Alignment - 1));
        // Another place in its cache line: the content has to follow.
        if (start - block != offset && used > 0)
            Buffer.MemoryCopy(block + offset, start, capacity, Math.Min(used, capacity));

        _block = block;
        _start = start;
        Capacity = capacity;
        if (capacity >= HugeBytes)
            AdviseHugePages(start, capacity);
    }

    /// <summary>The error for a change to what lies in a mapped file.</summary>
    public static NotSupportedException ReadOnly() => new(
        "The index is read from a mapped file and cannot be changed: load it into memory with ManagedIndex.Load instead, or change a Clone of it.");

    private void Free()
    {
        NativeMemory.Free(_block);
        _file?.Dispose();
        _file = null;
        _block = _start = null;
        Capacity = 0;
    }

    // Scans of large indexes miss the TLB on each small page. Where the system does not know the advice, nothing is lost.
    private static void AdviseHugePages(byte* start, long length)
    {
        const int advice = 14; // MADV_HUGEPAGE
        if (!OperatingSystem.IsLinux())
            return;

        var page = (nuint)Environment.SystemPageSize;
        var first = ((nuint)start + page - 1) & ~(page - 1);
        try
        {
            _ = madvise((void*)first, ((nuint)start + (nuint)length - first) & ~(page - 1), advice);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }

    [LibraryImport("libc")]
    private static partial int madvise(void* address, nuint length, int advice);
}
