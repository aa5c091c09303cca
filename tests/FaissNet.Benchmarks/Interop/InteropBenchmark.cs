namespace FaissNet.Benchmarks.Interop;

/// <summary>
/// FaissNet's native engine against a C++ program that is linked to the very same FAISS: what does calling it from C# cost?
/// </summary>
internal static class InteropBenchmark
{
    private sealed record Case(string Name, Workload Workload, int K, int NProbe, bool PerCall, int Count)
    {
        // Set on the index, or given with every call.
        public int IndexNProbe => PerCall ? 0 : NProbe;

        public Work Work => new(K, PerCall ? NProbe : 0, Count);
    }

    public static int Run(InteropOptions options)
    {
        var say = options.Json ? Console.Error.WriteLine : (Action<string>)Console.WriteLine;
        var batch = options.Only.Contains("batch") ? BatchCases(options, say) : [];
        var single = options.Only.Contains("single") ? SingleCases(say) : [];
        var threads = options.Only.Contains("threads") ? ThreadCases(say) : [];

        // Only now: OpenMP's threads would inherit it while the indexes are built.
        var allowed = Processors.Allowed();
        var cpu = options.Cpu ?? allowed[^1];
        var peer = FaissProcess.Find(options.Peer, FaissRuntime.Variant);
        using var cpp = new Peer(peer, cpu);
        using IContender csharp = options.Null ? new Peer(peer, cpu) : new Local(cpu);
        RequireSameBuild(cpp.Build, Local.LocalBuild);

        var report = new InteropReport(
            MachineFacts.Read(allowed.Length),
            cpp.Build,
            new Settings(options.Rounds, cpu, 1, options.Null ? "a second C++ program" : "FaissNet"),
            [.. batch.Select(item => MeasureBatch(item, BatchRounds(item, options), cpp, csharp, say))],
            [.. single.Select(item => MeasureSingle(item, 8 * options.Rounds, cpp, csharp, say))],
            [.. threads.SelectMany(item => MeasureThreads(item, 20 * options.Rounds, allowed, cpp, csharp, say))],
            options.Only.Contains("parts") ? Parts.Measure(options.Rounds) : []);
        ReportWriter.Write(report, options.Json);
        return report.Batch.All(result => result.Holds) && report.Single.All(result => result.Holds) ? 0 : 1;
    }

    private static Case[] BatchCases(InteropOptions options, Action<string> say)
    {
        // "np": without the polysemous part of the training, which takes long and is of no use to this search.
        const string Pq = "IVF256,PQ56np";
        return
        [
            new("MNIST IVF256,PQ56np", Workload.Mnist(options, Pq, 10_000, say), 10, 8, PerCall: false, 1),
            new("MNIST IVF256,PQ56np", Workload.Mnist(options, Pq, 500, say), 10, 8, PerCall: true, 1),
            new("MNIST IVF256,Flat", Workload.Mnist(options, "IVF256,Flat", 200, say), 10, 8, PerCall: true, 1),
            new("MNIST Flat", Workload.Mnist(options, "Flat", 200, say), 10, 0, PerCall: false, 1),
        ];
    }

    // Short batches need more rounds to say as much, and can have them.
    private static int BatchRounds(Case item, InteropOptions options) => item.Workload.QueryCount < 1_000 ? 4 * options.Rounds : options.Rounds;

    private static Case[] SingleCases(Action<string> say)
    {
        var ivf = Workload.Small(32, 1_000, "IVF16,Flat", 1_000, say);
        return
        [
            .. ThreadCases(say),
            new("IVF16,Flat, 1,000 × 32", ivf, 10, 4, PerCall: false, 1_000),
            new("IVF16,Flat, 1,000 × 32", ivf, 10, 4, PerCall: true, 1_000),
        ];
    }

    private static Case[] ThreadCases(Action<string> say) =>
    [
        new("Flat, 100 × 32", Workload.Small(32, 100, "Flat", 1_000, say), 1, 0, PerCall: false, 5_000),
        new("Flat, 1,000 × 32", Workload.Small(32, 1_000, "Flat", 1_000, say), 10, 0, PerCall: false, 500),
    ];

    /// <summary>Refuses sides on different FAISS builds.</summary>
    public static void RequireSameBuild(FaissBuild cpp, FaissBuild csharp)
    {
        // A BLAS that does not say what it is on one side is no proof of a difference.
        if (cpp.Blas == "unknown" || csharp.Blas == "unknown")
            (cpp, csharp) = (cpp with { Blas = "unknown" }, csharp with { Blas = "unknown" });

        if (cpp != csharp)
        {
            throw new InvalidOperationException(
                $"The two sides run on different FAISS builds, so there is nothing to compare: C++ on {cpp}, C# on {csharp}. " +
                "eng/build-native.sh --benchmarks builds both from one FAISS.");
        }
    }

    private static BatchResult MeasureBatch(Case item, int rounds, Peer cpp, IContender csharp, Action<string> say)
    {
        say($"Batch: {item.Name}, {item.Workload.QueryCount:N0} queries …");
        Load(item, cpp, csharp);
        cpp.Batch(item.Work);
        csharp.Batch(item.Work);
        var results = Duel.Run(rounds, () => cpp.Batch(item.Work), () => csharp.Batch(item.Work));
        return new BatchResult(
            item.Name, item.Workload.QueryCount, item.K, item.NProbe, item.PerCall, rounds,
            Spread.Of(results.SelectMany(round => round.Cpp).Select(sample => sample.Wall)).Median,
            Spread.Of(results.SelectMany(round => round.CSharp).Select(sample => sample.Wall)).Median,
            Spread.Of(results.Select(round => round.Cpp.Sum(sample => sample.Wall) / round.CSharp.Sum(sample => sample.Wall))),
            Spread.Of(results.Select(round => round.Cpp.Sum(sample => sample.Cpu) / round.CSharp.Sum(sample => sample.Cpu))),
            results.Max(round => round.CSharp.Max(sample => sample.Allocated)),
            results.All(round => round.Identical) && OneResult(results));
    }

    private static SingleResult MeasureSingle(Case item, int rounds, Peer cpp, IContender csharp, Action<string> say)
    {
        say($"Single: {item.Name} …");
        Load(item, cpp, csharp);
        var work = item.Work;
        WarmUp.Until(() => csharp.Single(work));
        WarmUp.Until(() => cpp.Single(work));
        var results = Duel.Run(rounds, () => cpp.Single(work), () => csharp.Single(work));
        var perCall = 1e9 / work.Count;
        return new SingleResult(
            item.Name, item.K, item.NProbe, item.PerCall, rounds,
            Spread.Of(results.SelectMany(round => round.Cpp).Select(sample => sample.Wall * perCall)).Median,
            Spread.Of(results.SelectMany(round => round.CSharp).Select(sample => sample.Wall * perCall)).Median,
            Spread.Of(results.Select(round => (round.CSharp.Average(sample => sample.Wall) - round.Cpp.Average(sample => sample.Wall)) * perCall)),
            Spread.Of(results.Select(round => (round.CSharp.Average(sample => sample.Cpu) - round.Cpp.Average(sample => sample.Cpu)) * perCall)),
            results.Max(round => round.CSharp.Max(sample => sample.Allocated)),
            results.All(round => round.Identical) && OneResult(results));
    }

    private static IEnumerable<ThreadsResult> MeasureThreads(
        Case item, int rounds, int[] allowed, Peer cpp, IContender csharp, Action<string> say)
    {
        Load(item, cpp, csharp);
        WarmUp.Until(() => csharp.Single(item.Work));
        WarmUp.Until(() => cpp.Single(item.Work));
        // A few milliseconds: short enough that now and then nobody else wants any of the processors meanwhile.
        var work = item.Work;
        (double Cpp, double CSharp) alone = default;
        for (var count = 1; count <= allowed.Length; count *= 2)
        {
            say($"Threads: {item.Name}, {count} …");
            var cpus = allowed[..count];
            var results = Duel.Run(rounds, () => cpp.Many(work, cpus), () => csharp.Many(work, cpus));
            var calls = (double)count * work.Count;
            var fastest = (Cpp: calls / results.Min(round => round.Cpp.Min(sample => sample.Wall)), CSharp: calls / results.Min(round => round.CSharp.Min(sample => sample.Wall)));
            alone = count == 1 ? fastest : alone;
            yield return new ThreadsResult(item.Name, count, fastest.Cpp, fastest.CSharp, fastest.Cpp / alone.Cpp, fastest.CSharp / alone.CSharp);
        }
    }

    private static void Load(Case item, Peer cpp, IContender csharp)
    {
        cpp.Load(item.Workload.Index, item.Workload.Queries, item.Workload.QueryCount, item.IndexNProbe);
        csharp.Load(item.Workload.Index, item.Workload.Queries, item.Workload.QueryCount, item.IndexNProbe);
    }

    private static bool OneResult(IReadOnlyList<Round> rounds) =>
        rounds.All(round => round.Cpp[0].Labels == rounds[0].Cpp[0].Labels && round.Cpp[0].Distances == rounds[0].Cpp[0].Distances);
}
