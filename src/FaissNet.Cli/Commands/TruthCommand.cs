using System.CommandLine;
using System.Diagnostics;
using FaissNet.Cli.Output;
using FaissNet.Data;
using FaissNet.Evaluation;

namespace FaissNet.Cli.Commands;

internal static class TruthCommand
{
    private const string Stage = "Comparing vectors";

    public static Command Create(CancellationToken cancellationToken)
    {
        var input = Options.Vectors("--input", "The vectors; their ids are 0, 1, …");
        var queries = Options.Vectors("--queries", "The vectors to find neighbours of");
        var k = Options.K();
        var output = Options.Required("--output", "FILE", "Where to write the neighbours' ids: .ivecs or .npy")
            .Accepting(NeighborFile.IsWritable, ".ivecs or .npy");
        var metric = Options.Metric();
        var engine = Options.Engine();
        var threads = Options.Threads();
        var json = Options.Json();
        var command = new Command("truth", "Finds the exact nearest neighbours, by comparing every query with every vector.")
        {
            input, queries, k, output, metric, engine, threads, json,
        };
        command.SetAction(parsed =>
        {
            var request = new Request(
                parsed.GetValue(input)!,
                parsed.GetValue(queries)!,
                parsed.GetValue(k),
                parsed.GetValue(output)!,
                parsed.GetValue(metric)!,
                Engine.Choose(parsed.GetValue(engine)),
                parsed.GetValue(threads));
            var report = ProgressDisplay.Run(display => Run(request, display, cancellationToken));
            JsonOutput.WriteOrDraw(report, parsed.GetValue(json), CliJson.Relaxed.TruthOutput, Draw);

            return 0;
        });
        return command;
    }

    private static TruthOutput Run(Request request, ProgressDisplay display, CancellationToken cancellationToken)
    {
        Files.RequireFile("--input", request.Input);
        Files.RequireFile("--queries", request.Queries);
        Files.RequireWritable("--output", request.Output, request.Input, request.Queries);
        using var reader = VectorFile.Open(request.Input);
        if (request.K > reader.Count)
            throw new UsageException($"--k is {request.K}: expected at most {reader.Count}, the vectors in {request.Input}.");

        var queries = VectorFile.ReadAll(request.Queries);
        var threads = request.Engine.ApplyThreads(request.Threads);
        using var flat = request.Engine.CreateFlat(queries.Dimension, Metrics.Parse(request.Metric));
        display.Begin(Stage);
        var start = Stopwatch.GetTimestamp();
        var result = GroundTruth.Compute(
            flat,
            reader,
            queries.Values,
            request.K,
            new GroundTruthOptions { Normalize = request.Metric == Metrics.Cosine, ThreadCount = request.Threads },
            display.As(Stage, "vectors"),
            cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        NeighborFile.Write(request.Output, result.Labels, result.K);
        return new TruthOutput(
            request.Input, request.Queries, request.Output, request.Metric, reader.Dimension, reader.Count, queries.Count, request.K, request.Engine.Name, threads, seconds);
    }

    private static void Draw(TruthOutput report) => Terminal.WriteFacts(
        ("truth", report.Output),
        ("queries", $"{Format.Count(report.Count)}, each with its {report.K} nearest neighbours"),
        ("vectors", $"{Format.Count(report.Vectors)} of {Format.Count(report.Dimension)} dimensions, {Metrics.Explain(report.Metric)}"),
        ("took", $"{Format.Duration(report.Seconds)} ({Format.Count((long)(report.Count / Math.Max(report.Seconds, 1e-9)))} queries/s, {report.Threads} threads)"));

    private sealed record Request(string Input, string Queries, int K, string Output, string Metric, Engine Engine, int? Threads);
}
