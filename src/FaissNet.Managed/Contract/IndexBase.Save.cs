using FaissNet.Serialization;

namespace FaissNet;

// Saving.
public abstract partial class IndexBase
{
    /// <summary>Writes the index to a file in FAISS's own format, which FAISS reads from every language. FAISS's <c>write_index</c>,
    /// <c>write_index_binary</c>.</summary>
    /// <remarks>The file appears whole or not at all: a temporary file in the same folder is written, flushed to the disk and
    /// renamed. Whatever goes wrong, a file that was there before stays as it was. Searches go on meanwhile; writers wait. A process that is
    /// killed meanwhile leaves the temporary file, <c>.faissnet-….tmp</c>, which anybody may delete.</remarks>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="IOException">The file cannot be written: the folder is missing, the disk is full, ….</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the file may not be written.</exception>
    /// <exception cref="NotSupportedException">FAISS cannot write this index type.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Save(string path) => Save(path, progress: null);

    /// <summary>As <see cref="Save(string)"/>, told to somebody and stopped on demand.</summary>
    /// <param name="path">The file.</param>
    /// <param name="progress">Told the bytes written, on the calling thread. To know how many there will be, the index is walked once before.</param>
    /// <param name="cancellationToken">Stops between blocks; a file that was there before stays as it was.</param>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <inheritdoc cref="Save(string)" path="/exception"/>
    public void Save(string path, IProgress<IndexProgress>? progress, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, file => Save(file, progress, cancellationToken));
    }

    /// <summary>Writes the index to a stream in FAISS's own format, from the stream's position on.</summary>
    /// <param name="stream">A writable stream. It is flushed, not closed.</param>
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be written.</exception>
    /// <exception cref="NotSupportedException">FAISS cannot write this index type.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    /// <remarks>Exceptions of the stream come through as they are.</remarks>
    public void Save(Stream stream) => Save(stream, progress: null);

    /// <summary>As <see cref="Save(Stream)"/>, told to somebody and stopped on demand.</summary>
    /// <param name="stream">A writable stream. It is flushed, not closed.</param>
    /// <param name="progress">Told the bytes written, on the calling thread. To know how many there will be, the index is walked once before.</param>
    /// <param name="cancellationToken">Stops between blocks. If the stream can seek and was at its end, it is then as it was before; of others
    /// it is unspecified what they have received.</param>
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be written.</exception>
    /// <exception cref="NotSupportedException">FAISS cannot write this index type.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    /// <remarks>Exceptions of the stream come through as they are.</remarks>
    public void Save(Stream stream, IProgress<IndexProgress>? progress, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanWrite)
            throw new ArgumentException("stream cannot be written: expected a writable stream.", nameof(stream));

        cancellationToken.ThrowIfCancellationRequested();
        Read();
        try
        {
            var length = stream.CanSeek && stream.Position == stream.Length ? stream.Length : -1;
            try
            {
                if (progress is null && !cancellationToken.CanBeCanceled)
                    SaveCore(stream);
                else
                    SaveWatched(stream, progress, cancellationToken);

                stream.Flush();
            }
            catch when (length >= 0)
            {
                TakeBack(stream, length);
                throw;
            }
        }
        finally
        {
            EndRead();
        }
    }

    /// <summary>Writes the index to a file in FAISS's own format on a thread of the pool, as <see cref="Save(string)"/> does.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Stops the writing; a file that was there before stays as it was.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="IOException">The file cannot be written: the folder is missing, the disk is full, ….</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the file may not be written.</exception>
    /// <exception cref="NotSupportedException">FAISS cannot write this index type.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
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
    /// <exception cref="ArgumentException"><paramref name="stream"/> cannot be written.</exception>
    /// <exception cref="NotSupportedException">FAISS cannot write this index type.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    /// <remarks>Exceptions of the stream come through as they are.</remarks>
    public Task SaveAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanWrite)
            throw new ArgumentException("stream cannot be written: expected a writable stream.", nameof(stream));

        return Task.Run(() => SaveInBlocks(stream, cancellationToken), cancellationToken);
    }

    private void SaveWatched(Stream stream, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        Hold();
        try
        {
            var total = 0L;
            if (progress is not null)
            {
                using var nowhere = new WatchedStream(null, IndexStage.Saving, 0, null, cancellationToken);
                SaveCore(nowhere);
                total = nowhere.Done;
            }

            // Disposing it would do nothing: the stream is the caller's.
            var watched = new WatchedStream(stream, IndexStage.Saving, total, progress, cancellationToken);
            SaveCore(watched);
            watched.Complete();
        }
        finally
        {
            Release();
        }
    }

    private static void TakeBack(Stream stream, long length)
    {
        try
        {
            stream.SetLength(length);
            stream.Position = length;
        }
        catch (Exception e) when (e is IOException or NotSupportedException or ObjectDisposedException)
        {
            // The error that led here says more.
        }
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
