using System.Globalization;
using System.Text.Json;

namespace FaissNet.Benchmarks.Interop;

/// <summary>The report as tables (Markdown, so that they go into documents as they are) or as JSON.</summary>
internal static class ReportWriter
{
    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public static void Write(InteropReport report, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(report, JsonOptions));
            return;
        }

        var csharp = report.Settings.Versus == "FaissNet" ? "C#" : "C++ again";
        Console.WriteLine();
        Console.WriteLine($"{report.Machine.Processor}, {report.Machine.Processors} processors, {Number(report.Machine.MemoryGiB, "F0")} GiB; {report.Machine.System}; {report.Machine.Runtime}");
        Console.WriteLine($"FAISS {report.Faiss}");
        Console.WriteLine($"One thread, processor {report.Settings.Cpu}; medians of the rounds that each table states; C++ against {report.Settings.Versus}");
        Table(
            "Batch search: C++ time / C# time, quartiles in parentheses; at least 0.99 is asked for",
            ["index", "queries", "k", "nprobe", "rounds", "C++ ms", $"{csharp} ms", "ratio", "CPU-time ratio", "bytes allocated", "same results", ""],
            report.Batch.Select(r => new[]
            {
                r.Index, Number(r.Queries, "N0"), $"{r.K}", NProbe(r.NProbe, r.PerCall), $"{r.Rounds}", Number(r.CppSeconds * 1e3, "F1"), Number(r.CSharpSeconds * 1e3, "F1"),
                Text(r.Ratio, "F4"), Text(r.CpuRatio, "F4"), $"{r.AllocatedBytes}", r.Identical ? "yes" : "NO", r.Holds ? "holds" : "MISSED",
            }));
        Table(
            "One query a call: C# minus C++ in nanoseconds, quartiles in parentheses; below 300 is asked for",
            ["index", "k", "nprobe", "rounds", "C++ ns", $"{csharp} ns", "overhead", "CPU-time overhead", "bytes allocated", "same results", ""],
            report.Single.Select(r => new[]
            {
                r.Index, $"{r.K}", NProbe(r.NProbe, r.PerCall), $"{r.Rounds}", Number(r.CppNanoseconds, "F0"), Number(r.CSharpNanoseconds, "F0"),
                Text(r.Overhead, "F0"), Text(r.CpuOverhead, "F0"), $"{r.AllocatedBytes}", r.Identical ? "yes" : "NO", r.Holds ? "holds" : "MISSED",
            }));
        Table(
            "One query a call from several threads: calls per second, best round",
            ["index", "threads", "C++", csharp, "C++ scaling", $"{csharp} scaling"],
            report.Threads.Select(r => new[]
            {
                r.Index, $"{r.Threads}", Number(r.CppCallsPerSecond, "N0"), Number(r.CSharpCallsPerSecond, "N0"), Number(r.CppScaling, "F2"), Number(r.CSharpScaling, "F2"),
            }));
        Table("Parts of a call from C#, CPU time", ["part", "ns"], report.Parts.Select(r => new[] { r.Part, Number(r.Nanoseconds, "F1") }));
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Text(Spread spread, string format) =>
        $"{Number(spread.Median, format)} ({Number(spread.Lower, format)}–{Number(spread.Upper, format)})";

    private static string NProbe(int nprobe, bool perCall) => nprobe == 0 ? "–" : perCall ? $"{nprobe}, per call" : $"{nprobe}";

    private static void Table(string title, string[] header, IEnumerable<string[]> body)
    {
        var rows = body.ToArray();
        if (rows.Length == 0)
            return;

        var widths = header.Select((name, column) => rows.Max(row => row[column].Length) is var width && width > name.Length ? width : name.Length).ToArray();
        Console.WriteLine();
        Console.WriteLine(title);
        Console.WriteLine();
        Console.WriteLine(Line(header));
        Console.WriteLine($"|{string.Join('|', widths.Select(width => new string('-', width + 2)))}|");
        foreach (var row in rows)
            Console.WriteLine(Line(row));

        string Line(string[] cells) => $"| {string.Join(" | ", cells.Select((cell, column) => cell.PadRight(widths[column])))} |";
    }
}
