using System.Diagnostics;

namespace FaissNet.Benchmarks;

/// <summary>Threads that begin at once, each on a processor of its own.</summary>
internal static class PinnedThreads
{
    /// <summary>Runs the same work on each.</summary>
    /// <param name="cpus">The processors, one for each thread.</param>
    /// <param name="work">Gets what it has to call once it is ready: that waits for all others.</param>
    /// <returns>Seconds from there until the last is done, the seconds of all processors, and what the first one answered.</returns>
    public static (double Wall, double Cpu, T First) Run<T>(ReadOnlySpan<int> cpus, Func<Action, T> work)
    {
        T first = default!;
        var ready = 0;
        var go = false;
        var threads = new Thread[cpus.Length];
        for (var t = 0; t < threads.Length; t++)
        {
            var (number, cpu) = (t, cpus[t]);
            threads[t] = new Thread(() =>
            {
                Processors.Pin(cpu);
                var answer = work(() =>
                {
                    Interlocked.Increment(ref ready);
                    while (!Volatile.Read(ref go))
                    {
                    }
                });
                if (number == 0)
                    first = answer;
            });
            threads[t].Start();
        }

        while (Volatile.Read(ref ready) < threads.Length)
            Thread.Yield();

        var (cpuStart, start) = (Processors.ProcessSeconds(), Stopwatch.GetTimestamp());
        Volatile.Write(ref go, true);
        foreach (var thread in threads)
            thread.Join();

        return (Stopwatch.GetElapsedTime(start).TotalSeconds, Processors.ProcessSeconds() - cpuStart, first);
    }
}
