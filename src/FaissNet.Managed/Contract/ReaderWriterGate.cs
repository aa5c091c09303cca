namespace FaissNet;

/// <summary>
/// Any number of readers, or one writer. An uncontended reader costs two interlocked operations and no allocation, which
/// <see cref="ReaderWriterLockSlim"/> does not reach. A waiting writer keeps new readers out, so a stream of searches
/// cannot starve an add. Not reentrant.
/// </summary>
internal sealed class ReaderWriterGate
{
    // Set while a writer waits or works; the bits below count readers, including those about to step back.
    private const int Writer = 1 << 30;

    private readonly Lock _writers = new();
    private readonly object _changed = new();
    private int _state;

    public void EnterRead()
    {
        if (Interlocked.Increment(ref _state) >= Writer)
            WaitToRead();
    }

    public void ExitRead()
    {
        // The last reader to leave lets the waiting writer in.
        if (Interlocked.Decrement(ref _state) == Writer)
            Signal();
    }

    public void EnterWrite()
    {
        _writers.Enter();
        Interlocked.Add(ref _state, Writer);
        lock (_changed)
        {
            while ((Volatile.Read(ref _state) & ~Writer) != 0)
                Monitor.Wait(_changed);
        }
    }

    public void ExitWrite()
    {
        Interlocked.Add(ref _state, -Writer);
        Signal();
        _writers.Exit();
    }

    private void WaitToRead()
    {
        do
        {
            ExitRead();
            lock (_changed)
            {
                while (Volatile.Read(ref _state) >= Writer)
                    Monitor.Wait(_changed);
            }
        }
        while (Interlocked.Increment(ref _state) >= Writer);
    }

    private void Signal()
    {
        lock (_changed)
            Monitor.PulseAll(_changed);
    }
}
