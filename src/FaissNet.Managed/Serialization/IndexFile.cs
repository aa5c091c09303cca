using FaissNet.Serialization;

namespace FaissNet;

/// <summary>Looks into FAISS's index files without loading them.</summary>
public static class IndexFile
{
    /// <summary>
    /// Checks that a file which FAISS wrote, or claims to have written, can be loaded, searched, reconstructed from and added
    /// to without reading or writing out of bounds, without an endless loop and without an allocation out of all proportion.
    /// </summary>
    /// <inheritdoc cref="Validate(Stream, CancellationToken)" path="/remarks"/>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Stops the work between two reads.</param>
    /// <returns>What the file holds. Look at <see cref="IndexFileInfo.IsRecognised"/> before trusting it.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or is no index; the message names the part, the value
    /// and the byte offset.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static IndexFileInfo Validate(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        // The reader has a buffer of its own.
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        return Validate(stream, cancellationToken);
    }

    /// <summary>
    /// Checks that what FAISS wrote, or is claimed to have written, can be loaded, searched, reconstructed from and added to
    /// without reading or writing out of bounds, without an endless loop and without an allocation out of all proportion.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The check is of structure: lengths, sizes, ids, links and parameters, against each other and against the length of the
    /// file. FAISS's format has no checksum, so damage to vectors, codes or centroids that leaves the structure intact is not
    /// found; it changes results, but cannot crash. The layout is that of <c>faiss/impl/index_read.cpp</c>, versions 1.7.3 to
    /// 1.14, including the older layouts which these still read.
    /// </para>
    /// <para>
    /// Memory does not grow with the vectors: payload is passed over, by seeking where the stream can. What is held is the
    /// sizes of inverted lists and the levels of HNSW nodes.
    /// </para>
    /// </remarks>
    /// <param name="stream">Read from its current position. One that can seek is left where it was; one that cannot is used up,
    /// and may be read a block further than the index goes.</param>
    /// <param name="cancellationToken">Stops the work between two reads.</param>
    /// <returns>What the stream holds. Look at <see cref="IndexFileInfo.IsRecognised"/> before trusting it: types which
    /// this version does not know, and types which FAISS reads but which are not checked here (lattices,
    /// fast-scan over additive quantizers), are reported and not refused.</returns>
    /// <exception cref="InvalidDataException">The content is damaged, or is no index; the message names the part, the value
    /// and the byte offset.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static IndexFileInfo Validate(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead)
            throw new ArgumentException("The stream cannot be read.", nameof(stream));

        return new IndexValidator(new BoundedReader(stream, cancellationToken)).Run();
    }
}
