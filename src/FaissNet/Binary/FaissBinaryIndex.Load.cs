using FaissNet.Interop;
using FaissNet.Serialization;

namespace FaissNet;

// Loading.
public partial class FaissBinaryIndex
{
    /// <summary>Reads a binary index from a file that FAISS wrote, in whatever language. FAISS's <c>read_index_binary</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trusted">Skips the check of the file's structure, as in <see cref="FaissIndex.Load(string, bool)"/>.</param>
    /// <returns>The index, as the class that fits its type.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file holds no valid index; the message names the part and the position.</exception>
    /// <exception cref="NotSupportedException">The file holds an index that is not binary, or a type that cannot be checked and is not
    /// <paramref name="trusted"/>.</exception>
    public static FaissBinaryIndex Load(string path, bool trusted = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20);
        return Load(file, trusted);
    }

    /// <summary>Reads a binary index from a stream, from its position on to the end of the index.</summary>
    /// <param name="stream">A readable stream. One that cannot seek is first copied to a temporary file, unless
    /// <paramref name="trusted"/>: it has to be read twice.</param>
    /// <param name="trusted">Skips the check of the structure.</param>
    /// <inheritdoc cref="Load(string, bool)" path="/returns"/>
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be read.</exception>
    /// <exception cref="InvalidDataException">The stream holds no valid index; the message names the part and the position.</exception>
    /// <exception cref="NotSupportedException">It holds an index that is not binary, or a type that cannot be checked and is not
    /// <paramref name="trusted"/>.</exception>
    /// <remarks>Exceptions of the stream come through as they are.</remarks>
    public static FaissBinaryIndex Load(Stream stream, bool trusted = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead)
            throw new ArgumentException("stream cannot be read: expected a readable stream.", nameof(stream));

        if (trusted)
            return Wrap(StreamBridge.ReadBinary(stream));

        if (!stream.CanSeek)
        {
            using var copy = TemporaryCopy.Of(stream);
            return Load(copy);
        }

        var file = IndexFile.Validate(stream);
        if (!file.IsBinary)
            throw new NotSupportedException($"This is no binary index, but an {file.TypeName}: load it with {nameof(FaissIndex)}.{nameof(FaissIndex.Load)}.");

        FaissIndex.RequireChecked(file);
        return Wrap(StreamBridge.ReadBinary(stream));
    }
}
