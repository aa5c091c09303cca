using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace FaissNet.Fuzz;

/// <summary>A case that did what no case may.</summary>
internal sealed record Finding(int Number, string Kind, string Detail);

/// <summary>How a run of cases in one child ended: the outcomes of those that are through, and the finding that ended it, if any.</summary>
internal sealed record ChildRun(IReadOnlyList<Outcome> Outcomes, Finding? Finding);

/// <summary>Runs cases in a process of their own and watches it.</summary>
internal static class Child
{
    // Processor time counts and not the clock's, for the machine may be busy with other things. What waits for ever uses none, and so the
    // clock decides in the end.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(120);

    /// <summary>Has a child write the corpus, so that the engines, and what they print, stay out of this process.</summary>
    public static void MakeCorpus(string folder, FuzzOptions options)
    {
        using var process = Start([Corpus.Command, folder, Engine(options), options.Only]);
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new IOException($"The sound files could not be made: {errors.Result}");
        if (!File.ReadLines(Path.Combine(folder, "names")).Any())
            throw new ArgumentException($"--only is \"{options.Only}\": no file's name contains that.");
    }

    public static ChildRun Run(string corpus, FuzzOptions options, int first, int count)
    {
        var scratch = Directory.CreateTempSubdirectory("faissnet-fuzz-");
        try
        {
            using var process = Start([
                Worker.Command, corpus, scratch.FullName, Engine(options), Text(options.Seed), Text(first), Text(count), options.Misdeed]);
            return Watch(process, first, options.Patience);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static ChildRun Watch(Process process, int first, TimeSpan patience)
    {
        var outcomes = new List<Outcome>();
        var number = first;
        var errors = process.StandardError.ReadToEndAsync();
        string? told = null;
        var line = process.StandardOutput.ReadLineAsync();
        var (began, beganProcessor) = (Stopwatch.GetTimestamp(), TimeSpan.Zero);
        while (true)
        {
            if (!line.Wait(TimeSpan.FromSeconds(1)))
            {
                process.Refresh();
                var (waited, worked) = (Stopwatch.GetElapsedTime(began), process.TotalProcessorTime - beganProcessor);
                if (worked < patience && waited < s_longestWait)
                    continue;
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
                return new ChildRun(outcomes, new Finding(number, "hang",
                    string.Create(CultureInfo.InvariantCulture, $"{worked.TotalSeconds:f0} s of processor time in {waited.TotalSeconds:f0} s")));
            }

            if (line.Result is not { Length: > 0 } text)
                break;
            switch (text[0])
            {
                case Report.Begin:
                    number = int.Parse(text.AsSpan(1), CultureInfo.InvariantCulture);
                    (began, beganProcessor) = (Stopwatch.GetTimestamp(), process.HasExited ? TimeSpan.Zero : process.TotalProcessorTime);
                    break;
                case Report.End:
                    outcomes.Add((Outcome)int.Parse(text.AsSpan(1), CultureInfo.InvariantCulture));
                    break;
                case Report.Finding:
                    told = text[1..].Trim();
                    break;
            }

            line = process.StandardOutput.ReadLineAsync();
        }

        process.WaitForExit();
        if (told is not null)
            return new ChildRun(outcomes, new Finding(number, told.Contains("MemoryException", StringComparison.Ordinal) ? "memory" : "exception", told));
        if (process.ExitCode == 0)
            return new ChildRun(outcomes, null);

        var how = process.ExitCode > 128 ? $"signal {process.ExitCode - 128}" : $"exit code {process.ExitCode}";
        var said = errors.Result.ReplaceLineEndings(" | ");
        return new ChildRun(outcomes, new Finding(number, "crash", $"{how}: {(said.Length > 1500 ? said[..1500] : said)}"));
    }

    private static Process Start(string[] arguments)
    {
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var start = new ProcessStartInfo(
            Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"), ["exec", typeof(Child).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["DOTNET_PROCESSOR_COUNT"] = "1";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        // The collector's heap fails where a case takes too much, as the rest does by the limit that the child sets itself.
        start.Environment["DOTNET_GCHeapHardLimit"] = Worker.MemoryLimit.ToString("x", CultureInfo.InvariantCulture);
        // Memory that is not initialised, or freed, holds neither zeros nor what it held before.
        start.Environment["GLIBC_TUNABLES"] = "glibc.malloc.perturb=165";
        return Process.Start(start)!;
    }

    private static string Engine(FuzzOptions options) => options.ManagedOnly ? "managed" : "all";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
