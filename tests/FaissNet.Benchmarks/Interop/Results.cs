namespace FaissNet.Benchmarks.Interop;

/// <summary>One batch search. Ratios are C++ time over C# time: 1 is no cost, less is a cost.</summary>
internal sealed record BatchResult(
    string Index, int Queries, int K, int NProbe, bool PerCall, int Rounds,
    double CppSeconds, double CSharpSeconds, Spread Ratio, Spread CpuRatio, long AllocatedBytes, bool Identical)
{
    public const double LeastRatio = 0.99;

    public bool Holds => Ratio.Median >= LeastRatio && AllocatedBytes == 0 && Identical;
}

/// <summary>One-query calls. Overheads are C# minus C++, nanoseconds per call.</summary>
internal sealed record SingleResult(
    string Index, int K, int NProbe, bool PerCall, int Rounds,
    double CppNanoseconds, double CSharpNanoseconds, Spread Overhead, Spread CpuOverhead, long AllocatedBytes, bool Identical)
{
    public const double MostOverhead = 300;

    public bool Holds => Overhead.Median < MostOverhead && AllocatedBytes == 0 && Identical;
}

/// <summary>One-query calls from several threads at once, calls per second of all together.</summary>
internal sealed record ThreadsResult(string Index, int Threads, double CppCallsPerSecond, double CSharpCallsPerSecond, double CppScaling, double CSharpScaling);

/// <summary>What one part of a call costs.</summary>
internal sealed record PartResult(string Part, double Nanoseconds);

internal sealed record Settings(int Rounds, int Cpu, int Threads, string Versus);

internal sealed record InteropReport(
    Machine Machine,
    FaissBuild Faiss,
    Settings Settings,
    IReadOnlyList<BatchResult> Batch,
    IReadOnlyList<SingleResult> Single,
    IReadOnlyList<ThreadsResult> Threads,
    IReadOnlyList<PartResult> Parts);
