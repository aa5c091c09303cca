using System.CommandLine;
using System.Globalization;
using FaissNet.Cli.Output;
using FaissNet.Data;
using FaissNet.Evaluation;
using Spectre.Console;

namespace FaissNet.Cli.Commands;

internal static class VerifyCommand
{
    // FAISS's fast-scan kernels round distances to 8 bits: at the same recall they find other near-ties.
    private const string Rounding = "FastScan";
    private const double RoundingOverlap = 0.7;

    // What is refined keeps its exact distances, and the managed engine refines all that may be near: with short codes, that is much that rounding hides
    // from FAISS.
    private const string Refining = "Refine";

    public static Command Create()
    {
        var index = Options.Index();
        var queries = Options.Vectors("--queries", "The vectors to search for");
        var k = Options.K();
        var nprobe = Options.Count<int?>("--nprobe", "Inverted lists to visit per query [default: as the index is set]", 1, int.MaxValue);
        var tolerance = new Option<double>("--tolerance")
        {
            Description = $"The relative difference of distances that counts as none [default: {EngineComparison.DefaultTolerance:0e0}]",
            HelpName = "X",
            DefaultValueFactory = _ => EngineComparison.DefaultTolerance,
        };
        tolerance.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }]
                && !(double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0))
                result.AddError($"--tolerance is '{text}': expected a number from 0 on, such as 1e-5.");
        });
        var threads = Options.Threads();
        var json = Options.Json();
        var command = new Command("verify", "Compares the managed engine with FAISS itself on an index of yours.")
        {
            index, queries, k, nprobe, tolerance, threads, json,
        };
        command.SetAction(parsed =>
        {
            var request = new Request(
                parsed.GetValue(index)!,
                parsed.GetValue(queries)!,
                parsed.GetValue(k),
                parsed.GetValue(nprobe),
                parsed.GetValue(tolerance),
                parsed.GetValue(threads));
            var report = ProgressDisplay.Run(display => Run(request, display));
            JsonOutput.WriteOrDraw(report, parsed.GetValue(json), CliJson.Relaxed.VerifyOutput, Draw);

            return report.Agrees ? 0 : 1;
        });
        return command;
    }

    private static VerifyOutput Run(Request request, ProgressDisplay display)
    {
        Files.RequireFile("--queries", request.Queries);
        var queries = VectorFile.ReadAll(request.Queries);
        Engine.Native.ApplyThreads(request.Threads);
        Engine.Managed.ApplyThreads(request.Threads);
        using var native = Files.LoadIndex(Engine.Native, request.Index, display);
        using var managed = Files.LoadIndex(Engine.Managed, request.Index, display);
        Files.RequireDimension(request.Queries, queries.Dimension, native);

        var description = native.Describe();
        if (request.NProbe is { } nprobe)
        {
            Files.RequireLists(description, [nprobe]);
            native.SetParameter("nprobe", nprobe);
            managed.SetParameter("nprobe", nprobe);
        }

        display.Begin("Comparing");
        var comparison = EngineComparison.Compare(native, managed, queries.Values, request.K, tolerance: request.Tolerance);
        var rounds = description.TypeName.Contains(Rounding, StringComparison.Ordinal);
        return new VerifyOutput(
            request.Index,
            request.Queries,
            description.TypeName,
            request.NProbe ?? description.NProbe,
            rounds,
            comparison.Agrees || (rounds && (comparison.Overlap >= RoundingOverlap || IsBetter(description.TypeName, comparison))),
            comparison);
    }

    private static bool IsBetter(string type, EngineComparison comparison) =>
        type.Contains(Refining, StringComparison.Ordinal) && comparison.Nearer > comparison.Farther;

    private static void Draw(VerifyOutput report)
    {
        var comparison = report.Comparison;
        if (comparison.Largest.Count > 0)
        {
            var table = Terminal.CreateTable("query", "rank", "native id (distance)", "managed id (distance)", "difference");
            foreach (var difference in comparison.Largest)
            {
                table.AddRow(
                    Format.Count(difference.Query),
                    Format.Count(difference.Rank + 1),
                    Cell(difference.ReferenceId, difference.ReferenceDistance),
                    Cell(difference.Id, difference.Distance),
                    Scientific(difference.RelativeDifference));
            }

            Terminal.Write(table);
            Terminal.WriteRemark($"the {comparison.Largest.Count} largest differences; 0: another id at the same distance");
        }

        Terminal.WriteFacts(
            ("index", $"{report.Index}, {report.Type}{(report.NProbe is { } nprobe ? $", nprobe = {nprobe}" : "")}"),
            ("compared", $"{Format.Count(comparison.Queries)} queries × {comparison.K} neighbours"),
            ("same ids", Share(comparison.SameIds, comparison.Queries)),
            ("same but for ties", Share(comparison.SameButTies, comparison.Queries)),
            ("different", Share(comparison.Different, comparison.Queries)),
            ("… managed nearer", Share(comparison.Nearer, comparison.Queries)),
            ("… FAISS nearer", Share(comparison.Farther, comparison.Queries)),
            ("ids in common", $"{Format.Number(100 * comparison.Overlap, "0.00")} %"),
            ("largest difference", $"{Scientific(comparison.LargestDifference)} of the distance (tolerance {Scientific(comparison.Tolerance)})"),
            ("verdict", Verdict(report)));
    }

    private static string Verdict(VerifyOutput report) =>
        report.Comparison.Agrees ? "both engines agree"
        : report.Agrees && report.Comparison.Overlap < RoundingOverlap
            ? "both engines agree as far as FAISS's fast-scan kernels go, which round distances to 8 bits; managed ones are exact, and what they find is nearer"
        : report.Agrees ? "both engines agree as far as FAISS's fast-scan kernels go, which round distances to 8 bits; managed ones are exact"
        : "THE ENGINES DIFFER";

    private static string Share(int count, int of) => $"{Format.Count(count)} ({Format.Number(100.0 * count / Math.Max(1, of), "0.00")} %)";

    private static string Cell(long id, float distance) => id == -1 ? "–" : $"{id} ({Format.Short(distance)})";

    private static string Scientific(double value) => value == 0 ? "0" : Format.Number(value, "0.0e0");

    private sealed record Request(string Index, string Queries, int K, int? NProbe, double Tolerance, int? Threads);
}
