using System.Globalization;
using System.Runtime.InteropServices;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Serialization;

/// <summary>A process that may take 64 MiB more than it has, and an index that is larger.</summary>
internal static partial class LittleMemory
{
    public const int D = 128, Count = 300_000, K = 5, NList = 16;

    private const int Megabytes = 64;

    public static FaissIndex CreateLarge()
    {
        const int step = 20_000;
        var index = new IndexIVFFlat(D, NList) { NProbe = NList };
        index.Train(TestVectors.Uniform(1000, D, 20, seed: 1));
        for (var first = 0; first < Count; first += step)
            index.Add(TestVectors.Uniform(step, D, 20, seed: first + 2));

        return index;
    }

    public static float[] Queries() => TestVectors.Uniform(3, D, 20, seed: 99);

    /// <summary>Sets the limit, and makes sure that the file is larger than it.</summary>
    public static void Limit(string path)
    {
        const int data = 2;
        var line = File.ReadLines("/proc/self/status").Single(text => text.StartsWith("VmData:", StringComparison.Ordinal));
        var kilobytes = long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        var limit = (ulong)(kilobytes + (Megabytes << 10)) << 10;
        Assert.Equal(0, SetLimit(data, new Limits { Current = limit, Maximum = limit }));
        Assert.True(new FileInfo(path).Length > 2L * Megabytes << 20);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public ulong Current;
        public ulong Maximum;
    }

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limits limit);
}
