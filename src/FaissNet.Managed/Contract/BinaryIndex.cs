namespace FaissNet;

/// <summary>
/// An index over vectors of bits, compared by Hamming distance: the number of bits in which two differ. The contract of every binary
/// index, as <see cref="VectorIndex"/> is that of the others. FAISS's <c>IndexBinary</c> (<c>faiss/IndexBinary.h</c>).
/// </summary>
/// <remarks>
/// <para>Vectors are row-major bytes: n vectors are n·<see cref="CodeSize"/> bytes, eight bits in each.</para>
/// <para>Threads, disposal and cancellation are as in <see cref="VectorIndex"/>: any number of threads may search, read and save at once;
/// what changes the index waits until those are through; <see cref="Dispose()"/> may be called at any time.</para>
/// </remarks>
public abstract partial class BinaryIndex : IDisposable
{
    private static long _created;

    private readonly ReaderWriterGate _gate = new();

    // A call on two indexes enters the older one first.
    private readonly long _age = Interlocked.Increment(ref _created);
    private volatile bool _disposed;

    /// <summary>Sets what never changes.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimension"/> is no multiple of 8, or out of range.</exception>
    protected BinaryIndex(int dimension)
    {
        BinaryArguments.RequireDimension(dimension, nameof(dimension));
        Dimension = dimension;
    }

    /// <summary>Bits per vector. FAISS's <c>d</c>.</summary>
    public int Dimension { get; }

    /// <summary>Bytes per vector, <see cref="Dimension"/> / 8. FAISS's <c>code_size</c>.</summary>
    public int CodeSize => Dimension / 8;

    /// <summary>The vectors in the index. FAISS's <c>ntotal</c>. Never waits for a writer: during an add it may lag behind.</summary>
    public abstract long Count { get; }

    /// <summary>Whether vectors can be added: the index was trained, or its type needs no training.</summary>
    public abstract bool IsTrained { get; }

    /// <summary>
    /// Sets one of the index's own search settings by FAISS's name for it: <c>nprobe</c> and <c>max_codes</c> of inverted files,
    /// <c>efSearch</c> and <c>efConstruction</c> of graphs, <c>nflip</c> of hashes (the bits in which the hash of what is found may differ
    /// from the query's), and with the prefix <c>quantizer_</c> those of the coarse quantizer.
    /// </summary>
    /// <remarks>This changes the index for every caller. For one call use <see cref="SearchParameters"/>.</remarks>
    /// <exception cref="ArgumentException">The index has no such parameter, or the value is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void SetParameter(string name, double value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Writing(() => SetParameterCore(name, value));
    }

    /// <summary>Reads a setting that <see cref="SetParameter"/> sets, or a size that the index was made with: <c>nlist</c>, <c>M</c>,
    /// <c>b</c>, <c>nhash</c>.</summary>
    /// <exception cref="ArgumentException">The index has no such parameter.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public double GetParameter(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Reading(() => GetParameterCore(name));
    }

    /// <summary>A deep copy: what happens to one of the two does not touch the other.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public BinaryIndex Clone() => Reading(CloneCore);

    /// <summary>Gives the index's memory back once the calls that are under way have finished. Never waits for them.</summary>
    public void Dispose()
    {
        _disposed = true;
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the engine holds. Calls may still be under way: they must be able to finish.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>Sets a parameter whose name is not empty.</summary>
    protected abstract void SetParameterCore(string name, double value);

    /// <summary>Reads a parameter whose name is not empty.</summary>
    protected abstract double GetParameterCore(string name);

    /// <summary>Copies the index.</summary>
    protected abstract BinaryIndex CloneCore();

    /// <summary>Keeps what the engine holds until <see cref="Release"/>, even if the index is disposed meanwhile.</summary>
    private protected virtual void Hold()
    {
    }

    /// <summary>Ends <see cref="Hold"/>.</summary>
    private protected virtual void Release()
    {
    }

    /// <summary>Runs <paramref name="read"/> while no writer can change the index.</summary>
    private protected T Reading<T>(Func<T> read)
    {
        Read();
        try
        {
            return read();
        }
        finally
        {
            EndRead();
        }
    }

    /// <summary>Runs <paramref name="write"/> while nobody else reads or changes the index.</summary>
    private protected void Writing(Action write)
    {
        Write();
        try
        {
            write();
        }
        finally
        {
            EndWrite();
        }
    }

    private void Read()
    {
        _gate.EnterRead();
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Hold();
        }
        catch
        {
            _gate.ExitRead();
            throw;
        }
    }

    private void EndRead()
    {
        Release();
        _gate.ExitRead();
    }

    private void Write()
    {
        _gate.EnterWrite();
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Hold();
        }
        catch
        {
            _gate.ExitWrite();
            throw;
        }
    }

    private void EndWrite()
    {
        Release();
        _gate.ExitWrite();
    }

    private void RequireTrained()
    {
        if (!IsTrained)
        {
            throw new InvalidOperationException(
                $"This {GetType().Name} is not trained: call {nameof(Train)} with representative vectors first.");
        }
    }
}
