using System.CommandLine;
using FaissNet.Cli.Output;
using FaissNet.Data;
using Spectre.Console;

namespace FaissNet.Cli.Commands;

internal static class SearchCommand
{
    private const int ShownQueries = 10;
    private const int ColumnWidth = 22;

    public static Command Create(CancellationToken cancellationToken)
    {
        var index = Options.Index();
        var queries = Options.Vectors("--queries", "The vectors to search for");
        var k = Options.K();
        var nprobe = Options.Count<int?>("--nprobe", "Inverted lists to visit per query [default: as the index is set]", 1, int.MaxValue);
        var outputIds = Options.Optional("--output-ids", "Write the neighbours' ids: .ivecs or .npy")
            .Accepting(NeighborFile.IsWritable, ".ivecs or .npy");
        var outputDistances = Options.Optional("--output-distances", "Write the neighbours' distances: .fvecs or .npy")
            .Accepting(VectorWriter.IsSupported, ".fvecs or .npy");
        var engine = Options.Engine();
        var threads = Options.Threads();
        var json = Options.Json();
        var command = new Command("search", "Finds the nearest vectors to each query.")
        {
            index, queries, k, nprobe, outputIds, outputDistances, engine, threads, json,
        };
        command.SetAction(parsed =>
        {
            var request = new Request(
                parsed.GetValue(index)!,
                parsed.GetValue(queries)!,
                parsed.GetValue(k),
                parsed.GetValue(nprobe),
                parsed.GetValue(outputIds),
                parsed.GetValue(outputDistances),
                Engine.Choose(parsed.GetValue(engine)),
                parsed.GetValue(threads),
                parsed.GetValue(json));
            var report = ProgressDisplay.Run(display => Run(request, display, cancellationToken));
            var printed = request is { Json: true, HasOutput: true } ? report with { Results = null } : report;
            JsonOutput.WriteOrDraw(printed, request.Json, CliJson.Relaxed.SearchOutput, Draw);

            return 0;
        });
        return command;
    }

    private static SearchOutput Run(Request request, ProgressDisplay display, CancellationToken cancellationToken)
    {
        Files.RequireFile("--queries", request.Queries);
        Files.RequireWritable("--output-ids", request.OutputIds, request.Index, request.Queries);
        Files.RequireWritable("--output-distances", request.OutputDistances, request.Index, request.Queries, request.OutputIds);
        using var reader = VectorFile.Open(request.Queries);
        var threads = request.Engine.ApplyThreads(request.Threads);
        using var index = Files.LoadIndex(request.Engine, request.Index, display);
        var description = index.Describe();
        if (request.NProbe is { } nprobe)
        {
            Files.RequireLists(description, [nprobe]);
            index.SetParameter("nprobe", nprobe);
        }

        using var ids = request.OutputIds is null ? null : NeighborWriter.Create(request.OutputIds, request.K);
        using var distances = request.OutputDistances is null ? null : VectorWriter.Create(request.OutputDistances, request.K);
        // All of them only where they are what is printed.
        var kept = request is { Json: true, HasOutput: false } ? long.MaxValue : ShownQueries;
        var results = new List<QueryResult>();
        var taken = FileSearch.Run(
            index,
            reader,
            request.K,
            (batchDistances, batchIds) =>
            {
                ids?.Write(batchIds);
                distances?.Write(batchDistances);
                for (var row = 0; row < batchIds.Length && results.Count < kept; row += request.K)
                    results.Add(ToResult(results.Count, batchIds.Slice(row, request.K), batchDistances.Slice(row, request.K)));
            },
            display,
            cancellationToken).TotalSeconds;
        ids?.Complete();
        distances?.Complete();
        return new SearchOutput(
            request.Index,
            request.Queries,
            reader.Count,
            request.K,
            request.NProbe ?? description.NProbe,
            request.Engine.Name,
            threads,
            taken,
            reader.Count / Math.Max(taken, 1e-9),
            request.OutputIds,
            request.OutputDistances,
            results);
    }

    // Without the padding of -1.
    private static QueryResult ToResult(int query, ReadOnlySpan<long> ids, ReadOnlySpan<float> distances)
    {
        var found = ids.IndexOf(-1L) is >= 0 and var end ? end : ids.Length;
        return new QueryResult(query, ids[..found].ToArray(), distances[..found].ToArray());
    }

    private static void Draw(SearchOutput report)
    {
        DrawFirst(report);
        Terminal.WriteFacts(
            ("searched", $"{Format.Count(report.Count)} queries, k = {report.K}{(report.NProbe is { } nprobe ? $", nprobe = {nprobe}" : "")}"),
            ("took", $"{Format.Duration(report.Seconds)} ({Format.Count((long)report.Qps)} queries/s, {report.Threads} threads)"),
            ("ids", report.OutputIds),
            ("distances", report.OutputDistances));
    }

    private static void DrawFirst(SearchOutput report)
    {
        var results = report.Results!;
        if (results.Count == 0)
            return;

        var columns = Math.Clamp((Terminal.Out.Profile.Width - ColumnWidth / 2) / ColumnWidth, 1, report.K);
        var table = Terminal.CreateTable(
            ["query", .. Enumerable.Range(1, columns).Select(rank => rank switch { 1 => "nearest", 2 => "2nd", 3 => "3rd", _ => $"{rank}th" })]);
        foreach (var result in results)
        {
            table.AddRow([
                new Text(Format.Count(result.Query)),
                .. Enumerable.Range(0, columns).Select(rank => Cell(result, rank)),
            ]);
        }

        Terminal.Write(table);
        if (results.Count < report.Count || columns < report.K)
        {
            Terminal.WriteRemark(
                $"the first {results.Count} of {Format.Count(report.Count)} queries, {columns} of {report.K} neighbours: id (distance)");
        }
    }

    private static Text Cell(QueryResult result, int rank) => rank < result.Ids.Length
        ? new Text($"{result.Ids[rank]} ({Format.Short(result.Distances[rank])})")
        : new Text("–");

    private sealed record Request(
        string Index, string Queries, int K, int? NProbe, string? OutputIds, string? OutputDistances, Engine Engine, int? Threads, bool Json)
    {
        public bool HasOutput => OutputIds is not null || OutputDistances is not null;
    }
}
