using System.Globalization;
using System.Runtime.InteropServices;

namespace FaissNet.Benchmarks;

/// <summary>What a measurement ran on.</summary>
internal sealed record Machine(string Processor, int Processors, double MemoryGiB, string System, string Runtime);

internal static class MachineFacts
{
    public static Machine Read(int processors) => new(
        Field("/proc/cpuinfo", "model name") ?? "unknown",
        processors,
        double.Parse((Field("/proc/meminfo", "MemTotal") ?? "0 kB").Split(' ')[0], CultureInfo.InvariantCulture) / (1 << 20),
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription);

    private static string? Field(string file, string name) =>
        File.ReadLines(file).Select(line => line.Split(':', 2)).FirstOrDefault(parts => parts[0].Trim() == name)?[1].Trim();
}
