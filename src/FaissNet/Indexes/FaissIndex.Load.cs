using FaissNet.Interop;

namespace FaissNet;

// Loading.
public partial class FaissIndex
{
    /// <summary>Reads an index from a file that FAISS wrote, in whatever language. FAISS's <c>read_index</c>.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The index, as the class that fits its type.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file holds no valid index; the message names the part and the position.</exception>
    public static FaissIndex Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20);
        return Load(file);
    }

    /// <summary>Reads an index from a stream, from its position on to the end of the index.</summary>
    /// <param name="stream">A readable stream.</param>
    /// <inheritdoc cref="Load(string)" path="/returns"/>
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be read.</exception>
    /// <exception cref="InvalidDataException">The stream holds no valid index; the message names the part and the position.</exception>
    /// <remarks>Exceptions of the stream come through as they are.</remarks>
    public static FaissIndex Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead)
            throw new ArgumentException("stream cannot be read: expected a readable stream.", nameof(stream));

        return Wrap(StreamBridge.Read(stream));
    }
}
