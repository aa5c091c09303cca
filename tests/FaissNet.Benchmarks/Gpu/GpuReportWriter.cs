using System.Text.Json;

namespace FaissNet.Benchmarks.Gpu;

/// <summary>The report as tables, and as JSON.</summary>
internal static class GpuReportWriter
{
    public static void Write(GpuReport report, string? json)
    {
        if (json is not null)
            File.WriteAllText(json, JsonSerializer.Serialize(report, TextTable.Json));

        Console.WriteLine();
        Console.WriteLine(
            $"{report.Device.Name}, {report.Device.TotalMemory >> 30} GiB, compute capability {report.Device.ComputeCapability}; " +
            $"{report.Machine.Processor}, {report.Machine.Processors} processors, {TextTable.Number(report.Machine.MemoryGiB, "F0")} GiB; " +
            $"{report.Machine.System}; {report.Machine.Runtime}");
        Console.WriteLine($"FAISS {report.Faiss}");
        Console.WriteLine(
            "Medians of rounds, quartiles in parentheses; × C++ is C++ time / C# time on the GPU, " +
            $"{TextTable.Number(GpuBuildResult.LeastRatio, "0.00")} is asked for; × CPU is CPU time / GPU time, both from C#");
        TextTable.Write(
            "Building",
            ["data", "index", "step", "rounds", "CPU s", "GPU C++ s", "GPU C# s", "× C++", "× CPU", ""],
            report.Builds.Select(r => new[]
            {
                r.Data, r.Index, r.Step, $"{r.Rounds}", TextTable.Number(r.CpuSeconds, "F2"), TextTable.Number(r.CppSeconds, "F3"),
                TextTable.Number(r.CSharpSeconds, "F3"), TextTable.Spread(r.Ratio, "F3"), TextTable.Number(r.CpuSeconds / r.CSharpSeconds, "F1"),
                r.Holds ? "holds" : "MISSED",
            }));
        TextTable.Write(
            $"Searching, k = {GpuBenchmark.K}",
            [
                "data", "index", "nprobe", "queries a call", "rounds", "CPU ms", "GPU C++ ms", "GPU C# ms", "× C++", "× CPU", "recall CPU / GPU",
                "same ids", "",
            ],
            report.Searches.Select(r => new[]
            {
                r.Data, r.Index, $"{r.NProbe}", TextTable.Number(r.Queries, "N0"), $"{r.Rounds}", TextTable.Number(r.CpuSeconds * 1e3, "F3"),
                TextTable.Number(r.CppSeconds * 1e3, "F3"), TextTable.Number(r.CSharpSeconds * 1e3, "F3"), TextTable.Spread(r.Ratio, "F3"),
                TextTable.Number(r.CpuSeconds / r.CSharpSeconds, "F1"),
                $"{TextTable.Number(r.CpuRecall, "F3")} / {TextTable.Number(r.GpuRecall, "F3")}", TextTable.Number(r.SameIds, "F4"),
                r.Holds ? "holds" : "MISSED",
            }));
    }
}
