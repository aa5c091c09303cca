namespace FaissNet;

/// <summary>
/// What indexes over floats (<see cref="VectorIndex"/>) and over bits (<see cref="BinaryIndex"/>) have in common: who may use one when, settings by
/// name, removing and saving. FAISS has no such class.
/// </summary>
/// <remarks>
/// Any number of threads may search, read and save at once. Training, adding, removing and setting wait until those are through and then have the
/// index to themselves. <see cref="Dispose()"/> may be called at any time: calls that are under way finish, later ones throw
/// <see cref="ObjectDisposedException"/>. Do not call an index from its own progress reports: during training and adding that throws
/// <see cref="InvalidOperationException"/>.
/// </remarks>
public abstract partial class IndexBase : IDisposable
{
    private protected IndexBase(int dimension) => Dimension = dimension;

    /// <summary>Components per vector; of a binary index, bits. FAISS's <c>d</c>.</summary>
    public int Dimension { get; }

    /// <summary>The vectors in the index. FAISS's <c>ntotal</c>. Never waits for a writer: during an add it may lag behind.</summary>
    public abstract long Count { get; }

    /// <summary>Whether vectors can be added: the index was trained, or its type needs no training. FAISS's <c>is_trained</c>.</summary>
    public abstract bool IsTrained { get; }

    /// <summary>
    /// Sets one of the index's own search settings by FAISS's name for it, through all wrappers: <c>nprobe</c>, <c>max_codes</c>,
    /// <c>efSearch</c>, <c>efConstruction</c>, <c>ht</c>, <c>k_factor</c>, <c>k_factor_rf</c>, of binary hashes <c>nflip</c> (the bits in which the
    /// hash of what is found may differ from the query's), and with the prefix <c>quantizer_</c> those of the coarse quantizer. FAISS's
    /// <c>ParameterSpace.set_index_parameter</c> (<c>faiss/AutoTune.h</c>).
    /// </summary>
    /// <remarks>This changes the index for every caller. For one call use <see cref="SearchParameters"/>.</remarks>
    /// <exception cref="ArgumentException">The index has no such parameter, or the value is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void SetParameter(string name, double value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Writing(() => SetParameterCore(name, value));
    }

    /// <summary>Reads a setting that <see cref="SetParameter"/> sets; of a binary index also a size that it was made with: <c>nlist</c>,
    /// <c>M</c>, <c>b</c>, <c>nhash</c>.</summary>
    /// <exception cref="ArgumentException">The index has no such parameter.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public double GetParameter(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Reading(() => GetParameterCore(name));
    }

    /// <summary>
    /// Removes the selected vectors. FAISS's <c>remove_ids</c>: it passes over the whole index, so remove many at once.
    /// </summary>
    /// <remarks>Index types that store no ids (flat ones) number what is left anew, from 0 without gaps, as in FAISS.</remarks>
    /// <returns>The number of vectors removed.</returns>
    /// <exception cref="NotSupportedException">The index type cannot remove.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public long Remove(IdSelector selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        var removed = 0L;
        Writing(() => removed = RemoveCore(selector));
        return removed;
    }

    /// <summary>Removes every vector and keeps the training. FAISS's <c>reset</c>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Reset() => Writing(ResetCore);

    /// <summary>Gives the index's memory back once the calls that are under way have finished. Never waits for them. An index that is a
    /// part of another one goes with that: disposing it alone does nothing.</summary>
    public void Dispose()
    {
        if (_whole is not null)
            return;

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

    /// <summary>Removes the selected vectors and returns their number.</summary>
    protected abstract long RemoveCore(IdSelector selector);

    /// <summary>Removes every vector.</summary>
    protected abstract void ResetCore();

    private protected void RequireTrained()
    {
        if (!IsTrained)
            throw new InvalidOperationException($"This {GetType().Name} is not trained: call Train with representative vectors first.");
    }

    /// <summary>Refuses to train an index whose vectors were placed or encoded with the training that it has.</summary>
    private protected void RequireEmpty()
    {
        if (Count > 0)
        {
            throw new InvalidOperationException(
                $"The index holds {Count} vectors that depend on its training: call {nameof(Reset)} before training anew.");
        }
    }
}
