using System.Buffers.Binary;
using System.IO.Compression;

namespace FaissNet.Data;

/// <summary>The bytes of a file, decompressed if its name ends in <c>.gz</c>: their number is known, and any position can be read from.</summary>
internal sealed class DataFile : IDisposable
{
    private const string GzipExtension = ".gz";
    private const int BufferSize = 1 << 16;

    private readonly FileStream _file;
    private GZipStream? _unzipped;
    private long _position;

    private DataFile(string path, FileStream file)
    {
        (Path, _file) = (path, file);
        if (!file.CanSeek)
            throw Invalid("this is not a regular file: expected one that can be read more than once");

        Length = IsCompressed(path) ? MeasureUncompressed() : file.Length;
    }

    public string Path { get; }

    /// <summary>Uncompressed bytes.</summary>
    public long Length { get; }

    /// <summary>The name that tells the format.</summary>
    public static string UncompressedName(string path) => IsCompressed(path) ? path[..^GzipExtension.Length] : path;

    public static DataFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize);
        try
        {
            return new DataFile(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public InvalidDataException Invalid(string what, Exception? cause = null) => new($"{Path}: {what}.", cause);

    /// <summary>Reads exactly as many bytes as the buffer holds, from a position on. In a compressed file going back is slow.</summary>
    public void ReadAt(long position, Span<byte> buffer)
    {
        SeekTo(position);
        while (!buffer.IsEmpty)
        {
            var read = ReadSome(buffer);
            if (read == 0)
                throw Invalid($"it ends at byte {_position}: expected {Length} bytes, as when it was opened");

            buffer = buffer[read..];
        }
    }

    public void Dispose()
    {
        _unzipped?.Dispose();
        _file.Dispose();
    }

    private static bool IsCompressed(string path) => path.EndsWith(GzipExtension, StringComparison.OrdinalIgnoreCase);

    // The length that a .gz states is modulo 2^32: reading it all is the only way to know. .NET takes a cut file for a whole one,
    // which the stated length then tells apart.
    private long MeasureUncompressed()
    {
        Span<byte> stated = stackalloc byte[sizeof(uint)];
        if (_file.Length < stated.Length)
            throw Invalid($"it has {_file.Length} bytes: that is no valid .gz file");

        _file.Position = _file.Length - stated.Length;
        _file.ReadExactly(stated);
        var buffer = new byte[1 << 18];
        Rewind();
        while (ReadSome(buffer) > 0)
        {
        }

        return (uint)_position == BinaryPrimitives.ReadUInt32LittleEndian(stated)
            ? _position
            : throw Invalid(
                $"{_position} bytes came out of it and {BinaryPrimitives.ReadUInt32LittleEndian(stated)} (modulo 2^32) are stated at its end: " +
                "it is no valid .gz file, but cut off or joined from several");
    }

    private void SeekTo(long position)
    {
        if (_unzipped is null)
        {
            if (_file.Position != position)
                _file.Position = position;

            _position = position;
            return;
        }

        if (position < _position)
            Rewind();

        Span<byte> skipped = stackalloc byte[4096];
        while (_position < position)
        {
            if (ReadSome(skipped[..(int)Math.Min(skipped.Length, position - _position)]) == 0)
                throw Invalid($"it ends at byte {_position}: expected {Length} bytes, as when it was opened");
        }
    }

    private void Rewind()
    {
        _unzipped?.Dispose();
        _file.Position = 0;
        _position = 0;
        _unzipped = new GZipStream(_file, CompressionMode.Decompress, leaveOpen: true);
    }

    private int ReadSome(Span<byte> buffer)
    {
        try
        {
            var read = _unzipped is null ? _file.Read(buffer) : _unzipped.Read(buffer);
            _position += read;
            return read;
        }
        catch (InvalidDataException e)
        {
            throw Invalid($"from uncompressed byte {_position} on it is no valid .gz file", e);
        }
    }
}
