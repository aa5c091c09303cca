using FaissNet.Benchmarks.Interop;
using FaissNet.Evaluation;

namespace FaissNet.Benchmarks.Gpu;

/// <summary>
/// IVFPQ on a GPU from C#: against the same calls from C++, and against the index on the processors. The sides take turns on the first device.
/// </summary>
internal static class GpuBenchmark
{
    public const int K = 10;

    private const int SingleCalls = 500;
    private const int CpuRounds = 3;
    private const int TruthQueries = 1_000;
    private static readonly int[] s_nprobes = [8, 32, 128];

    public static int Run(GpuOptions options)
    {
        var device = RequireDevice();
        var say = (Action<string>)Console.Error.WriteLine;
        var threads = Environment.ProcessorCount;
        FaissRuntime.ThreadCount = threads;
        using var cpp = new GpuPeer(FaissProcess.Find(options.Peer, FaissRuntime.Variant), threads);
        InteropBenchmark.RequireSameBuild(cpp.Build, Local.LocalBuild);

        var builds = new List<GpuBuildResult>();
        var searches = new List<GpuSearchResult>();
        GpuData[] all = options.Vectors == 0
            ? [GpuData.Mnist(options.Mnist)]
            : [GpuData.Mnist(options.Mnist), GpuData.Synthetic(options.Vectors, say)];
        foreach (var data in all)
        {
            using var csharp = new GpuLocal(data);
            cpp.Use(data);
            builds.AddRange(Build(data, options, cpp, csharp, say));
            searches.AddRange(Search(data, options, cpp, csharp, say));
        }

        var report = new GpuReport(MachineFacts.Read(threads), device, cpp.Build, builds, searches);
        GpuReportWriter.Write(report, options.Json);
        return report.Holds ? 0 : 1;
    }

    private static GpuDevice RequireDevice()
    {
        if (!FaissRuntime.Capabilities.HasFlag(FaissCapabilities.Gpu))
        {
            throw new InvalidOperationException(
                "The native library was built without GPU support: eng/build-native.sh --gpu --benchmarks builds it, and docs/gpu.md says what that takes.");
        }

        return FaissRuntime.GpuDevices is [var first, ..] ? first : throw new InvalidOperationException(
            "There is no CUDA device that FAISS can use: expected one with its driver, as nvidia-smi shows it.");
    }

    private static IEnumerable<GpuBuildResult> Build(GpuData data, GpuOptions options, GpuPeer cpp, GpuLocal csharp, Action<string> say)
    {
        say($"{data.Name}: building {data.Factory} on the processors …");
        var cpu = csharp.BuildOnCpu();

        // The first calls on a device set it up, and load FAISS's kernels.
        say($"{data.Name}: building on the GPU …");
        cpp.Train(data);
        cpp.Add();
        csharp.Train();
        csharp.Add();
        yield return Result("train", cpu.Train, Duel.Run(options.BuildRounds, () => cpp.Train(data), csharp.Train));
        yield return Result("add", cpu.Add, Duel.Run(options.BuildRounds, cpp.Add, csharp.Add));

        GpuBuildResult Result(string step, Sample onCpu, IReadOnlyList<Round> rounds) =>
            new(data.Name, data.Factory, step, rounds.Count, onCpu.Wall, Cpp(rounds), CSharp(rounds), Ratio(rounds));
    }

    private static IEnumerable<GpuSearchResult> Search(GpuData data, GpuOptions options, GpuPeer cpp, GpuLocal csharp, Action<string> say)
    {
        var file = Path.Combine(Repository.Work, "gpu.faiss");
        csharp.SaveAndLoad(file);
        cpp.Load(file, data);
        File.Delete(file);
        say($"{data.Name}: finding the true neighbours …");
        var truth = csharp.Truth(TruthQueries, K);

        foreach (var nprobe in s_nprobes)
        {
            say($"{data.Name}: searching {nprobe} lists …");
            cpp.SetNProbe(nprobe);
            csharp.SetNProbe(nprobe);
            var (onGpu, onCpu, inCpp) = (csharp.Labels(onGpu: true, K), csharp.Labels(onGpu: false, K), cpp.Labels(K, data.QueryCount));
            var same = onGpu.Zip(inCpp).Count(pair => pair.First == pair.Second) / (double)onGpu.Length;
            yield return Result(data.QueryCount, 1, () => cpp.Batch(K), gpu => csharp.Batch(gpu, K));
            yield return Result(1, SingleCalls, () => cpp.Single(K, SingleCalls), gpu => csharp.Single(gpu, K, SingleCalls));

            GpuSearchResult Result(int queries, int calls, Func<Sample> other, Func<bool, Sample> ours)
            {
                other();
                WarmUp.Until(() => ours(true));
                var cpu = Enumerable.Range(0, CpuRounds).Select(_ => ours(false).Wall);
                var rounds = Duel.Run(options.Rounds, other, () => ours(true));
                return new(
                    data.Name, data.Factory, nprobe, queries, rounds.Count, Spread.Of(cpu).Median / calls, Cpp(rounds) / calls, CSharp(rounds) / calls,
                    Ratio(rounds), RecallOf(onCpu), RecallOf(onGpu), same);
            }

            double RecallOf(long[] found) => Recall.AtK(found.AsSpan(0, TruthQueries * K), K, truth, K, K);
        }
    }

    private static double Cpp(IReadOnlyList<Round> rounds) => Spread.Of(rounds.SelectMany(round => round.Cpp).Select(sample => sample.Wall)).Median;

    private static double CSharp(IReadOnlyList<Round> rounds) => Spread.Of(rounds.SelectMany(round => round.CSharp).Select(sample => sample.Wall)).Median;

    private static Spread Ratio(IReadOnlyList<Round> rounds) =>
        Spread.Of(rounds.Select(round => round.Cpp.Sum(sample => sample.Wall) / round.CSharp.Sum(sample => sample.Wall)));
}
