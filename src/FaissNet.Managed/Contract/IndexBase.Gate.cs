namespace FaissNet;

// Who may use an index when: many readers or one writer, and parts together with their whole.
public abstract partial class IndexBase
{
    private static long _created;

    // Parts of one index have one gate, which they get as they become parts: whoever waited at the old one goes to the new.
    private volatile ReaderWriterGate _gate = new();
    private volatile IndexBase? _whole;

    // A call on two indexes enters the older one first.
    private readonly long _age = Interlocked.Increment(ref _created);
    private volatile bool _disposed;

    /// <summary>The index that this one is a part of, if it is one.</summary>
    private protected IndexBase? Whole => _whole;

    /// <summary>Whether this index or the one that it is a part of was disposed.</summary>
    private protected bool IsDisposed => _disposed || _whole is { IsDisposed: true };

    // A whole is itself a part only of a binary index over floats.
    private IndexBase Outermost => _whole?.Outermost ?? this;

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

    /// <summary>Runs <paramref name="write"/> while nobody else reads or changes this index or the other one.</summary>
    private protected void WritingBoth(IndexBase other, Action write)
    {
        // In one order everywhere: two threads that merge the same two indexes crosswise would otherwise wait for each other.
        var (first, second) = Outermost._age < other.Outermost._age ? (this, other) : (other, this);
        first.Writing(() => second.Writing(write));
    }

    /// <summary>Runs <paramref name="write"/> while nobody else reads or changes this index, nor changes the others.</summary>
    private protected void WritingWhileReading(IndexBase[] others, string name, Action write) => Holding(others, name, writer: this, write);

    /// <summary>Runs <paramref name="read"/> while nobody changes this index or the others.</summary>
    private protected void ReadingWith(IndexBase[] others, string name, Action read) => Holding(others, name, writer: null, read);

    // name: the caller's argument that holds the others.
    private void Holding(IndexBase[] others, string name, IndexBase? writer, Action action)
    {
        // A part has the gate of its whole, which may be among the others.
        foreach (var index in others.Append(this))
        {
            if (index._whole is not null)
            {
                throw new ArgumentException(
                    $"This {index.GetType().Name} is a part of another index: expected one of its own, such as a clone.", name);
            }
        }

        // In one order everywhere, as for two.
        IndexBase[] all = [.. others.Append(this).Distinct().OrderBy(index => index._age)];
        Enter(0);

        void Enter(int next)
        {
            if (next == all.Length)
            {
                action();
                return;
            }

            var index = all[next];
            if (ReferenceEquals(index, writer))
            {
                index.Writing(() => Enter(next + 1));
                return;
            }

            index.ReadHeld();
            try
            {
                Enter(next + 1);
            }
            finally
            {
                index.EndReadHeld();
            }
        }
    }

    /// <summary>Runs <paramref name="join"/> while nobody uses this index; then this index is a part of <paramref name="whole"/>, behind its
    /// gate. If it throws, nothing has changed.</summary>
    /// <exception cref="ArgumentException">This index is a part of another one already.</exception>
    private protected void JoinWhole(IndexBase whole, Action join)
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
    private protected void BelongTo(IndexBase whole)
    {
        _whole = whole;
        FollowGate(whole);
    }

    /// <summary>For a part whose whole becomes a part itself, while nobody uses either.</summary>
    private protected void FollowGate(IndexBase outermost) => _gate = outermost._gate;

    /// <summary>Which of two indexes a call that needs both has to enter first.</summary>
    private protected bool IsOlderThan(IndexBase other) => _age < other._age;

    /// <summary>What every merge asks of the other index before it enters both.</summary>
    private protected void RequireOtherIndex(IndexBase other)
    {
        if (ReferenceEquals(this, other))
            throw new ArgumentException("other is this index itself: expected another one.", nameof(other));

        if (ReferenceEquals(_gate, other._gate))
            throw new ArgumentException("other is a part of the same index: expected an index of its own.", nameof(other));

        if (other.Dimension != Dimension)
            throw new ArgumentException($"other has the dimension {other.Dimension}: expected {Dimension}, as here.", nameof(other));
    }

    /// <summary>What every merge asks of the training once it is inside both.</summary>
    private protected void RequireBothTrained(IndexBase other)
    {
        RequireTrained();
        if (!other.IsTrained)
            throw new ArgumentException("other is not trained: expected the training that this index has.", nameof(other));
    }

    /// <summary>Enters as a reader, for one call of the engine: <see cref="EndRead"/> leaves.</summary>
    private protected void Read()
    {
        // Whoever releases a disposed index keeps readers out until the last call is through: nobody has to wait for that to be told.
        ObjectDisposedException.ThrowIf(IsDisposed, this);
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

    private protected void EndRead() => _gate.ExitRead();

    /// <summary>Enters as a reader, for several calls of the engine: <see cref="EndReadHeld"/> leaves.</summary>
    private protected void ReadHeld()
    {
        Read();
        try
        {
            Hold();
        }
        catch
        {
            EndRead();
            throw;
        }
    }

    private protected void EndReadHeld()
    {
        Release();
        EndRead();
    }

    /// <summary>Enters as the one writer: <see cref="EndWrite"/> leaves.</summary>
    private protected void Write()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
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

    private protected void EndWrite()
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
}
