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
    /// <exception cref="NotSupportedException">The file holds an index type that cannot be checked, or names a file of inverted lists
    /// that does not lie beside it, and is not <paramref name="trusted"/>.</exception>
    /// <remarks>An index that keeps its inverted lists in a file of their own is opened for reading alone if that file lies beside the
    /// index file; <see cref="LoadOnDisk"/> looks elsewhere too.</remarks>
    public static FaissIndex Load(string path, bool trusted = false) => Load(path, trusted, progress: null);

    /// <summary>As <see cref="Load(string, bool)"/>, told to somebody and stopped on demand.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trusted">Skips the check of the structure.</param>
    /// <param name="progress">Told the bytes read, on the calling thread.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <inheritdoc cref="Load(string, bool)" path="/returns|/exception"/>
    public static FaissIndex Load(string path, bool trusted, IProgress<IndexProgress>? progress, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20);
        if (trusted)
            return Read(file, file.Length, progress, cancellationToken);

        var info = IndexFile.Validate(file, cancellationToken);
        RequireFloats(info);
        return ListsFile.Find(info, path, listsPath: null, anywhere: false) is { } lists
            ? OpenNative(path, lists, map: false, writable: false)
            : Read(file, info.Length, progress, cancellationToken);
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
    public static FaissIndex Load(Stream stream, bool trusted = false) => Load(stream, trusted, progress: null);

    /// <summary>As <see cref="Load(Stream, bool)"/>, told to somebody and stopped on demand.</summary>
    /// <param name="stream">A readable stream. One that cannot seek is first copied to a temporary file, unless <paramref name="trusted"/>.</param>
    /// <param name="trusted">Skips the check of the structure.</param>
    /// <param name="progress">Told the bytes read, on the calling thread; of a trusted stream that cannot seek nothing is known of what is to
    /// come, and nothing reported before the end.</param>
    /// <param name="cancellationToken">Stops between blocks; a stream that can seek is then back where it was.</param>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <inheritdoc cref="Load(Stream, bool)" path="/returns|/exception|/remarks"/>
    public static FaissIndex Load(Stream stream, bool trusted, IProgress<IndexProgress>? progress, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead)
            throw new ArgumentException("stream cannot be read: expected a readable stream.", nameof(stream));

        if (trusted)
            return Read(stream, stream.CanSeek ? stream.Length - stream.Position : 0, progress, cancellationToken);

        if (stream.CanSeek)
        {
            var info = IndexFile.Validate(stream, cancellationToken);
            RequireFloats(info);
            _ = ListsFile.Find(info, indexPath: null, listsPath: null, anywhere: false);
            return Read(stream, info.Length, progress, cancellationToken);
        }

        using var copy = TemporaryCopy.Of(stream, cancellationToken);
        return Load(copy, trusted: false, progress, cancellationToken);
    }

    private static FaissIndex Read(Stream stream, long length, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        if (progress is null && !cancellationToken.CanBeCanceled)
            return Wrap(StreamBridge.Read(stream));

        var start = stream.CanSeek ? stream.Position : 0;
        try
        {
            var watched = new WatchedStream(stream, IndexStage.Loading, length, progress, cancellationToken);
            var handle = StreamBridge.Read(watched);
            try
            {
                watched.Complete();
            }
            catch
            {
                handle.Dispose();
                throw;
            }

            return Wrap(handle);
        }
        catch (OperationCanceledException) when (stream.CanSeek)
        {
            stream.Position = start;
            throw;
        }
    }

    internal static void RequireChecked(IndexFileInfo file)
    {
        if (!file.IsRecognised)
        {
            throw new NotSupportedException(
                $"The structure of this index cannot be checked: {file.UnrecognisedPart}. If it comes from a source that you trust, load it with trusted: true.");
        }

        if (file.IsBinary && ListsFile.Reference(file) is { } external)
            throw new NotSupportedException($"This index keeps its lists in another file, \"{external.Path}\", which is not checked.");
    }

    private static void RequireFloats(IndexFileInfo file)
    {
        if (file.IsBinary)
        {
            throw new NotSupportedException(
                $"This is a binary index, an {file.TypeName}: load it with {nameof(FaissBinaryIndex)}.{nameof(FaissBinaryIndex.Load)}.");
        }

        RequireChecked(file);
    }
}
