using System.CommandLine;
using System.Diagnostics;
using FaissNet.Cli.Output;
using FaissNet.Data;
using FaissNet.Evaluation;

namespace FaissNet.Cli.Commands;

internal static class BuildCommand
{
    private const int VerifyNeighbors = 10;
    private const int VerifyNProbe = 16;

    public static Command Create(CancellationToken cancellationToken)
    {
        var input = Options.Vectors("--input", "The vectors; their ids become 0, 1, …");
        var factory = Options.Required("--factory", "STR", "What to build, in FAISS's words: Flat, IVF256,PQ56np, OPQ16,IVF4096,PQ16np, HNSW32, …");
        var output = Options.Required("--output", "FILE", "The index file to write, in FAISS's format");
        var metric = Options.Metric();
        var trainSize = Options.Count<long?>(
            "--train-size", "Vectors to train with, spread over the file [default: as many as FAISS makes use of, 256 per centroid]", 1, long.MaxValue);
        var verify = Options.Optional("--verify", "Queries: load the file again and compare the answers of both indexes")
            .Accepting(VectorFile.IsSupported, VectorFile.SupportedNames);
        var engine = Options.Engine();
        var threads = Options.Threads();
        var json = Options.Json();
        var command = new Command("build", "Trains an index with a sample of a vector file, adds all its vectors and saves it.")
        {
            input, factory, output, metric, trainSize, verify, engine, threads, json,
        };
        command.SetAction(parsed =>
        {
            var request = new Request(
                parsed.GetValue(input)!,
                parsed.GetValue(factory)!,
                parsed.GetValue(output)!,
                parsed.GetValue(metric)!,
                parsed.GetValue(trainSize),
                parsed.GetValue(verify),
                Engine.Choose(parsed.GetValue(engine)),
                parsed.GetValue(threads));
            var report = ProgressDisplay.Run(display => Run(request, display, cancellationToken));
            JsonOutput.WriteOrDraw(report, parsed.GetValue(json), CliJson.Relaxed.BuildOutput, Draw);

            return report.Verify is { Identical: false } ? 1 : 0;
        });
        return command;
    }

    private static BuildOutput Run(Request request, ProgressDisplay display, CancellationToken cancellationToken)
    {
        Files.RequireFile("--input", request.Input);
        Files.RequireWritable("--output", request.Output, request.Input, request.Verify);
        if (request.Verify is not null)
            Files.RequireFile("--verify", request.Verify);

        using var reader = VectorFile.Open(request.Input);
        var threads = request.Engine.ApplyThreads(request.Threads);
        using var index = Files.CreateIndex(request.Engine, reader.Dimension, request.Factory, request.Metric);
        var empty = index.Describe();
        var trainSize = request.TrainSize
            ?? TrainingSample.DefaultSize(reader.Count, reader.Dimension, empty.NList ?? 0, empty.NBits ?? 0);
        if (!empty.IsTrained)
            WarnOfFew(Math.Min(trainSize, reader.Count), empty);

        var times = IndexBuilder.Build(index, reader, trainSize, display, cancellationToken);
        display.Begin("Saving");
        var start = Stopwatch.GetTimestamp();
        index.Save(request.Output);
        var saveSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var built = index.Describe();
        return new BuildOutput(
            request.Input,
            request.Factory,
            request.Output,
            request.Metric,
            built.TypeName,
            built.Dimension,
            built.Count,
            times.VectorsTrained,
            request.Engine.Name,
            threads,
            new BuildSeconds(times.ReadSeconds, times.TrainSeconds, times.AddSeconds, saveSeconds),
            InfoCommand.MeasureMemory(built, request.Output),
            request.Verify is null ? null : Verify(index, built, request, display));
    }

    private static void WarnOfFew(long trainSize, IndexDescription index)
    {
        var centroids = Math.Max(index.NList ?? 0, index.NBits is { } nbits ? 1L << nbits : 0);
        if (trainSize < centroids * TrainingSample.MinVectorsPerCentroid)
        {
            Terminal.Note(
                $"{Format.Count(trainSize)} vectors are few to train {Format.Count(centroids)} centroids with: FAISS advises " +
                $"{Format.Count(centroids * TrainingSample.MinVectorsPerCentroid)} or more.");
        }
    }

    // With enough lists that the codes of many vectors take part.
    private static IndexComparison Verify(VectorIndex index, IndexDescription built, Request request, ProgressDisplay display)
    {
        display.Begin("Verifying the file");
        using var loaded = request.Engine.Load(request.Output);
        if (built.NList is { } nlist)
        {
            var nprobe = Math.Min(VerifyNProbe, nlist);
            index.SetParameter("nprobe", nprobe);
            loaded.SetParameter("nprobe", nprobe);
        }

        return IndexComparison.Compare(
            index, loaded, VectorFile.ReadAll(request.Verify!).Values, (int)Math.Min(VerifyNeighbors, built.Count));
    }

    private static void Draw(BuildOutput report)
    {
        var (seconds, memory) = (report.Seconds, report.Memory);
        Terminal.WriteFacts(
            ("index", report.Output),
            ("type", $"{report.Type}, {Metrics.Explain(report.Metric)}"),
            ("vectors", $"{Format.Count(report.Vectors)} of {Format.Count(report.Dimension)} dimensions"),
            ("trained with", report.TrainSize == 0
                ? "nothing: this type needs no training"
                : $"{Format.Count(report.TrainSize)} vectors in {Format.Duration(seconds.Train)}"),
            ("added in", $"{Format.Duration(seconds.Add)} ({Format.Rate(report.Vectors / Math.Max(seconds.Add, 1e-9))}), {report.Threads} threads"),
            ("file", Format.Bytes(memory.SerializedBytes)),
            ("memory", InfoCommand.ExplainMemory(memory)),
            ("reloaded file", report.Verify is { } verify ? ExplainVerification(verify) : null));
    }

    private static string ExplainVerification(IndexComparison verify) => verify.Identical
        ? $"same ids and distances for {Format.Count(verify.Queries)} queries × {verify.K} neighbours"
        : $"DIFFERS: other ids for {Format.Count(verify.QueriesWithOtherIds)}, other distances for " +
          $"{Format.Count(verify.QueriesWithOtherDistances)} of {Format.Count(verify.Queries)} queries";

    private sealed record Request(
        string Input, string Factory, string Output, string Metric, long? TrainSize, string? Verify, Engine Engine, int? Threads);
}
