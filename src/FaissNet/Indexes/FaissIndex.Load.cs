using FaissNet.Interop;
using FaissNet.Serialization;

namespace FaissNet;

// Loading.
public partial class FaissIndex
{
    /// <summary>Reads an index from a file that FAISS wrote, in whatever language. FAISS's <c>read_index</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trusted">FAISS believes every length that a file states, and a damaged or forged one can end the process.
    /// So the structure of the file is checked first (<see cref="IndexFile.Validate(string, CancellationToken)"/>);
    /// <see langword="true"/> skips that for files that can only come from yourself.</param>
    /// <returns>The index, as the class that fits its type.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file holds no valid index; the message names the part and the position.</exception>
    /// <exception cref="NotSupportedException">The file holds an index type that cannot be checked, or names another file that
    /// holds a part of it, and is not <paramref name="trusted"/>.</exception>
    public static FaissIndex Load(string path, bool trusted = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20);
        return Load(file, trusted);
    }

    /// <summary>Reads an index from a stream, from its position on to the end of the index.</summary>
    /// <param name="stream">A readable stream. One that cannot seek is first copied to a temporary file, unless
    /// <paramref name="trusted"/>: it has to be read twice.</param>
    /// <param name="trusted">Skips the check of the structure, as in <see cref="Load(string, bool)"/>.</param>
    /// <inheritdoc cref="Load(string, bool)" path="/returns"/>
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be read.</exception>
    /// <exception cref="InvalidDataException">The stream holds no valid index; the message names the part and the position.</exception>
    /// <exception cref="NotSupportedException">It holds an index type that cannot be checked, or names another file that holds a part of it,
    /// and is not <paramref name="trusted"/>.</exception>
    /// <remarks>Exceptions of the stream come through as they are.</remarks>
    public static FaissIndex Load(Stream stream, bool trusted = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead)
            throw new ArgumentException("stream cannot be read: expected a readable stream.", nameof(stream));

        if (trusted)
            return Wrap(StreamBridge.Read(stream));

        if (stream.CanSeek)
        {
            var file = IndexFile.Validate(stream);
            if (file.IsBinary)
            {
                throw new NotSupportedException(
                    $"This is a binary index, an {file.TypeName}: load it with {nameof(FaissBinaryIndex)}.{nameof(FaissBinaryIndex.Load)}.");
            }

            RequireChecked(file);
            return Wrap(StreamBridge.Read(stream));
        }

        using var copy = TemporaryCopy.Of(stream);
        return Load(copy);
    }

    internal static void RequireChecked(IndexFileInfo file)
    {
        if (!file.IsRecognised)
        {
            throw new NotSupportedException(
                $"The structure of this index cannot be checked: {file.UnrecognisedPart}. If it comes from a source that you trust, load it with trusted: true.");
        }

        if (ExternalFile(file) is { } external)
        {
            throw new NotSupportedException(
                $"This index keeps its lists in another file, \"{external}\", which is not checked. If both come from a source that you trust, load it with trusted: true.");
        }
    }

    private static string? ExternalFile(IndexFileInfo file) =>
        file.ExternalFiles.Count > 0
            ? file.ExternalFiles[0].Path
            : file.SubIndexes.Select(ExternalFile).FirstOrDefault(path => path is not null);
}
