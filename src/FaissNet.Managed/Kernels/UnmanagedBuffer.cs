using System.Runtime.InteropServices;
using FaissNet.Serialization;

namespace FaissNet.Managed;

/// <summary>
/// Memory outside the garbage collector's heap that grows, aligned to cache lines. Large blocks move by their pages instead of being copied:
/// growing a large index does not need it twice.
/// </summary>
internal sealed unsafe class UnmanagedBuffer : IDisposable
{
    public const int Alignment = 64;

    private byte* _block;
    private byte* _start;
    private bool _isHuge;
    private bool _isUnwatched;
    private MappedFile? _file;

    // A mapped file is finalized by itself.
    ~UnmanagedBuffer() => FreeBlock();

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

        if (_isUnwatched)
            GC.ReRegisterForFinalize(this);

        _isUnwatched = false;
        if (HugePages.AreFor(capacity) && _isHuge)
            _block = _start = HugePages.Resize(_start, Capacity, capacity);
        else if (HugePages.AreFor(capacity) || _isHuge)
            Move(capacity, used);
        else
            Reallocate(capacity, used);

        Capacity = capacity;
    }

    private void Reallocate(long capacity, long used)
    {
        var offset = _start - _block;
        _block = (byte*)NativeMemory.Realloc(_block, checked((nuint)capacity + Alignment));
        _start = Aligned(_block);
        // Another place in its cache line: the content has to follow.
        if (_start - _block != offset && used > 0)
            Buffer.MemoryCopy(_block + offset, _start, capacity, Math.Min(used, capacity));
    }

    // From small pages to huge ones, or back.
    private void Move(long capacity, long used)
    {
        var isHuge = !_isHuge;
        var block = isHuge ? HugePages.Allocate(capacity) : (byte*)NativeMemory.Alloc(checked((nuint)capacity + Alignment));
        var start = Aligned(block);
        if (used > 0)
            Buffer.MemoryCopy(_start, start, capacity, Math.Min(used, capacity));

        FreeBlock();
        _block = block;
        _start = start;
        _isHuge = isHuge;
    }

    private static byte* Aligned(byte* block) => (byte*)(((nuint)block + Alignment - 1) & ~(nuint)(Alignment - 1));

    /// <summary>The error for a change to what lies in a mapped file.</summary>
    public static NotSupportedException ReadOnly() => new(
        "The index is read from a mapped file and cannot be changed: load it into memory with ManagedIndex.Load instead, or change a Clone of it.");

    private void Free()
    {
        FreeBlock();
        _file?.Dispose();
        _file = null;
        _block = _start = null;
        Capacity = 0;
    }

    private void FreeBlock()
    {
        if (_isHuge)
            HugePages.Free(_block, Capacity);
        else
            NativeMemory.Free(_block);

        _isHuge = false;
    }
}
