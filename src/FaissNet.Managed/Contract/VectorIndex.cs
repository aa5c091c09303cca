using System.Numerics.Tensors;
using FaissNet.Evaluation;

namespace FaissNet;

/// <summary>
/// An index over vectors of one dimension: the contract of every index of both engines. Names are FAISS's own where FAISS
/// has one.
/// </summary>
/// <remarks>
/// <para>Vectors are row-major float32: n vectors are n·<see cref="Dimension"/> floats. All components must be finite.</para>
/// <para>With <see cref="MetricType.L2"/> every distance is squared, as in FAISS.</para>
/// <para>Any number of threads may search, read and save at once. Training, adding, removing and setting wait until those
/// are through and then have the index to themselves. <see cref="Dispose()"/> may be called at any time: calls that are
/// under way finish, later ones throw <see cref="ObjectDisposedException"/>. Do not call an index from its own progress
/// reports: during training and adding that throws <see cref="InvalidOperationException"/>.</para>
/// </remarks>
public abstract partial class VectorIndex : IDisposable
{
    private static long _created;

    // Parts of one index have one gate, which they get as they become parts: whoever waited at the old one goes to the new.
    private volatile ReaderWriterGate _gate = new();
    private volatile VectorIndex? _whole;

    // A call on two indexes enters the older one first.
    private readonly long _age = Interlocked.Increment(ref _created);
    private volatile bool _disposed;

    /// <summary>Sets what never changes.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimension"/> is less than 1.</exception>
    protected VectorIndex(int dimension, MetricType metric)
    {
        if (dimension < 1)
            throw new ArgumentOutOfRangeException(nameof(dimension), dimension, $"dimension is {dimension}: expected at least 1.");

        Dimension = dimension;
        Metric = metric;
    }

    /// <summary>Components per vector. FAISS's <c>d</c>.</summary>
    public int Dimension { get; }

    /// <summary>How vectors are compared.</summary>
    public MetricType Metric { get; }

    /// <summary>The vectors in the index. FAISS's <c>ntotal</c>. Never waits for a writer: during an add it may lag behind.</summary>
    public abstract long Count { get; }

    /// <summary>Whether vectors can be added: either <see cref="Train(ReadOnlySpan{float}, IProgress{IndexProgress}?, CancellationToken)"/>
    /// has run or the type needs no training.</summary>
    public abstract bool IsTrained { get; }

    /// <summary>
    /// Sets one of the index's own search settings by FAISS's name for it, through all wrappers: <c>nprobe</c>, <c>max_codes</c>,
    /// <c>efSearch</c>, <c>efConstruction</c>, <c>ht</c>, <c>k_factor</c>, <c>k_factor_rf</c>, and with the prefix
    /// <c>quantizer_</c> those of the coarse quantizer. FAISS's <c>ParameterSpace.set_index_parameter</c> (<c>faiss/AutoTune.h</c>).
    /// </summary>
    /// <remarks>This changes the index for every caller. For one call use <see cref="SearchParameters"/>.</remarks>
    /// <exception cref="ArgumentException">The index has no such parameter, or the value is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void SetParameter(string name, double value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Write();
        try
        {
            SetParameterCore(name, value);
        }
        finally
        {
            EndWrite();
        }
    }

    /// <summary>Reads a setting that <see cref="SetParameter"/> sets.</summary>
    /// <exception cref="ArgumentException">The index has no such parameter.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public double GetParameter(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Read();
        try
        {
            return GetParameterCore(name);
        }
        finally
        {
            _gate.ExitRead();
        }
    }

    /// <summary>
    /// The settings worth trying on this index to trade accuracy for speed, each with its values from the fastest to the most accurate. FAISS's
    /// <c>ParameterSpace.initialize</c> (<c>faiss/AutoTune.h</c>). <see cref="ParameterSpace"/> tries them.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public IReadOnlyList<ParameterRange> GetParameterRanges() => Reading(GetParameterRangesCore);

    /// <summary>Says what this index is, looked at through all wrappers.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public IndexDescription Describe() => Reading(DescribeCore);

    /// <summary>A deep copy: what happens to one of the two does not touch the other.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public VectorIndex Clone()
    {
        Read();
        try
        {
            return CloneCore();
        }
        finally
        {
            _gate.ExitRead();
        }
    }

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

    /// <summary>The settings worth trying.</summary>
    protected virtual IReadOnlyList<ParameterRange> GetParameterRangesCore() => [];

    /// <summary>Says what the index is.</summary>
    protected abstract IndexDescription DescribeCore();

    /// <summary>Copies the index.</summary>
    protected abstract VectorIndex CloneCore();

    /// <summary>Keeps what the engine holds until <see cref="Release"/>, even if the index is disposed meanwhile: a call that comes
    /// to it more than once must find it there each time.</summary>
    private protected virtual void Hold()
    {
    }

    /// <summary>Ends <see cref="Hold"/>.</summary>
    private protected virtual void Release()
    {
    }

    /// <summary>
    /// For engines that hold memory of their own, from <see cref="Dispose(bool)"/>: runs <paramref name="release"/> once no call is inside
    /// the index any more; none comes in after it. Never waits: if calls are under way, a thread of the pool does it later.
    /// </summary>
    /// <param name="release">Runs for every call of this method: it must bear to run twice. It must not throw.</param>
    private protected void WhenUnused(Action release)
    {
        if (_gate.TryEnterWrite())
        {
            ReleaseAndExit(release);
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(
            late =>
            {
                _gate.EnterWrite();
                ReleaseAndExit(late);
            },
            release,
            preferLocal: false);
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
            _gate.ExitRead();
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

    /// <summary>Runs <paramref name="write"/> while nobody else reads or changes this index, nor changes the others.</summary>
    private protected void WritingWhileReading(VectorIndex[] others, Action write)
    {
        // A part has the gate of its whole, which may be among the others.
        foreach (var index in others.Append(this))
        {
            if (index._whole is not null)
            {
                throw new ArgumentException(
                    $"This {index.GetType().Name} is a part of another index: expected one of its own, such as a clone.", nameof(others));
            }
        }

        // In one order everywhere, as in a merge.
        VectorIndex[] all = [.. others.Append(this).Distinct().OrderBy(index => index._age)];
        Enter(0);

        void Enter(int next)
        {
            if (next == all.Length)
            {
                write();
                return;
            }

            var index = all[next];
            if (ReferenceEquals(index, this))
            {
                Writing(() => Enter(next + 1));
                return;
            }

            index.Read();
            try
            {
                index.Hold();
                try
                {
                    Enter(next + 1);
                }
                finally
                {
                    index.Release();
                }
            }
            finally
            {
                index._gate.ExitRead();
            }
        }
    }

    /// <summary>The index that this one is a part of, if it is one.</summary>
    private protected VectorIndex? Whole => _whole;

    /// <summary>Whether this index or the one that it is a part of was disposed.</summary>
    private protected bool IsDisposed => _disposed || _whole is { _disposed: true };

    /// <summary>Runs <paramref name="join"/> while nobody uses this index; then this index is a part of <paramref name="whole"/>, behind its
    /// gate. If it throws, nothing has changed.</summary>
    /// <exception cref="ArgumentException">This index is a part of another one already.</exception>
    private protected void JoinWhole(VectorIndex whole, Action join)
    {
        Write();
        var gate = _gate;
        try
        {
            if (_whole is not null)
            {
                throw new ArgumentException(
                    $"This {GetType().Name} is a part of another index: expected one of its own, such as a clone.");
            }

            join();
            BelongTo(whole);
        }
        finally
        {
            Release();
            gate.ExitWrite();
        }
    }

    /// <summary>Makes this a part of another index; nobody uses it, or it goes from one whole to another with all of that.</summary>
    private protected void BelongTo(VectorIndex whole)
    {
        _whole = whole;
        _gate = whole._gate;
    }

    /// <summary>Which of two indexes a call that needs both has to enter first.</summary>
    private protected bool IsOlderThan(VectorIndex other) => _age < other._age;

    private void Read()
    {
        var gate = _gate;
        gate.EnterRead();
        while (!ReferenceEquals(gate, _gate))
        {
            gate.ExitRead();
            gate = _gate;
            gate.EnterRead();
        }

        if (IsDisposed)
        {
            gate.ExitRead();
            ObjectDisposedException.ThrowIf(true, this);
        }
    }

    private void Write()
    {
        var gate = _gate;
        gate.EnterWrite();
        while (!ReferenceEquals(gate, _gate))
        {
            gate.ExitWrite();
            gate = _gate;
            gate.EnterWrite();
        }

        try
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
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

    private void ReleaseAndExit(Action release)
    {
        try
        {
            release();
        }
        finally
        {
            _gate.ExitWrite();
        }
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
