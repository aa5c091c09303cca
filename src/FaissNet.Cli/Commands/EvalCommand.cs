using System.CommandLine;
using FaissNet.Cli.Output;
using FaissNet.Data;
using FaissNet.Evaluation;
using Spectre.Console;

namespace FaissNet.Cli.Commands;

internal static class EvalCommand
{
    public static Command Create(CancellationToken cancellationToken)
    {
        var index = Options.Index();
        var queries = Options.Vectors("--queries", "The vectors to search for");
        var truth = Options.Required("--truth", "FILE", "The exact neighbours of these queries, as 'truth' writes them: .ivecs or .npy")
            .Accepting(NeighborFile.IsReadable, ".ivecs or .npy, also with .gz behind it");
        var k = Options.K();
        var nprobe = Options.Counts("--nprobe", "Numbers of inverted lists to visit, each measured [default: as the index is set]");
        var engine = Options.Engine();
        var threads = Options.Threads();
        var json = Options.Json();
        var command = new Command("eval", "Measures recall, queries per second and latency, for each nprobe.")
        {
            index, queries, truth, k, nprobe, engine, threads, json,
        };
        command.SetAction(parsed =>
        {
            var request = new Request(
                parsed.GetValue(index)!,
                parsed.GetValue(queries)!,
                parsed.GetValue(truth)!,
                parsed.GetValue(k),
                parsed.GetValue(nprobe) ?? [],
                Engine.Choose(parsed.GetValue(engine)),
                parsed.GetValue(threads));
            var report = ProgressDisplay.Run(display => Run(request, display, cancellationToken));
            JsonOutput.WriteOrDraw(report, parsed.GetValue(json), CliJson.Relaxed.EvalOutput, Draw);

            return 0;
        });
        return command;
    }

    private static EvalOutput Run(Request request, ProgressDisplay display, CancellationToken cancellationToken)
    {
        Files.RequireFile("--queries", request.Queries);
        Files.RequireFile("--truth", request.Truth);
        var truth = NeighborFile.Read(request.Truth);
        if (request.K > truth.K)
            throw new UsageException($"--k is {request.K}: expected at most {truth.K}, the neighbours per query in {request.Truth}.");

        var queries = VectorFile.ReadAll(request.Queries);
        if (truth.Count != queries.Count)
        {
            throw new InvalidDataException(
                $"{request.Truth}: it has the neighbours of {truth.Count} queries, expected those of the {queries.Count} in {request.Queries}.");
        }

        var threads = request.Engine.ApplyThreads(request.Threads);
        using var index = Files.LoadIndex(request.Engine, request.Index, display);
        Files.RequireDimension(request.Queries, queries.Dimension, index);

        var description = index.Describe();
        Files.RequireLists(description, request.NProbes);
        var results = SearchEvaluation.Run(
            index, queries.Values, truth, request.K, request.NProbes, new Steps(display), cancellationToken);
        return new EvalOutput(
            request.Index,
            request.Queries,
            request.Truth,
            description.TypeName,
            Metrics.NameOf(description.Metric),
            description.Dimension,
            description.Count,
            queries.Count,
            request.K,
            request.Engine.Name,
            threads,
            InfoCommand.MeasureMemory(description, request.Index),
            results);
    }

    private static void Draw(EvalOutput report)
    {
        Terminal.WriteFacts(
            ("index", $"{report.Type}, {Format.Count(report.Vectors)} vectors of {Format.Count(report.Dimension)} dimensions"),
            ("memory", InfoCommand.ExplainMemory(report.Memory)),
            ("queries", $"{Format.Count(report.Count)}, {report.Threads} threads"));
        var table = Terminal.CreateTable("nprobe", "recall@1", $"recall@{report.K}", "queries/s", "p50 ms", "p99 ms");
        foreach (var result in report.Results)
        {
            table.AddRow(
                result.NProbe is { } nprobe ? Format.Count(nprobe) : "–",
                Format.Number(result.RecallAt1, "0.0000"),
                Format.Number(result.RecallAtK, "0.0000"),
                Format.Short(result.Qps),
                Format.Short(result.LatencyMs.P50),
                Format.Short(result.LatencyMs.P99));
        }

        Terminal.Write(table);
    }

    private sealed class Steps(ProgressDisplay display) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) =>
            display.Report(
                "Measuring", value.Completed, value.Total, "settings", value.NProbe is { } nprobe ? $" nprobe {nprobe}" : "");
    }

    private sealed record Request(string Index, string Queries, string Truth, int K, int[] NProbes, Engine Engine, int? Threads);
}
