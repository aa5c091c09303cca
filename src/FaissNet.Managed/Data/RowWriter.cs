using System.Numerics;
using System.Runtime.InteropServices;

namespace FaissNet.Data;

/// <summary>Writes rows to .fvecs, .ivecs or .npy; the file appears at <see cref="Complete"/>.</summary>
internal sealed class RowWriter<T> : IDisposable
    where T : unmanaged, INumber<T>
{
    private readonly AtomicFile _file;
    private readonly string? _npyDescr;
    private readonly int _columns;

    /// <summary><paramref name="npyDescr"/> is NumPy's name of the type, or null for rows that begin with their dimension.</summary>
    public RowWriter(string path, int columns, string? npyDescr)
    {
        (_columns, _npyDescr) = (columns, npyDescr);
        _file = AtomicFile.Create(path);
        // The count is known at the end: its place is kept.
        if (npyDescr is not null)
            _file.Stream.Write(NpyHeader.Create(npyDescr, 0, columns));
    }

    public long Count { get; private set; }

    public static bool IsNpy(string path) => path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);

    public void Write(ReadOnlySpan<T> rows)
    {
        if (_npyDescr is not null)
        {
            _file.Stream.Write(MemoryMarshal.AsBytes(rows));
        }
        else
        {
            Span<byte> header = stackalloc byte[RowLayout.RowHeaderBytes];
            BitConverter.TryWriteBytes(header, _columns);
            for (var at = 0; at < rows.Length; at += _columns)
            {
                _file.Stream.Write(header);
                _file.Stream.Write(MemoryMarshal.AsBytes(rows.Slice(at, _columns)));
            }
        }

        Count += rows.Length / _columns;
    }

    public void Complete()
    {
        if (_npyDescr is not null)
        {
            _file.Stream.Position = 0;
            _file.Stream.Write(NpyHeader.Create(_npyDescr, Count, _columns));
        }

        _file.Commit();
    }

    public void Dispose() => _file.Dispose();
}
