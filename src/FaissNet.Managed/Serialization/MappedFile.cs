using System.IO.MemoryMappedFiles;

namespace FaissNet.Serialization;

/// <summary>
/// A file whose bytes are read where they lie, shared by all parts of an index that are. It is unmapped when the last of them gives it back;
/// of an index that nobody disposes, when the garbage collector finds it.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private int _users = 1;

    private MappedFile(MemoryMappedFile file, MemoryMappedViewAccessor view, long length)
    {
        (_file, _view, Length) = (file, view, length);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Start = start + view.PointerOffset;
    }

    ~MappedFile()
    {
        if (Start is not null)
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
    }

    /// <summary>The file's first byte.</summary>
    public byte* Start { get; }

    /// <summary>The file's bytes.</summary>
    public long Length { get; }

    /// <summary>Maps a file, which then belongs to the result: while it is mapped, its handle stays open. On Windows nobody can cut the file
    /// meanwhile; elsewhere that is advice which .NET's own streams follow.</summary>
    /// <param name="stream">An open file that is not empty.</param>
    public static MappedFile Open(FileStream stream)
    {
        var length = stream.Length;
        var file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        try
        {
            return new MappedFile(file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>One more user.</summary>
    public MappedFile Use()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    /// <summary>One user less. The last one unmaps the file.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;

        GC.SuppressFinalize(this);
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
