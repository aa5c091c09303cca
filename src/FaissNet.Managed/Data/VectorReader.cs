using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace FaissNet.Data;

/// <summary>
/// Reads the rows of a vector file as float32, batch by batch into the caller's buffer: a file may be larger than the memory.
/// <see cref="VectorFile.Open"/> makes it. Not for several threads at once.
/// </summary>
public sealed class VectorReader : IDisposable
{
    private const int ChunkBytes = 1 << 20;

    private readonly DataFile _file;
    private readonly RowLayout _layout;
    private byte[]? _chunk;
    private bool _disposed;

    internal VectorReader(DataFile file, RowLayout layout) => (_file, _layout) = (file, layout);

    /// <summary>The file, as it was named.</summary>
    public string Path => _file.Path;

    /// <summary>The format: <c>fvecs</c>, <c>bvecs</c>, <c>ivecs</c>, <c>npy</c> or <c>idx</c>.</summary>
    public string Format => _layout.Format;

    /// <summary>Components per vector; of an image, its pixels.</summary>
    public int Dimension => _layout.Dimension;

    /// <summary>The vectors in the file.</summary>
    public long Count => _layout.Count;

    /// <summary>The row that the next <see cref="Read"/> begins with.</summary>
    public long Position { get; private set; }

    /// <summary>Reads as many whole rows as fit into the buffer and are left.</summary>
    /// <param name="rows">Receives rows of <see cref="Dimension"/> floats; bytes become 0 … 255.</param>
    /// <returns>The number of rows read; 0 at the end.</returns>
    /// <exception cref="ArgumentException"><paramref name="rows"/> holds less than one row.</exception>
    /// <exception cref="InvalidDataException">A row has another dimension than the first, a value is not finite as a float32, or the
    /// file became shorter.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The reader was disposed.</exception>
    public int Read(Span<float> rows)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (rows.Length < Dimension)
            throw new ArgumentException($"rows holds {rows.Length} floats: expected at least one row of {Dimension}.", nameof(rows));

        var count = (int)Math.Min(rows.Length / Dimension, Count - Position);
        rows = rows[..(count * Dimension)];
        if (_layout is { HasRowHeader: false, Element: ElementType.Single })
            _file.ReadAt(PositionOf(Position), MemoryMarshal.AsBytes(rows));
        else
            ReadConverted(rows, count);

        if (_layout.Element is ElementType.Single or ElementType.Double)
            RequireFinite(rows);

        Position += count;
        return count;
    }

    /// <summary>Reads a number of rows, or as many as are left, into new memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    /// <exception cref="InvalidDataException">The rows hold more floats than an array, or as for <see cref="Read"/>.</exception>
    /// <inheritdoc cref="Read" path="/exception[@cref='T:System.IO.IOException' or @cref='T:System.ObjectDisposedException']"/>
    public VectorSet ReadRows(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        count = Math.Min(count, Count - Position);
        if (count > Array.MaxLength / Dimension)
            throw _file.Invalid($"{count} rows of {Dimension} floats do not fit into one array: expected at most {Array.MaxLength / Dimension} rows");

        var values = GC.AllocateUninitializedArray<float>((int)count * Dimension);
        if (count > 0)
            Read(values);

        return new VectorSet(values, (int)count, Dimension);
    }

    /// <summary>Goes to a row, from which the next <see cref="Read"/> begins. In a .gz file going back means decompressing anew.</summary>
    /// <param name="row">0 to <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public void Seek(long row)
    {
        if (row < 0 || row > Count)
            throw new ArgumentOutOfRangeException(nameof(row), row, $"row is {row}: expected 0 to {Count}.");

        Position = row;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _disposed = true;
        _file.Dispose();
    }

    private long PositionOf(long row) => _layout.DataStart + (row * _layout.RowBytes);

    private void ReadConverted(Span<float> rows, int count)
    {
        var rowBytes = _layout.RowBytes;
        var rowsPerChunk = Math.Max(1, ChunkBytes / rowBytes);
        _chunk ??= new byte[(int)Math.Min(rowsPerChunk, Math.Max(1, Count)) * rowBytes];
        for (var first = 0; first < count; first += rowsPerChunk)
        {
            var chunkRows = Math.Min(rowsPerChunk, count - first);
            var bytes = _chunk.AsSpan(0, chunkRows * rowBytes);
            var target = rows.Slice(first * Dimension, chunkRows * Dimension);
            _file.ReadAt(PositionOf(Position + first), bytes);
            if (!_layout.HasRowHeader)
            {
                Convert(bytes, target);
                continue;
            }

            for (var i = 0; i < chunkRows; i++)
            {
                var row = bytes.Slice(i * rowBytes, rowBytes);
                RequireSameDimension(row, Position + first + i);
                Convert(row[RowLayout.RowHeaderBytes..], target.Slice(i * Dimension, Dimension));
            }
        }
    }

    private void Convert(ReadOnlySpan<byte> bytes, Span<float> target)
    {
        switch (_layout.Element)
        {
            case ElementType.Byte:
                TensorPrimitives.ConvertChecked(bytes, target);
                break;
            case ElementType.Int32:
                TensorPrimitives.ConvertChecked(MemoryMarshal.Cast<byte, int>(bytes), target);
                break;
            case ElementType.Single:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(target);
                break;
            default:
                // Beyond float32's range this gives infinity, which is refused afterwards.
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(bytes), target);
                break;
        }
    }

    private void RequireSameDimension(ReadOnlySpan<byte> row, long number)
    {
        var d = BinaryPrimitives.ReadInt32LittleEndian(row);
        if (d != Dimension)
            throw _file.Invalid($"row {number} has d = {d}: expected {Dimension}, as row 0 has");
    }

    private void RequireFinite(ReadOnlySpan<float> rows)
    {
        // Of nothing IsFiniteAll is false.
        if (rows.IsEmpty || TensorPrimitives.IsFiniteAll(rows))
            return;

        var i = 0;
        while (float.IsFinite(rows[i]))
            i++;

        throw _file.Invalid(
            $"row {Position + (i / Dimension)}, component {i % Dimension} is {rows[i].ToString(System.Globalization.CultureInfo.InvariantCulture)}: " +
            "expected a finite float32");
    }
}
