using FaissNet.Interop;
using FaissNet.Managed;
using FaissNet.Serialization;

namespace FaissNet;

/// <summary>Copies of an index in the other engine: train with one and go on in the other.</summary>
/// <remarks>The index goes from one engine to the other in FAISS's format, through a buffer of fixed size: nothing touches the disk, and
/// there is no third copy. The two indexes have nothing in common afterwards.</remarks>
public static class EngineHandover
{
    private const int BufferSize = 1 << 20;

    /// <summary>A copy of the index in FAISS.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public static FaissIndex ToNative(this ManagedIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        return Pass(index.Save, stream => FaissIndex.Load(stream, trusted: true));
    }

    /// <summary>A copy of the index in the managed engine.</summary>
    /// <exception cref="NotSupportedException">The managed engine has no such index type.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public static ManagedIndex ToManaged(this FaissIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        return Pass(index.Save, stream => IndexLoader.Build(stream, null, null, default));
    }

    private static T Pass<T>(Action<Stream> save, Func<Stream, T> load)
        where T : VectorIndex
    {
        var pipe = new PipeStream(BufferSize);
        // On a thread of its own: the pool may be busy with work that waits for this.
        var writing = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    save(pipe.Writer);
                }
                finally
                {
                    pipe.Finish();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        T made;
        try
        {
            made = load(pipe.Reader);
        }
        catch
        {
            pipe.Abandon();
            // A failure to write is why reading failed, unless it only says that nobody reads any more.
            if (writing.ContinueWith(task => task.Exception?.InnerException, TaskScheduler.Default).GetAwaiter().GetResult() is { } failure and not IOException)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);

            throw;
        }

        // What was read is whole; a writer that went on would wait for ever.
        pipe.Abandon();
        try
        {
            writing.GetAwaiter().GetResult();
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }
}
