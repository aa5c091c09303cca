namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>The managed engine against FAISS from C++: the same data, index files and queries, one thread, in turn.</summary>
internal static class VsFaissBenchmark
{
    public static int Run(VsFaissOptions options)
    {
        Action<string> say = Console.Error.WriteLine;
        var cpus = Processors.Allowed();
        var cpu = options.Cpu ?? cpus[^1];
        var (mnist, words) = (DataSet.Mnist(options.Mnist), DataSet.Words(options.Words));
        var peers = (options.Peers.Count > 0 ? options.Peers : [FaissProcess.Find(null, FaissRuntime.Variant)])
            .Select(file => (File: file, Side: Contender.Faiss(file, cpu)))
            .OrderBy(peer => Version.Parse(peer.Side.Build.Version))
            .ToArray();
        var managed = new Dictionary<CodePath, Contender>();
        try
        {
            var store = new IndexStore(peers[0].File, peers[0].Side.Build.Version, say);
            Frontier[] frontiers =
            [
                new(
                    words, [56, 60, 64, 72], ["IVF1024,PQ50x4fs,RFlat"],
                    ["IVF1024,PQ50x4fs,RFlat", "IVF1024,PQ25np,RFlat", "IVF1024,Flat"], store),
                new(
                    mnist, [5, 6, 8], ["IVF256,PQ112x4fs,RFlat"],
                    ["IVF256,PQ112x4fs,RFlat", "IVF256,PQ56np,RFlat", "IVF256,Flat"], store),
            ];
            Row[] rows =
            [
                .. TrainingRows.All(mnist, words, store)
                    .Concat(SearchRows.All(mnist, words, store))
                    .Concat(frontiers.SelectMany(frontier => frontier.Rows()))
                    .Where(row => options.Only.Contains(row.Section) && row.Case.Contains(options.Match, StringComparison.Ordinal)),
            ];
            var results = rows.Select(row => Measure(row, [.. peers.Select(peer => peer.Side)], Managed(row.Code), options, say)).ToArray();
            ThreadsRow[] threads = options.Only.Contains("threads")
                ? [.. Scaling.Measure([("words, frontier", frontiers[0]), ("MNIST, frontier", frontiers[1])], cpus, options.Rounds, say)]
                : [];
            var report = new VsFaissReport(
                MachineFacts.Read(cpus.Length), [.. peers.Select(peer => peer.Side.Build)], Managed(CodePath.Full).Build, cpu, results, threads);
            VsFaissWriter.Write(report, options.Json);
            return results.All(row => row.Holds) && threads.All(row => row.Holds) ? 0 : 1;
        }
        finally
        {
            foreach (var side in peers.Select(peer => peer.Side).Concat(managed.Values))
                side.Dispose();
        }

        Contender Managed(CodePath code)
        {
            if (!managed.TryGetValue(code, out var side))
            {
                managed[code] = side = code switch
                {
                    CodePath.NoAvx512 => Contender.Managed(cpu, ("DOTNET_EnableAVX512", "0")),
                    CodePath.Scalar => Contender.Managed(cpu, ("DOTNET_EnableHWIntrinsic", "0")),
                    _ => Contender.Managed(cpu),
                };
            }

            return side;
        }
    }

    private static RowResult Measure(Row row, IReadOnlyList<Contender> peers, Contender managed, VsFaissOptions options, Action<string> say)
    {
        var result = new RowResult(row.Section, row.Task, row.Case, managed.Build.Simd, row.Bar, row.Aim, []);
        try
        {
            result = result with { Measurements = [.. peers.Select(faiss => Measure(row, faiss, managed, options))] };
        }
        catch (IOException e)
        {
            result = result with { Failure = e.Message };
            foreach (var side in peers.Append(managed))
                side.Restart();
        }

        say(VsFaissWriter.Line(result));
        return result;
    }

    private static Measurement Measure(Row row, Contender faiss, Contender managed, VsFaissOptions options)
    {
        row.Prepare(faiss);
        row.Prepare(managed);
        var calls = row.HasCalls ? Calls(row, faiss) : 1;
        if (row.WarmsUp)
        {
            row.Measure(faiss, calls);
            WarmUp.Until(() => row.Measure(managed, calls));
        }

        var results = Duel.Run(options.Rounds, () => row.Measure(faiss, calls), () => row.Measure(managed, calls), options.Seconds);
        var agreement = row.Compare(faiss, managed);
        return new Measurement(
            faiss.Build.Version,
            results.Count,
            Spread.Of(results.SelectMany(r => r.Cpp).Select(sample => sample.Cpu / calls)).Median,
            Spread.Of(results.SelectMany(r => r.CSharp).Select(sample => sample.Cpu / calls)).Median,
            Spread.Of(results.Select(r => r.Cpp.Sum(sample => sample.Cpu) / r.CSharp.Sum(sample => sample.Cpu))),
            Spread.Of(results.Select(r => r.Cpp.Sum(sample => sample.Wall) / r.CSharp.Sum(sample => sample.Wall))),
            agreement.Holds,
            agreement.Text);
    }

    // So many that they take FAISS a quarter of a second.
    private static int Calls(Row row, Contender faiss)
    {
        const int Probe = 20;
        row.Measure(faiss, Probe);
        var seconds = row.Measure(faiss, Probe).Wall / Probe;
        return (int)Math.Clamp(0.25 / seconds, Probe, 10_000);
    }
}
