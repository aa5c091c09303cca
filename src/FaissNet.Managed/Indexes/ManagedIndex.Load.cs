using FaissNet.Serialization;

namespace FaissNet.Managed;

// Loading.
public abstract partial class ManagedIndex
{
    /// <summary>Reads an index from a file that FAISS wrote, in whatever language. FAISS's <c>read_index</c>.</summary>
    /// <remarks>The file's whole structure is checked first (<see cref="IndexFile.Validate(string, CancellationToken)"/>); a damaged or forged
    /// file is refused before memory is taken on its word.</remarks>
    /// <param name="path">The file.</param>
    /// <param name="listsPath">Where the file of the inverted lists is, if the index keeps them in one of their own (FAISS's
    /// <c>OnDiskInvertedLists</c>); null if it lies beside the index file, under the name that this gives it.</param>
    /// <returns>The index, as the class that fits its type.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or <paramref name="listsPath"/> was given for an index that has no
    /// such file.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file holds no valid index; the message names the part and the position.</exception>
    /// <exception cref="NotSupportedException">The file holds an index type that only the native engine knows, or names a file of
    /// lists that does not lie beside it.</exception>
    public static ManagedIndex Load(string path, string? listsPath = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = OpenFile(path);
        return IndexLoader.Load(file, listsPath);
    }

    /// <summary>As <see cref="Load(string, string?)"/>, told to somebody and stopped on demand.</summary>
    /// <param name="path">The file.</param>
    /// <param name="listsPath">Where the file of the inverted lists is, if the index keeps them in one of their own.</param>
    /// <param name="progress">Told the bytes read, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <inheritdoc cref="Load(string, string?)" path="/returns|/exception"/>
    public static ManagedIndex Load(
        string path, string? listsPath, IProgress<IndexProgress>? progress, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = OpenFile(path);
        return IndexLoader.Load(file, listsPath, progress, cancellationToken);
    }

    /// <summary>As <see cref="Load(Stream)"/>, told to somebody and stopped on demand.</summary>
    /// <param name="stream">A readable stream.</param>
    /// <param name="progress">Told the bytes read, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the reading; a stream that can seek is then back where it was.</param>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <inheritdoc cref="Load(Stream)" path="/returns|/exception|/remarks"/>
    public static ManagedIndex Load(Stream stream, IProgress<IndexProgress>? progress, CancellationToken cancellationToken = default)
    {
        RequireReadable(stream);
        if (stream.CanSeek)
            return IndexLoader.Load(stream, null, progress, cancellationToken);

        using var copy = TemporaryCopy.Of(stream, cancellationToken);
        return IndexLoader.Load(copy, null, progress, cancellationToken);
    }

    /// <summary>Reads an index from a stream, from its position on to the end of the index.</summary>
    /// <param name="stream">A readable stream; one that can seek is left right behind the index. One that cannot seek is first copied to a
    /// temporary file, to its end: it has to be read twice.</param>
    /// <inheritdoc cref="Load(string, string?)" path="/returns"/>
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be read.</exception>
    /// <exception cref="InvalidDataException">The stream holds no valid index; the message names the part and the position.</exception>
    /// <exception cref="NotSupportedException">It holds an index type that only the native engine knows, or names another file that holds a
    /// part of it.</exception>
    /// <remarks>Exceptions of the stream come through as they are.</remarks>
    public static ManagedIndex Load(Stream stream)
    {
        RequireReadable(stream);
        if (stream.CanSeek)
            return IndexLoader.Load(stream);

        using var copy = TemporaryCopy.Of(stream);
        return IndexLoader.Load(copy);
    }

    /// <summary>Reads an index from a file on a thread of the pool, as <see cref="Load(string, string?)"/> does.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <inheritdoc cref="Load(string, string?)" path="/returns"/>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file holds no valid index; the message names the part and the position.</exception>
    /// <exception cref="NotSupportedException">The file holds an index type that only the native engine knows, or names another file that
    /// holds a part of it.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public static Task<ManagedIndex> LoadAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Task.Run(
            () =>
            {
                using var file = OpenFile(path);
                return IndexLoader.Load(file, null, null, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Reads an index from a stream on a thread of the pool, as <see cref="Load(Stream)"/> does. A stream that cannot seek, such as
    /// one from a network, is read through its asynchronous methods alone.</summary>
    /// <param name="stream">A readable stream.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <inheritdoc cref="Load(string, string?)" path="/returns"/>
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be read.</exception>
    /// <exception cref="InvalidDataException">The stream holds no valid index; the message names the part and the position.</exception>
    /// <exception cref="NotSupportedException">It holds an index type that only the native engine knows, or names another file that holds a
    /// part of it.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <remarks>Exceptions of the stream come through as they are.</remarks>
    public static Task<ManagedIndex> LoadAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        RequireReadable(stream);
        return stream.CanSeek
            ? Task.Run(() => IndexLoader.Load(stream, null, null, cancellationToken), cancellationToken)
            : LoadCopyAsync(stream, cancellationToken);
    }

    /// <summary>
    /// Opens an index where it lies: its inverted lists and the vectors of flat indexes stay in the file and come into memory as searches
    /// touch them, page by page, and leave it when the system needs the room. An index larger than the memory can be searched so; what is
    /// loaded of it are coarse centroids, codebooks, rotations, the id maps of <c>IDMap</c>, and the codes of those types that keep them
    /// rearranged for speed (4-bit fast-scan) or outside of lists (PQ, SQ).
    /// </summary>
    /// <remarks>
    /// <para>The index can be searched, reconstructed from, saved and cloned (into memory), and nothing that would change its vectors: that
    /// throws <see cref="NotSupportedException"/>. Search settings can be set.</para>
    /// <para>The structure of the file is checked as <see cref="Load(string, string?)"/> does. While the index is open the file must not be written
    /// to or cut: what is read of a file that another program cuts ends the process. <see cref="IndexBase.Save(string)"/> onto the file is
    /// safe, since it replaces it; the index goes on with the old one. <see cref="IndexBase.Dispose()"/> unmaps the file once the calls that
    /// are under way have finished.</para>
    /// </remarks>
    /// <param name="path">The file.</param>
    /// <param name="listsPath">Where the file of the inverted lists is, if the index keeps them in one of their own; it is then mapped as
    /// well. Null if it lies beside the index file, under the name that this gives it.</param>
    /// <inheritdoc cref="Load(string, string?)" path="/returns"/>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or <paramref name="listsPath"/> was given for an index that has no
    /// such file.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read or mapped.</exception>
    /// <exception cref="InvalidDataException">The file holds no valid index; the message names the part and the position.</exception>
    /// <exception cref="NotSupportedException">The file holds an index type that only the native engine knows, or names another file that
    /// holds a part of it.</exception>
    public static ManagedIndex LoadMapped(string path, string? listsPath = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return IndexLoader.LoadMapped(OpenFile(path), listsPath);
    }

    /// <summary>Sets what a file says about the content that was just put in.</summary>
    internal void Restore(long count, bool isTrained)
    {
        SetCount(count);
        SetTrained(isTrained);
    }

    /// <summary>Computes what is not in files, once everything that is has been put in.</summary>
    internal virtual void AfterLoad()
    {
    }

    /// <summary>Takes over the settings that files do not hold from the index of the same class that this is a copy of.</summary>
    internal virtual void CopySettings(ManagedIndex from)
    {
    }

    // The loader has a buffer of its own.
    private static FileStream OpenFile(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);

    private static void RequireReadable(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead)
            throw new ArgumentException("stream cannot be read: expected a readable stream.", nameof(stream));
    }

    private static async Task<ManagedIndex> LoadCopyAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var copy = await TemporaryCopy.OfAsync(stream, cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => IndexLoader.Load(copy, null, null, cancellationToken), cancellationToken).ConfigureAwait(false);
    }
}
