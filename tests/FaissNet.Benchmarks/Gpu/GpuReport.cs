namespace FaissNet.Benchmarks.Gpu;

/// <summary>Training or adding. Ratios are C++ time over C# time, both on the GPU: 1 is no cost, less is a cost.</summary>
internal sealed record GpuBuildResult(
    string Data, string Index, string Step, int Rounds, double CpuSeconds, double CppSeconds, double CSharpSeconds, Spread Ratio)
{
    public const double LeastRatio = 0.98;

    public bool Holds => Ratio.Median >= LeastRatio;
}

/// <summary>Searching. The three sides have the same index: its file was written once.</summary>
/// <param name="Data">What is searched.</param>
/// <param name="Index">The index.</param>
/// <param name="NProbe">Lists that a search visits.</param>
/// <param name="Queries">Queries a call.</param>
/// <param name="Rounds">How many rounds the medians are over.</param>
/// <param name="CpuSeconds">A call on all processors, from C#.</param>
/// <param name="CppSeconds">A call on the GPU, from C++.</param>
/// <param name="CSharpSeconds">A call on the GPU, from C#.</param>
/// <param name="Ratio">C++ time over C# time, both on the GPU.</param>
/// <param name="CpuRecall">recall@10 on the processors.</param>
/// <param name="GpuRecall">recall@10 on the GPU, from C#.</param>
/// <param name="SameIds">The share of ids that C++ and C# found alike on the GPU.</param>
internal sealed record GpuSearchResult(
    string Data, string Index, int NProbe, int Queries, int Rounds, double CpuSeconds, double CppSeconds, double CSharpSeconds, Spread Ratio,
    double CpuRecall, double GpuRecall, double SameIds)
{
    // Sums in another order may turn ties around.
    public const double LeastSameIds = 0.999;

    public bool Holds => Ratio.Median >= GpuBuildResult.LeastRatio && SameIds >= LeastSameIds;
}

internal sealed record GpuReport(
    Machine Machine, GpuDevice Device, FaissBuild Faiss, IReadOnlyList<GpuBuildResult> Builds, IReadOnlyList<GpuSearchResult> Searches)
{
    public bool Holds => Builds.All(result => result.Holds) && Searches.All(result => result.Holds);
}
