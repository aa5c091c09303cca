using System.CommandLine;
using FaissNet.Cli.Output;
using FaissNet.Data;
using FaissNet.Evaluation;
using Spectre.Console;

namespace FaissNet.Cli.Commands;

internal static class CompareCommand
{
    private static readonly int[] DefaultProbes = [1, 4, 16, 64];

    public static Command Create(CancellationToken cancellationToken)
    {
        var input = Options.Vectors("--input", "The vectors; their ids are 0, 1, …");
        var queries = Options.Vectors("--queries", "The vectors to search for");
        var k = Options.K();
        var factories = new Option<string[]>("--factory")
        {
            Description = "What to build, in FAISS's words; may be given several times [default: usual choices for these vectors]",
            HelpName = "STR",
        };
        var nprobe = Options.Counts("--nprobe", "Numbers of inverted lists to visit, each measured [default: 1,4,16,64]");
        var metric = Options.Metric();
        var engine = Options.Engine();
        var threads = Options.Threads();
        var json = Options.Json();
        var command = new Command("compare", "Builds several index types over the same vectors and measures memory, recall and speed of each.")
        {
            input, queries, k, factories, nprobe, metric, engine, threads, json,
        };
        command.SetAction(parsed =>
        {
            var request = new Request(
                parsed.GetValue(input)!,
                parsed.GetValue(queries)!,
                parsed.GetValue(k),
                parsed.GetValue(factories) ?? [],
                parsed.GetValue(nprobe) ?? DefaultProbes,
                parsed.GetValue(metric)!,
                Engine.Choose(parsed.GetValue(engine)),
                parsed.GetValue(threads));
            var report = ProgressDisplay.Run(display => Run(request, display, cancellationToken));
            JsonOutput.WriteOrDraw(report, parsed.GetValue(json), CliJson.Relaxed.CompareOutput, Draw);

            return 0;
        });
        return command;
    }

    private static CompareOutput Run(Request request, ProgressDisplay display, CancellationToken cancellationToken)
    {
        Files.RequireFile("--input", request.Input);
        Files.RequireFile("--queries", request.Queries);
        using var reader = VectorFile.Open(request.Input);
        if (request.K > reader.Count)
            throw new UsageException($"--k is {request.K}: expected at most {reader.Count}, the vectors in {request.Input}.");

        var queries = VectorFile.ReadAll(request.Queries);
        var threads = request.Engine.ApplyThreads(request.Threads);
        var isCosine = request.Metric == Metrics.Cosine;
        using var flat = request.Engine.CreateFlat(reader.Dimension, Metrics.Parse(request.Metric));
        display.Begin("Exact neighbours");
        var exact = GroundTruth.Compute(
            flat,
            reader,
            queries.Values,
            request.K,
            new GroundTruthOptions { Normalize = isCosine, ThreadCount = request.Threads },
            display.As("Exact neighbours", "vectors"),
            cancellationToken);
        var factories = request.Factories.Length > 0 ? request.Factories : ConfigurationComparison.Suggest(reader.Dimension, reader.Count);
        var building = new BuildProgress(display);
        var results = ConfigurationComparison.Run(
            factory => Files.CreateIndex(request.Engine, reader.Dimension, factory, request.Metric),
            factories,
            reader,
            queries.Values,
            new NeighborSet(exact.Labels, exact.QueryCount, exact.K),
            request.K,
            request.NProbes,
            building.Begin,
            building,
            cancellationToken);
        return new CompareOutput(
            request.Input, request.Queries, request.Metric, reader.Dimension, reader.Count, queries.Count, request.K, request.Engine.Name, threads, results);
    }

    private static void Draw(CompareOutput report)
    {
        var table = Terminal.CreateTable("index", "bytes", "build", "nprobe", $"recall@{report.K}", "queries/s");
        table.Columns[0].LeftAligned();
        foreach (var configuration in report.Results)
        {
            var isFirst = true;
            foreach (var result in configuration.Search)
            {
                table.AddRow(
                    isFirst ? configuration.Factory : "",
                    isFirst ? Format.Short(configuration.BytesPerVector) : "",
                    isFirst ? Format.Duration(configuration.BuildSeconds) : "",
                    result.NProbe is { } nprobe ? Format.Count(nprobe) : "–",
                    Format.Number(result.RecallAtK, "0.0000"),
                    Format.Short(result.Qps));
                isFirst = false;
            }
        }

        Terminal.Write(table);
        Terminal.WriteRemark("bytes: code and id of one vector; queries/s: of all threads, in one batch");
        Terminal.WriteFacts(
            ("vectors", $"{Format.Count(report.Vectors)} of {Format.Count(report.Dimension)} dimensions, {Metrics.Explain(report.Metric)}; " +
                $"{Format.Count(4L * report.Dimension)} bytes each as they are"),
            ("queries", $"{Format.Count(report.Count)}, {report.Engine} engine, {report.Threads} threads"));
    }

    // One line per index type, however many stages its building has.
    private sealed class BuildProgress(ProgressDisplay display) : IProgress<IndexProgress>
    {
        private string _factory = "";

        public void Begin(string factory)
        {
            _factory = factory;
            display.Begin(factory);
        }

        public void Report(IndexProgress value) => display.Report(
            _factory, value.Completed, value.Total,
            value.Stage is IndexStage.TrainingTransform or IndexStage.TrainingCoarse or IndexStage.TrainingCodes ? "iterations" : "vectors");
    }

    private sealed record Request(
        string Input, string Queries, int K, string[] Factories, int[] NProbes, string Metric, Engine Engine, int? Threads);
}
