namespace FaissNet;

/// <summary>
/// Any number of readers, or one writer. An uncontended reader costs two interlocked operations and no allocation, which
/// <see cref="ReaderWriterLockSlim"/> does not reach. A waiting writer keeps new readers out, and a writer that leaves lets all
/// waiting readers in before the next writer: neither a stream of searches nor one of adds starves the other. Not reentrant.
/// </summary>
internal sealed class ReaderWriterGate
{
    // Set while a writer waits or works; the bits below count readers, including those about to step back.
    private const int Writer = 1 << 30;

    private readonly Lock _writers = new();
    private readonly object _changed = new();
    private int _state;

    // Both only under _changed.
    private int _waitingReaders;
    private int _writersGone;

    public void EnterRead()
    {
        if (Interlocked.Increment(ref _state) >= Writer)
            WaitToRead();
    }

    public void ExitRead()
    {
        // The last reader to leave lets the waiting writer in.
        if (Interlocked.Decrement(ref _state) == Writer)
        {
            lock (_changed)
                Monitor.PulseAll(_changed);
        }
    }

    public void EnterWrite()
    {
        RefuseReentry();
        _writers.Enter();
        Interlocked.Add(ref _state, Writer);
        lock (_changed)
        {
            while ((Volatile.Read(ref _state) & ~Writer) != 0)
                Monitor.Wait(_changed);
        }
    }

    /// <summary>Enters if that takes no waiting.</summary>
    public bool TryEnterWrite()
    {
        // The writers' lock would let its own thread in again.
        if (_writers.IsHeldByCurrentThread || !_writers.TryEnter())
            return false;

        if (Interlocked.CompareExchange(ref _state, Writer, 0) == 0)
            return true;

        _writers.Exit();
        return false;
    }

    public void ExitWrite()
    {
        lock (_changed)
        {
            // The waiting readers are counted in by the writer that they waited for: the next one finds them inside.
            Interlocked.Add(ref _state, _waitingReaders - Writer);
            _waitingReaders = 0;
            _writersGone++;
            Monitor.PulseAll(_changed);
        }

        _writers.Exit();
    }

    private void WaitToRead()
    {
        if (_writers.IsHeldByCurrentThread)
        {
            ExitRead();
            RefuseReentry();
        }

        lock (_changed)
        {
            // The writer may have left meanwhile; then this reader is inside already.
            if (Volatile.Read(ref _state) < Writer)
                return;

            var waitedFor = _writersGone;
            _waitingReaders++;
            if (Interlocked.Decrement(ref _state) == Writer)
                Monitor.PulseAll(_changed);

            while (_writersGone == waitedFor)
                Monitor.Wait(_changed);
        }
    }

    // Waiting for oneself would last for ever.
    private void RefuseReentry()
    {
        if (_writers.IsHeldByCurrentThread)
        {
            throw new InvalidOperationException(
                "The index was called from within one of its own calls that change it, as from a progress report: call it once that is over.");
        }
    }
}
