namespace FaissNet.Data;

/// <summary>Writes vectors, batch by batch, to <c>.fvecs</c> or <c>.npy</c> (float32).</summary>
/// <remarks>The file appears whole at <see cref="Complete"/>; without that call <see cref="Dispose"/> discards what was written, and a file
/// that was there before stays as it was.</remarks>
public sealed class VectorWriter : IDisposable
{
    private readonly RowWriter<float> _rows;

    private VectorWriter(RowWriter<float> rows, int dimension) => (_rows, Dimension) = (rows, dimension);

    /// <summary>Components per vector.</summary>
    public int Dimension { get; }

    /// <summary>The vectors written so far.</summary>
    public long Count => _rows.Count;

    /// <summary>Whether the name tells a format that can be written.</summary>
    public static bool IsSupported(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.EndsWith(".fvecs", StringComparison.OrdinalIgnoreCase) || RowWriter<float>.IsNpy(path);
    }

    /// <summary>Begins a file.</summary>
    /// <exception cref="ArgumentException">The name tells no format that can be written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimension"/> is not 1 to 2^20.</exception>
    /// <exception cref="IOException">The file cannot be written: the folder is missing, ….</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static VectorWriter Create(string path, int dimension)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!IsSupported(path))
            throw new ArgumentException($"path is \"{path}\": expected a name that ends in .fvecs or .npy.", nameof(path));

        if (dimension is < 1 or > RowLayout.MaxDimension)
        {
            throw new ArgumentOutOfRangeException(
                nameof(dimension), dimension, $"dimension is {dimension}: expected 1 to {RowLayout.MaxDimension}.");
        }

        return new VectorWriter(new RowWriter<float>(path, dimension, RowWriter<float>.IsNpy(path) ? "<f4" : null), dimension);
    }

    /// <summary>Appends n·<see cref="Dimension"/> floats.</summary>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="Dimension"/>.</exception>
    /// <exception cref="IOException">The disk is full, ….</exception>
    public void Write(ReadOnlySpan<float> rows)
    {
        if (rows.Length % Dimension != 0)
            throw new ArgumentException($"rows holds {rows.Length} floats: expected a multiple of the dimension, {Dimension}.", nameof(rows));

        _rows.Write(rows);
    }

    /// <summary>Brings everything to the disk and gives the file its name. Nothing can be written afterwards.</summary>
    /// <exception cref="IOException">The disk is full, ….</exception>
    public void Complete() => _rows.Complete();

    /// <summary>Without a <see cref="Complete"/> before it, discards the file.</summary>
    public void Dispose() => _rows.Dispose();
}
