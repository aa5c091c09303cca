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

    internal static void For(int tasks, Action<int> body)
    {
        if (_isPart || tasks < 2)
        {
            RunAll(tasks, body);
            return;
        }

        try
        {
            var threads = Math.Min(Count / Interlocked.Increment(ref _working), tasks);
            if (threads > 1)
                RunInParallel(threads, tasks, body);
            else
                RunAll(tasks, body);
        }
        finally
        {
            Interlocked.Decrement(ref _working);
        }
    }

    private static void RunAll(int tasks, Action<int> body)
    {
        for (var task = 0; task < tasks; task++)
            body(task);
    }

    private static void RunInParallel(int threads, int tasks, Action<int> body)
    {
        try
        {
            Parallel.For(0, tasks, new ParallelOptions { MaxDegreeOfParallelism = threads }, task =>
            {
                _isPart = true;
                try
                {
                    body(task);
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
