using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using FaissNet.Managed;

namespace FaissNet.Fuzz;

/// <summary>
/// The child: runs cases one after the other, and says before each which one it is, so that the parent knows which one ended it. A finding
/// that the child survives is told and ends it as well: what comes after runs in a fresh process.
/// </summary>
internal static partial class Worker
{
    public const string Command = "worker";

    /// <summary>What a case may take, on top of which .NET itself needs some.</summary>
    public const long MemoryLimit = 1L << 30;

    // Where allocations fail, so that no case can take the machine's memory.
    private const long DataLimit = 3L << 30;

    private const int FoundExitCode = 3;

    public static int Run(string[] assignment)
    {
        if (assignment is not [var folder, var scratch, var engine, var seed, var first, var count, var misdeed])
            throw new ArgumentException("A worker is started by its parent only.");

        LimitMemory();
        if (engine != "managed")
            FaissRuntime.ThreadCount = 1;
        ManagedThreads.Count = 1;
        var corpus = Corpus.Read(folder);
        var trial = new Trial(scratch, engine == "managed");
        var (from, to) = (Parse(first), Parse(first) + Parse(count));
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        for (var number = from; number < to; number++)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Report.Begin} {number}"));
            try
            {
                if (number == from + 2)
                    Do(misdeed);
                var outcome = trial.Run(FuzzCase.Make(corpus, Parse(seed), number).Bytes);
                RequireMemory();
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Report.End} {(int)outcome}"));
            }
            catch (Exception e)
            {
                output.WriteLine($"{Report.Finding} {e.ToString().ReplaceLineEndings(" | ")}");
                return FoundExitCode;
            }
        }

        return 0;
    }

    private static void Do(string misdeed)
    {
        switch (misdeed)
        {
            case "crash":
                Abort();
                break;
            case "hang":
                while (true)
                    Thread.SpinWait(1000);
            case "memory":
                GC.KeepAlive(new byte[MemoryLimit + 1]);
                break;
            case "exception":
                throw new InvalidCastException("on purpose");
        }
    }

    private static int Parse(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void RequireMemory()
    {
        using var self = Process.GetCurrentProcess();
        if (self.PeakWorkingSet64 > MemoryLimit)
            throw new InsufficientMemoryException(string.Create(CultureInfo.InvariantCulture, $"It took {self.PeakWorkingSet64 >> 20} MB."));
    }

    private static void LimitMemory()
    {
        const int data = 2;    // RLIMIT_DATA
        if (OperatingSystem.IsLinux() && SetLimit(data, [DataLimit, DataLimit]) != 0)
            throw new IOException($"The memory of a worker cannot be limited: error {Marshal.GetLastPInvokeError()}.");
    }

    [LibraryImport("libc", EntryPoint = "abort")]
    private static partial void Abort();

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, ReadOnlySpan<long> limits);
}

/// <summary>The first character of a line from a child says what it tells.</summary>
internal static class Report
{
    public const char Begin = '>';
    public const char End = '<';
    public const char Finding = '!';
}
