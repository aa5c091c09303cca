using System.CommandLine;
using FaissNet.Cli.Output;
using FaissNet.Evaluation;

namespace FaissNet.Cli.Commands;

internal static class InfoCommand
{
    public static Command Create()
    {
        var index = Options.Index();
        var engine = Options.Engine();
        var json = Options.Json();
        var command = new Command("info", "Says what an index file holds.") { index, engine, json };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(index)!;
            var chosen = Engine.Choose(parsed.GetValue(engine));
            var report = ProgressDisplay.Run(display => Run(chosen, path, display));
            JsonOutput.WriteOrDraw(report, parsed.GetValue(json), CliJson.Relaxed.InfoOutput, Draw);

            return 0;
        });
        return command;
    }

    /// <summary>An index takes about as much memory as its file.</summary>
    public static MemoryReport MeasureMemory(IndexDescription index, string path) =>
        new(index.Count, index.Dimension, (long)index.Dimension * sizeof(float), index.CodeSize, index.IdBytes, new FileInfo(path).Length);

    public static string ExplainMemory(MemoryReport memory)
    {
        if (memory.Vectors == 0)
            return "no vectors";

        var code = memory.CodeBytesPerVector is { } bytes ? $" (code {Format.Count(bytes)}, id {memory.IdBytesPerVector})" : "";
        var raw = $"raw {Format.Count(memory.RawBytesPerVector)}";
        return memory.Compression >= 1.05
            ? $"{Format.Short(memory.BytesPerVector)} bytes/vector{code}; {raw}: {Format.Number(memory.Compression, "0.0")} × smaller"
            : $"{Format.Short(memory.BytesPerVector)} bytes/vector{code}; {raw}";
    }

    private static InfoOutput Run(Engine engine, string path, ProgressDisplay display)
    {
        using var index = Files.LoadIndex(engine, path, display);
        var description = index.Describe();
        return new InfoOutput(
            path,
            description.TypeName,
            Metrics.NameOf(description.Metric),
            description.Dimension,
            description.Count,
            description.IsTrained,
            description.NList,
            description.NProbe,
            description.M,
            description.NBits,
            description.ListSizes,
            MeasureMemory(description, path),
            description.Memory);
    }

    private static void Draw(InfoOutput report) => Terminal.WriteFacts(
        ("index", report.Index),
        ("type", report.Type),
        ("vectors", $"{Format.Count(report.Vectors)} of {Format.Count(report.Dimension)} dimensions"),
        ("metric", Metrics.Explain(report.Metric)),
        ("trained", report.IsTrained ? "yes" : "no"),
        ("lists", report.NList is { } nlist ? $"{Format.Count(nlist)} (nlist), nprobe = {report.NProbe}" : null),
        ("list sizes", report.ListSizes is { } sizes && report.Vectors > 0
            ? $"{Format.Count(sizes.Min)} to {Format.Count(sizes.Max)}, median {Format.Number(sizes.Median, "#,0.#")}, " +
              $"{Format.Count(sizes.Empty)} empty, imbalance {Format.Number(sizes.ImbalanceFactor, "0.00")}"
            : null),
        ("product quantizer", report.M is { } m ? $"M = {m}, {report.NBits} bits" : null),
        ("file", Format.Bytes(report.Memory.SerializedBytes)),
        ("memory", ExplainMemory(report.Memory)),
        ("in memory", report.Parts is { Total: > 0 } parts ? ExplainParts(parts) : null));

    private static string ExplainParts(IndexMemory parts)
    {
        (string Name, long Bytes)[] all =
        [
            ("centroids", parts.Centroids), ("codebooks", parts.Codebooks), ("codes", parts.Codes), ("ids", parts.Ids), ("tables", parts.Tables),
        ];
        return $"{Format.Bytes(parts.Total)}: {string.Join(", ", all.Where(part => part.Bytes > 0).Select(part => $"{part.Name} {Format.Bytes(part.Bytes)}"))}";
    }
}
