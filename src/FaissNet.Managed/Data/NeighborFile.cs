using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FaissNet.Data;

/// <summary>The ids of each query's neighbours, nearest first.</summary>
/// <param name="Labels"><paramref name="Count"/>·<paramref name="K"/> ids, row by row; -1 where there is no neighbour.</param>
/// <param name="Count">The number of queries.</param>
/// <param name="K">Neighbours per query.</param>
public sealed record NeighborSet(long[] Labels, int Count, int K);

/// <summary>
/// Files of neighbours' ids, one row per query: <c>.ivecs</c> (TEXMEX, 32 bits per id) and <c>.npy</c> (int64; int32 is read too). Read also
/// with <c>.gz</c> behind it.
/// </summary>
public static class NeighborFile
{
    /// <summary>Whether the name tells a format that can be read.</summary>
    public static bool IsReadable(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return IsWritable(DataFile.UncompressedName(path));
    }

    /// <summary>Whether the name tells a format that can be written.</summary>
    public static bool IsWritable(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.EndsWith(".ivecs", StringComparison.OrdinalIgnoreCase) || RowWriter<int>.IsNpy(path);
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="ArgumentException">The name tells no format.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not valid; the message names it, what is wrong, and what was expected.</exception>
    public static NeighborSet Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!IsReadable(path))
            throw new ArgumentException($"path is \"{path}\": expected a name that ends in .ivecs or .npy, also with .gz behind it.", nameof(path));

        using var file = DataFile.Open(path);
        var layout = FileFormats.Read(file);
        if (layout.Element is not (ElementType.Int32 or ElementType.Int64))
            throw file.Invalid($"its elements are {layout.Element}: expected ids, '<i8' or '<i4' (npy)");

        if (layout.Count > Array.MaxLength / layout.Dimension)
            throw file.Invalid($"it holds {layout.Count} rows of {layout.Dimension} ids: expected at most {Array.MaxLength} ids");

        var labels = new long[layout.Count * layout.Dimension];
        ReadRows(file, layout, labels);
        if (labels.AsSpan().IndexOfAnyInRange(long.MinValue, -2) is >= 0 and var at)
            throw file.Invalid($"row {at / layout.Dimension} holds the id {labels[at]}: expected 0 or more, or -1 for \"no neighbour\"");

        return new NeighborSet(labels, (int)layout.Count, layout.Dimension);
    }

    /// <summary>Writes n·k ids. The file appears whole or not at all.</summary>
    /// <inheritdoc cref="NeighborWriter.Create" path="/exception"/>
    /// <inheritdoc cref="NeighborWriter.Write" path="/exception"/>
    public static void Write(string path, ReadOnlySpan<long> labels, int k)
    {
        using var writer = NeighborWriter.Create(path, k);
        writer.Write(labels);
        writer.Complete();
    }

    private static void ReadRows(DataFile file, RowLayout layout, Span<long> labels)
    {
        var row = new byte[layout.RowBytes];
        var k = layout.Dimension;
        for (var i = 0; i < layout.Count; i++)
        {
            file.ReadAt(layout.DataStart + ((long)i * row.Length), row);
            var ids = row.AsSpan();
            if (layout.HasRowHeader)
            {
                var columns = BinaryPrimitives.ReadInt32LittleEndian(ids);
                if (columns != k)
                    throw file.Invalid($"row {i} has k = {columns}: expected {k}, as row 0 has");

                ids = ids[RowLayout.RowHeaderBytes..];
            }

            var target = labels.Slice(i * k, k);
            if (layout.Element == ElementType.Int64)
            {
                MemoryMarshal.Cast<byte, long>(ids).CopyTo(target);
                continue;
            }

            var narrow = MemoryMarshal.Cast<byte, int>(ids);
            for (var j = 0; j < k; j++)
                target[j] = narrow[j];
        }
    }
}

/// <summary>Writes neighbours' ids, batch by batch, to <c>.ivecs</c> or <c>.npy</c> (int64).</summary>
/// <inheritdoc cref="VectorWriter" path="/remarks"/>
public sealed class NeighborWriter : IDisposable
{
    private readonly string _path;
    private readonly RowWriter<long>? _wide;
    private readonly RowWriter<int>? _narrow;

    private NeighborWriter(string path, int k)
    {
        (_path, K) = (path, k);
        if (RowWriter<long>.IsNpy(path))
            _wide = new RowWriter<long>(path, k, "<i8");
        else
            _narrow = new RowWriter<int>(path, k, npyDescr: null);
    }

    /// <summary>Neighbours per query.</summary>
    public int K { get; }

    /// <summary>Begins a file.</summary>
    /// <exception cref="ArgumentException">The name tells no format that can be written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is not 1 to 2^20.</exception>
    /// <inheritdoc cref="VectorWriter.Create" path="/exception[@cref='T:System.IO.IOException' or @cref='T:System.UnauthorizedAccessException']"/>
    public static NeighborWriter Create(string path, int k)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!NeighborFile.IsWritable(path))
            throw new ArgumentException($"path is \"{path}\": expected a name that ends in .ivecs or .npy.", nameof(path));

        if (k is < 1 or > RowLayout.MaxDimension)
            throw new ArgumentOutOfRangeException(nameof(k), k, $"k is {k}: expected 1 to {RowLayout.MaxDimension}.");

        return new NeighborWriter(path, k);
    }

    /// <summary>Appends n·<see cref="K"/> ids.</summary>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="K"/>, or an id does not fit into .ivecs's 32 bits.</exception>
    /// <exception cref="IOException">The disk is full, ….</exception>
    public void Write(ReadOnlySpan<long> labels)
    {
        if (labels.Length % K != 0)
            throw new ArgumentException($"labels holds {labels.Length} ids: expected a multiple of k, {K}.", nameof(labels));

        if (_narrow is null)
        {
            _wide!.Write(labels);
            return;
        }

        var row = ArrayPool<int>.Shared.Rent(K);
        for (; !labels.IsEmpty; labels = labels[K..])
        {
            for (var j = 0; j < K; j++)
                row[j] = Narrow(labels[j]);

            _narrow.Write(row.AsSpan(0, K));
        }

        ArrayPool<int>.Shared.Return(row);
    }

    /// <inheritdoc cref="VectorWriter.Complete"/>
    public void Complete()
    {
        _wide?.Complete();
        _narrow?.Complete();
    }

    /// <inheritdoc cref="VectorWriter.Dispose"/>
    public void Dispose()
    {
        _wide?.Dispose();
        _narrow?.Dispose();
    }

    private int Narrow(long id) => id is >= int.MinValue and <= int.MaxValue
        ? (int)id
        : throw new ArgumentException($"The id {id} does not fit into the 32 bits that .ivecs has ({_path}): write to a name that ends in .npy.");
}
