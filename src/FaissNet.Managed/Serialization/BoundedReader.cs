using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FaissNet.Serialization;

/// <summary>
/// Reads little-endian fields from a stream that may hold anything. It knows how many bytes are left (where the stream
/// knows), which part of the file is being read and at what byte each field began, and never reserves memory on the word
/// of a length that the rest of the stream cannot fill.
/// </summary>
internal sealed class BoundedReader
{
    private const int BufferSize = 16 * 1024;

    // Enough to name every level of a legal file; a deeper path is cut, not followed.
    private const int MaximumPathLength = 64;

    private readonly Stream _stream;
    private readonly CancellationToken _cancellation;
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly long _origin;
    private readonly List<string> _path = new(8);
    private int _position;
    private int _filled;
    private long _bufferOffset;

    public BoundedReader(Stream stream, CancellationToken cancellationToken = default)
    {
        _stream = stream;
        _cancellation = cancellationToken;
        if (stream.CanSeek)
        {
            _origin = stream.Position;
            Length = Math.Max(0, stream.Length - _origin);
        }
    }

    /// <summary>Bytes from where the reader began to the end of the stream; null where the stream cannot tell.</summary>
    public long? Length { get; }

    /// <summary>Bytes read or skipped so far.</summary>
    public long Offset => _bufferOffset + _position;

    /// <summary>Bytes left, or <see cref="long.MaxValue"/> where the stream cannot tell.</summary>
    public long Remaining => Length is { } length ? length - Offset : long.MaxValue;

    /// <summary>Where the field that was read last began.</summary>
    public long FieldOffset { get; private set; }

    /// <summary>Names the part that is read until the returned scope is disposed.</summary>
    public PartScope Part(string name)
    {
        _path.Add(name);
        return new PartScope(_path);
    }

    public readonly ref struct PartScope(List<string> path)
    {
        public void Dispose() => path.RemoveAt(path.Count - 1);
    }

    /// <summary>The names of the parts being read, outermost first.</summary>
    public string Path => _path.Count <= MaximumPathLength
        ? string.Join(" > ", _path)
        : string.Join(" > ", _path.Take(MaximumPathLength)) + " > …";

    public byte ReadByte(string field) => Field(field, sizeof(byte))[0];

    public int ReadInt32(string field) => BinaryPrimitives.ReadInt32LittleEndian(Field(field, sizeof(int)));

    public long ReadInt64(string field) => BinaryPrimitives.ReadInt64LittleEndian(Field(field, sizeof(long)));

    public ulong ReadUInt64(string field) => BinaryPrimitives.ReadUInt64LittleEndian(Field(field, sizeof(ulong)));

    public float ReadSingle(string field) => BinaryPrimitives.ReadSingleLittleEndian(Field(field, sizeof(float)));

    public FourCC ReadFourCC(string field) => new(BinaryPrimitives.ReadUInt32LittleEndian(Field(field, sizeof(uint))));

    /// <summary>A C++ bool: any byte but 0 and 1 is undefined behaviour in the reader that trusts it.</summary>
    public bool ReadBoolean(string field)
    {
        var value = ReadByte(field);
        return value <= 1 ? value == 1 : throw Invalid(field, value, "0 or 1");
    }

    public int ReadInt32(string field, int minimum, int maximum) =>
        InRange(field, ReadInt32(field), minimum, maximum);

    public long ReadInt64(string field, long minimum, long maximum) =>
        InRange(field, ReadInt64(field), minimum, maximum);

    public float ReadFinite(string field, float minimum = float.MinValue, float maximum = float.MaxValue)
    {
        var value = ReadSingle(field);
        if (float.IsFinite(value) && value >= minimum && value <= maximum)
            return value;
        throw Invalid(field, value, minimum == float.MinValue
            ? "a finite number"
            : Range(minimum, maximum));
    }

    /// <summary>A <c>size_t</c> that must lie in a range that a long can hold.</summary>
    public long ReadSize(string field, long minimum, long maximum)
    {
        var value = ReadUInt64(field);
        return value >= (ulong)minimum && value <= (ulong)maximum
            ? (long)value
            : throw Invalid(field, value, Range(minimum, maximum));
    }

    /// <summary>The number of elements of a vector whose content follows: no more than the rest of the file can hold.</summary>
    public long ReadCount(string field, int elementSize)
    {
        var count = ReadUInt64(field);
        var room = Remaining / elementSize;
        return count <= (ulong)room
            ? (long)count
            : throw Invalid($"the number of elements of {field}", count,
                string.Create(CultureInfo.InvariantCulture, $"at most {room}: {Remaining} bytes are left"));
    }

    /// <summary>The number of elements of a vector, which must be <paramref name="expected"/>.</summary>
    public long ReadCount(string field, int elementSize, UInt128 expected, string because)
    {
        var count = ReadUInt64(field);
        if (count != expected)
            throw Invalid($"the number of elements of {field}", count, $"{expected} ({because})");
        var room = Remaining / elementSize;
        return count <= (ulong)room
            ? (long)count
            : throw Invalid($"the number of elements of {field}", count,
                string.Create(CultureInfo.InvariantCulture, $"at most {room}: {Remaining} bytes are left"));
    }

    /// <summary>Passes over a vector without looking at it.</summary>
    public long SkipVector(string field, int elementSize)
    {
        var count = ReadCount(field, elementSize);
        Skip(field, (UInt128)count * (uint)elementSize);
        return count;
    }

    /// <summary>Passes over a vector that must have <paramref name="expected"/> elements.</summary>
    public void SkipVector(string field, int elementSize, UInt128 expected, string because)
    {
        var count = ReadCount(field, elementSize, expected, because);
        Skip(field, (UInt128)count * (uint)elementSize);
    }

    /// <summary>Moves forward; by seeking where the stream can.</summary>
    public void Skip(string field, UInt128 bytes)
    {
        FieldOffset = Offset;
        if (bytes > (UInt128)Remaining)
            throw Ends(field, bytes);
        var left = (long)bytes;
        var buffered = Math.Min(left, _filled - _position);
        _position += (int)buffered;
        left -= buffered;
        if (left == 0)
            return;

        if (Length is not null)
        {
            _bufferOffset += _filled + left;
            _position = _filled = 0;
            _stream.Position = _origin + _bufferOffset;
            return;
        }

        while (left > 0)
        {
            if (!Fill())
                throw Ends(field, bytes);
            _position = (int)Math.Min(left, _filled);
            left -= _position;
        }
    }

    /// <summary>Fills <paramref name="destination"/> with the elements that come next.</summary>
    public void Read<T>(string field, Span<T> destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        FieldOffset = Offset;
        var bytes = MemoryMarshal.AsBytes(destination);
        if (bytes.Length > Remaining)
            throw Ends(field, (UInt128)bytes.Length);
        while (bytes.Length > 0)
        {
            if (_position == _filled && bytes.Length >= BufferSize)
            {
                // As much as that goes where it belongs at once.
                var read = ReadPastBuffer(bytes);
                if (read == 0)
                    throw Ends(field, (UInt128)bytes.Length);
                bytes = bytes[read..];
                continue;
            }

            if (_position == _filled && !Fill())
                throw Ends(field, (UInt128)bytes.Length);
            var part = Math.Min(bytes.Length, _filled - _position);
            _buffer.AsSpan(_position, part).CopyTo(bytes);
            _position += part;
            bytes = bytes[part..];
        }

        if (!BitConverter.IsLittleEndian)
            for (var i = 0; i < destination.Length; i++)
                MemoryMarshal.AsBytes(destination.Slice(i, 1)).Reverse();
    }

    /// <summary>Fills unmanaged memory with the bytes that come next.</summary>
    public unsafe void Read(string field, byte* destination, long bytes)
    {
        FieldOffset = Offset;
        if (bytes > Remaining)
            throw Ends(field, (UInt128)bytes);
        // Cancelling is noticed between blocks.
        const int block = 16 << 20;
        for (long done = 0; done < bytes; done += block)
            Read(field, new Span<byte>(destination + done, (int)Math.Min(block, bytes - done)));
    }

    /// <summary>
    /// Reads <paramref name="count"/> elements block by block and hands each block to <paramref name="visit"/> with the
    /// index of its first element, so that a vector of any length is inspected in constant memory.
    /// </summary>
    public void Visit<T>(string field, long count, BlockVisitor<T> visit)
        where T : unmanaged, IBinaryInteger<T>
    {
        const int blockBytes = 4096;
        Span<T> block = stackalloc T[blockBytes / Unsafe.SizeOf<T>()];
        for (long first = 0; first < count; first += block.Length)
        {
            var part = block[..(int)Math.Min(block.Length, count - first)];
            var offset = Offset;
            Read(field, part);
            FieldOffset = offset;
            visit(part, first);
        }
    }

    public delegate void BlockVisitor<T>(ReadOnlySpan<T> block, long first);

    /// <summary>
    /// Reads <paramref name="count"/> floats and says whether all are so small that sums of their squares stay finite.
    /// </summary>
    public bool AreModerate(string field, long count)
    {
        // The bits of positive floats are ordered as the floats are, with infinity and NaN beyond all others.
        const float largest = 1e15f;
        const uint magnitude = 0x7fff_ffff;
        var limit = BitConverter.SingleToUInt32Bits(largest);
        var areModerate = true;
        Visit<uint>(field, count, (block, _) =>
        {
            foreach (var bits in block)
                areModerate &= (bits & magnitude) <= limit;
        });
        return areModerate;
    }

    /// <summary>
    /// Reads a vector whole. Where the stream's length is unknown the array grows with what really arrives, so that a
    /// false count costs no memory.
    /// </summary>
    public T[] ReadArray<T>(string field, long count)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (count > Array.MaxLength / Unsafe.SizeOf<T>())
            throw Invalid($"the number of elements of {field}", count,
                string.Create(CultureInfo.InvariantCulture, $"at most {Array.MaxLength / Unsafe.SizeOf<T>()}"));
        const int unknownLengthStep = 16 * 1024;
        var array = new T[Length is null ? Math.Min(count, unknownLengthStep) : count];
        for (long done = 0; ;)
        {
            Read(field, array.AsSpan((int)done));
            done = array.Length;
            if (done == count)
                return array;
            Array.Resize(ref array, (int)Math.Min(count, 2 * done));
        }
    }

    /// <summary>Whether anything follows.</summary>
    public bool HasMore() => Length is not null ? Remaining > 0 : _position < _filled || Fill();

    /// <summary>Takes a stream that can seek back to where the reader began.</summary>
    public void Rewind()
    {
        if (Length is not null)
            _stream.Position = _origin;
    }

    /// <summary>Leaves a stream that can seek right behind what was read.</summary>
    public void LeaveStream()
    {
        if (Length is not null)
            _stream.Position = _origin + Offset;
    }

    /// <summary>The error for a field whose value cannot be.</summary>
    public InvalidDataException Invalid(string field, object value, string expected) =>
        Invalid(string.Create(CultureInfo.InvariantCulture, $"{field} is {value}, expected {expected}"));

    /// <summary>The error for a part that contradicts itself or another one.</summary>
    public InvalidDataException Invalid(string problem) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Path}: {problem} (at byte {FieldOffset})."));

    private InvalidDataException Ends(string field, UInt128 bytes) =>
        new(string.Create(CultureInfo.InvariantCulture,
            $"{Path}: the file ends within {field} (at byte {FieldOffset}; {bytes} bytes are needed" +
            $"{(Length is null ? "" : string.Create(CultureInfo.InvariantCulture, $", {Remaining} are left"))})."));

    private T InRange<T>(string field, T value, T minimum, T maximum)
        where T : INumber<T> =>
        value >= minimum && value <= maximum
            ? value
            : throw Invalid(field, value, Range(minimum, maximum));

    private static string Range<T>(T minimum, T maximum)
        where T : INumber<T> =>
        minimum == maximum
            ? string.Create(CultureInfo.InvariantCulture, $"{minimum}")
            : string.Create(CultureInfo.InvariantCulture, $"{minimum} … {maximum}");

    private ReadOnlySpan<byte> Field(string field, int size)
    {
        FieldOffset = Offset;
        if (_filled - _position < size)
        {
            if (size > Remaining)
                throw Ends(field, (UInt128)size);
            var rest = _filled - _position;
            _buffer.AsSpan(_position, rest).CopyTo(_buffer);
            _bufferOffset += _position;
            _position = 0;
            _filled = rest;
            while (_filled < size)
            {
                _cancellation.ThrowIfCancellationRequested();
                var read = _stream.Read(_buffer, _filled, _buffer.Length - _filled);
                if (read == 0)
                    throw Ends(field, (UInt128)size);
                _filled += read;
            }
        }

        var bytes = _buffer.AsSpan(_position, size);
        _position += size;
        return bytes;
    }

    private int ReadPastBuffer(Span<byte> bytes)
    {
        _cancellation.ThrowIfCancellationRequested();
        _bufferOffset += _filled;
        _position = _filled = 0;
        var read = _stream.Read(bytes);
        _bufferOffset += read;
        return read;
    }

    private bool Fill()
    {
        _cancellation.ThrowIfCancellationRequested();
        _bufferOffset += _filled;
        _position = 0;
        _filled = _stream.Read(_buffer, 0, _buffer.Length);
        return _filled > 0;
    }
}
