namespace FaissNet;

// Saving.
public abstract partial class BinaryIndex
{
    /// <summary>Writes the index to a file in FAISS's own format. FAISS's <c>write_index_binary</c>.</summary>
    /// <remarks>The file appears whole or not at all, as with <see cref="VectorIndex.Save(string)"/>.</remarks>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="IOException">The file cannot be written: the folder is missing, the disk is full, ….</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the file may not be written.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, Save);
    }

    /// <summary>Writes the index to a stream in FAISS's own format, from the stream's position on.</summary>
    /// <param name="stream">A writable stream. It is flushed, not closed.</param>
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    /// <remarks>Exceptions of the stream come through as they are.</remarks>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanWrite)
            throw new ArgumentException("stream cannot be written: expected a writable stream.", nameof(stream));

        Read();
        try
        {
            SaveCore(stream);
            stream.Flush();
        }
        finally
        {
            EndRead();
        }
    }

    /// <summary>Writes the index to a file in FAISS's own format on a thread of the pool, as <see cref="Save(string)"/> does.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Stops the writing; a file that was there before stays as it was.</param>
    /// <inheritdoc cref="Save(string)" path="/exception"/>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public Task SaveAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Task.Run(
            () => AtomicFile.Write(path, file =>
            {
                SaveInBlocks(file, cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
            }),
            cancellationToken);
    }

    /// <summary>Writes the index to a stream in FAISS's own format on a thread of the pool, through the stream's asynchronous methods
    /// alone.</summary>
    /// <param name="stream">A writable stream. It is flushed, not closed.</param>
    /// <param name="cancellationToken">Stops the writing; what the stream has received by then is unspecified.</param>
    /// <inheritdoc cref="Save(Stream)" path="/exception"/>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public Task SaveAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanWrite)
            throw new ArgumentException("stream cannot be written: expected a writable stream.", nameof(stream));

        return Task.Run(() => SaveInBlocks(stream, cancellationToken), cancellationToken);
    }

    private void SaveInBlocks(Stream stream, CancellationToken cancellationToken)
    {
        // Not disposed, which would write once more after a failure; it holds nothing but memory.
        var blocks = new BufferedStream(new AsyncWriteStream(stream, cancellationToken), 1 << 20);
        Save(blocks);
    }

    /// <summary>Writes the index to a writable stream.</summary>
    protected abstract void SaveCore(Stream stream);
}
