using System.Text.Json;

namespace FaissNet.Benchmarks.Interop;

/// <summary>The report as tables (Markdown, so that they go into documents as they are) or as JSON.</summary>
internal static class ReportWriter
{
    public static void Write(InteropReport report, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(report, TextTable.Json));
            return;
        }

        var csharp = report.Settings.Versus == "FaissNet" ? "C#" : "C++ again";
        Console.WriteLine();
        Console.WriteLine($"{report.Machine.Processor}, {report.Machine.Processors} processors, {TextTable.Number(report.Machine.MemoryGiB, "F0")} GiB; {report.Machine.System}; {report.Machine.Runtime}");
        Console.WriteLine($"FAISS {report.Faiss}");
        Console.WriteLine($"One thread, processor {report.Settings.Cpu}; medians of the rounds that each table states; C++ against {report.Settings.Versus}");
        TextTable.Write(
            "Batch search: C++ time / C# time, quartiles in parentheses; at least 0.99 is asked for",
            ["index", "queries", "k", "nprobe", "rounds", "C++ ms", $"{csharp} ms", "ratio", "CPU-time ratio", "bytes allocated", "same results", ""],
            report.Batch.Select(r => new[]
            {
                r.Index, TextTable.Number(r.Queries, "N0"), $"{r.K}", NProbe(r.NProbe, r.PerCall), $"{r.Rounds}", TextTable.Number(r.CppSeconds * 1e3, "F1"), TextTable.Number(r.CSharpSeconds * 1e3, "F1"),
                TextTable.Spread(r.Ratio, "F4"), TextTable.Spread(r.CpuRatio, "F4"), $"{r.AllocatedBytes}", r.Identical ? "yes" : "NO", r.Holds ? "holds" : "MISSED",
            }));
        TextTable.Write(
            "One query a call: C# minus C++ in nanoseconds, quartiles in parentheses; below 300 is asked for",
            ["index", "k", "nprobe", "rounds", "C++ ns", $"{csharp} ns", "overhead", "CPU-time overhead", "bytes allocated", "same results", ""],
            report.Single.Select(r => new[]
            {
                r.Index, $"{r.K}", NProbe(r.NProbe, r.PerCall), $"{r.Rounds}", TextTable.Number(r.CppNanoseconds, "F0"), TextTable.Number(r.CSharpNanoseconds, "F0"),
                TextTable.Spread(r.Overhead, "F0"), TextTable.Spread(r.CpuOverhead, "F0"), $"{r.AllocatedBytes}", r.Identical ? "yes" : "NO", r.Holds ? "holds" : "MISSED",
            }));
        TextTable.Write(
            "One query a call from several threads: calls per second, best round",
            ["index", "threads", "C++", csharp, "C++ scaling", $"{csharp} scaling"],
            report.Threads.Select(r => new[]
            {
                r.Index, $"{r.Threads}", TextTable.Number(r.CppCallsPerSecond, "N0"), TextTable.Number(r.CSharpCallsPerSecond, "N0"), TextTable.Number(r.CppScaling, "F2"), TextTable.Number(r.CSharpScaling, "F2"),
            }));
        TextTable.Write("Parts of a call from C#, CPU time", ["part", "ns"], report.Parts.Select(r => new[] { r.Part, TextTable.Number(r.Nanoseconds, "F1") }));
    }

    private static string NProbe(int nprobe, bool perCall) => nprobe == 0 ? "–" : perCall ? $"{nprobe}, per call" : $"{nprobe}";
}
