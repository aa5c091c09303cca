using System.Runtime.ExceptionServices;

namespace FaissNet.Managed;

/// <summary>The threads of the managed engine. Calls that run at once share them: many callers do not become many times as many threads.</summary>
public static class ManagedThreads
{
    private static int _count = Environment.ProcessorCount;
    private static int _working;

    [ThreadStatic]
    private static bool _isPart;

    /// <summary>The threads that one call may use; the processors of this process until it is set. Results do not depend on it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public static int Count
    {
        get => Volatile.Read(ref _count);
        set
        {
            if (value < 1)
                throw new ArgumentOutOfRangeException(nameof(value), value, $"Count is {value}: expected at least 1.");

            Volatile.Write(ref _count, value);
        }
    }

    /// <summary>The threads that a call may still use: one within a part of <see cref="For"/>, whose threads are all at work.</summary>
    internal static int Available => _isPart ? 1 : Count;

    /// <summary>Calls a body for 0 … tasks - 1, on several threads if there are any to spare.</summary>
    /// <param name="tasks">How many calls.</param>
    /// <param name="body">What is called, in any order.</param>
    /// <param name="cancellationToken">Is looked at before each of them.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; some of the calls were made.</exception>
    internal static void For(int tasks, Action<int> body, CancellationToken cancellationToken = default)
    {
        if (_isPart || tasks < 2)
        {
            RunAll(tasks, body, cancellationToken);
            return;
        }

        try
        {
            var threads = Math.Min(Count / Interlocked.Increment(ref _working), tasks);
            if (threads > 1)
                RunInParallel(threads, tasks, body, cancellationToken);
            else
                RunAll(tasks, body, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _working);
        }
    }

    private static void RunAll(int tasks, Action<int> body, CancellationToken cancellationToken)
    {
        for (var task = 0; task < tasks; task++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            body(task);
        }
    }

    // Task by task from one counter: Parallel.For itself hands out longer and longer ranges, so that the last one is waited for.
    private static void RunInParallel(int threads, int tasks, Action<int> body, CancellationToken cancellationToken)
    {
        var taken = 0;
        try
        {
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken }, _ =>
            {
                _isPart = true;
                try
                {
                    for (int task; (task = Interlocked.Increment(ref taken) - 1) < tasks;)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        body(task);
                    }
                }
                catch
                {
                    // The others need not go on.
                    Interlocked.Exchange(ref taken, tasks);
                    throw;
                }
                finally
                {
                    _isPart = false;
                }
            });
        }
        catch (AggregateException e)
        {
            // As it was thrown, as on one thread: a selector of the caller's may have.
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
