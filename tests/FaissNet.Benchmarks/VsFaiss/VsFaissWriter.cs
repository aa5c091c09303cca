using System.Text.Json;

namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>The report as tables, and as JSON.</summary>
internal static class VsFaissWriter
{
    public static void Write(VsFaissReport report, string? json)
    {
        if (json is not null)
            File.WriteAllText(json, JsonSerializer.Serialize(report, TextTable.Json));

        Console.WriteLine();
        Console.WriteLine(
            $"{report.Machine.Processor}, {report.Machine.Processors} processors, {TextTable.Number(report.Machine.MemoryGiB, "F0")} GiB; " +
            $"{report.Machine.System}; {report.Machine.Runtime}, {report.Managed.Simd}");
        foreach (var build in report.Faiss)
            Console.WriteLine($"FAISS {build}");

        Console.WriteLine($"One thread, processor {report.Cpu}, k = {DataSet.K}; ratios are FAISS CPU time / managed CPU time, medians of rounds, quartiles in parentheses");
        TextTable.Write(
            "The managed engine against FAISS",
            [
                "task", "case", "code",
                .. report.Faiss.SelectMany(build => new[] { $"{build.Version}", "managed", $"× {build.Version}" }),
                "bar", "aim", "",
            ],
            report.Rows.Select(row => (string[])
            [
                row.Task, row.Case, row.Code,
                .. report.Faiss.SelectMany(build => row.Measurements.FirstOrDefault(m => m.Faiss == build.Version) is { } m
                    ? [Time(m.FaissSeconds), Time(m.ManagedSeconds), TextTable.Spread(m.Ratio, "F2")]
                    : (string[])["–", "–", "–"]),
                TextTable.Number(row.Bar, "0.##"), TextTable.Number(row.Aim, "0.##"), Verdict(row),
            ]));
        TextTable.Write(
            "Results, FAISS's first",
            ["task", "case", "code", "FAISS", "rounds", "× wall", "results", ""],
            report.Rows.SelectMany(row => row.Measurements.Select(m => new[]
            {
                row.Task, row.Case, row.Code, m.Faiss, $"{m.Rounds}", TextTable.Spread(m.WallRatio, "F2"), m.Agreement, m.Agrees ? "agree" : "DIFFER",
            })));
        TextTable.Write(
            $"Two threads against one, managed, wall time; {TextTable.Number(ThreadsRow.Bar, "0.##")} is asked for, {TextTable.Number(ThreadsRow.Aim, "0.##")} aimed for",
            ["case", "rounds", "one thread", "two threads", "ratio", ""],
            report.Threads.Select(row => new[]
            {
                row.Case, $"{row.Rounds}", Time(row.OneThreadSeconds), Time(row.TwoThreadsSeconds), TextTable.Spread(row.Ratio, "F2"), row.Holds ? "holds" : "MISSED",
            }));
    }

    /// <summary>What is said as soon as a row is measured.</summary>
    public static string Line(RowResult row) =>
        $"{row.Task}; {row.Case}; {row.Code}: " +
        string.Join(", ", row.Measurements.Select(m =>
            $"× {m.Faiss} {TextTable.Spread(m.Ratio, "F2")} [{Time(m.FaissSeconds)} / {Time(m.ManagedSeconds)}; {m.Agreement}{(m.Agrees ? "" : " DIFFER")}]")) +
        $"; {Verdict(row)} (bar {TextTable.Number(row.Bar, "0.##")}, aim {TextTable.Number(row.Aim, "0.##")})";

    private static string Verdict(RowResult row) => row.Failure is { } failure ? $"FAILED: {failure}" : row.ReachesAim ? "reaches the aim" : row.Holds ? "holds" : "MISSED";

    private static string Time(double seconds) => seconds switch
    {
        >= 1 => $"{TextTable.Number(seconds, "F2")} s",
        >= 1e-3 => $"{TextTable.Number(seconds * 1e3, "F1")} ms",
        _ => $"{TextTable.Number(seconds * 1e6, "F1")} µs",
    };
}
