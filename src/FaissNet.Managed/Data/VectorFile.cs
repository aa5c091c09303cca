namespace FaissNet.Data;

/// <summary>
/// Files of vectors, told by their names: <c>.fvecs</c>, <c>.bvecs</c>, <c>.ivecs</c> (the TEXMEX formats), <c>.npy</c> (NumPy: float32,
/// float64 or uint8, C order, little-endian, of shape (n, d), or (d,) for one vector), <c>.idx</c> and <c>…-ubyte</c> (MNIST's
/// images, one row of pixels 0 … 255 each); all of them also with <c>.gz</c> behind it.
/// </summary>
public static class VectorFile
{
    /// <summary>The most components per vector that files may have: FAISS's newer readers refuse more.</summary>
    public const int MaxDimension = RowLayout.MaxDimension;

    /// <summary>The endings of the names that can be read, for messages.</summary>
    public const string SupportedNames = FileFormats.Names;

    /// <summary>Whether the name tells a format that can be read.</summary>
    public static bool IsSupported(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return FileFormats.IsKnown(path);
    }

    /// <summary>Opens a file and reads its header. A .gz file is decompressed once to learn its length.</summary>
    /// <exception cref="ArgumentException">The name tells no format.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not valid; the message names it, what is wrong, and what was expected.</exception>
    public static VectorReader Open(string path)
    {
        FileFormats.RequireKnown(path);
        var file = DataFile.Open(path);
        try
        {
            var layout = FileFormats.Read(file);
            return layout is { Format: "npy", Element: ElementType.Int32 or ElementType.Int64 }
                ? throw file.Invalid("its elements are integers: expected '<f4', '<f8' or '|u1', such as array.astype('<f4') has (npy)")
                : new VectorReader(file, layout);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads all rows of a file that fits into memory.</summary>
    /// <returns>n·d floats, row by row.</returns>
    /// <exception cref="InvalidDataException">The file is not valid, or holds more floats than an array.</exception>
    /// <inheritdoc cref="Open" path="/exception"/>
    public static VectorSet ReadAll(string path)
    {
        using var reader = Open(path);
        return reader.ReadRows(reader.Count);
    }

    /// <summary>Writes n·d floats, to <c>.fvecs</c> or <c>.npy</c>. The file appears whole or not at all.</summary>
    /// <inheritdoc cref="VectorWriter.Create" path="/exception"/>
    /// <inheritdoc cref="VectorWriter.Write" path="/exception"/>
    public static void Write(string path, ReadOnlySpan<float> vectors, int dimension)
    {
        using var writer = VectorWriter.Create(path, dimension);
        writer.Write(vectors);
        writer.Complete();
    }
}

/// <summary>Vectors in memory.</summary>
/// <param name="Values"><paramref name="Count"/>·<paramref name="Dimension"/> floats, row by row.</param>
/// <param name="Count">The number of vectors.</param>
/// <param name="Dimension">Components per vector.</param>
public sealed record VectorSet(float[] Values, int Count, int Dimension);
