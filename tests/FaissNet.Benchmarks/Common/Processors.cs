using System.Runtime.InteropServices;

namespace FaissNet.Benchmarks;

/// <summary>Which processors a thread runs on, and the time it had there: Linux's own calls, which .NET has no names for.</summary>
internal static unsafe partial class Processors
{
    private const int MaskWords = 16;
    private const int ProcessClock = 2;
    private const int ThreadClock = 3;

    /// <summary>The processors that this process may use.</summary>
    public static int[] Allowed()
    {
        var mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        if (sched_getaffinity(0, MaskWords * sizeof(ulong), mask) < 0)
            throw new IOException("The processors of this process cannot be asked for: the harness needs Linux with at most 1024 of them.");

        var cpus = new List<int>();
        for (var cpu = 0; cpu < MaskWords * 64; cpu++)
        {
            if ((mask[cpu / 64] >> (cpu % 64) & 1) != 0)
                cpus.Add(cpu);
        }

        return [.. cpus];
    }

    /// <summary>Keeps the calling thread, and the processes that it starts, on one processor.</summary>
    public static void Pin(int cpu)
    {
        var mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        mask[cpu / 64] = 1UL << (cpu % 64);
        if (sched_setaffinity(0, MaskWords * sizeof(ulong), mask) != 0)
            throw new IOException($"Processor {cpu} may not be used: expected one of {string.Join(", ", Allowed())}.");
    }

    /// <summary>CPU seconds of the calling thread.</summary>
    public static double ThreadSeconds() => Seconds(ThreadClock);

    /// <summary>CPU seconds of the process.</summary>
    public static double ProcessSeconds() => Seconds(ProcessClock);

    private static double Seconds(int clock)
    {
        var time = stackalloc long[2];
        _ = clock_gettime(clock, time);
        return time[0] + time[1] * 1e-9;
    }

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int pid, nint size, ulong* mask);

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int pid, nint size, ulong* mask);

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, long* time);
}
