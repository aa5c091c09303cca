using System.Text.Json;

namespace FaissNet.Tests.Serialization;

/// <summary>What Python's faiss says about a file that it wrote.</summary>
/// <param name="Name">The file's name without its extension.</param>
/// <param name="FourCC">The first four bytes.</param>
/// <param name="Type">The class that faiss makes of it.</param>
/// <param name="Dimension">d.</param>
/// <param name="Count">ntotal.</param>
/// <param name="Metric">metric_type.</param>
/// <param name="MetricArgument">metric_arg, where the file has one that is not 0.</param>
/// <param name="IsTrained">is_trained.</param>
/// <param name="IsRecognised">False for the types that faiss reads and the validator does not.</param>
/// <param name="Refused">The field for which the validator refuses a file that is well formed; otherwise null.</param>
/// <param name="ExternalFiles">The other files that it names.</param>
public sealed record GoldenFile(
    string Name, string FourCC, string Type, int Dimension, long Count, int Metric, float? MetricArgument, bool IsTrained,
    bool IsRecognised, string? Refused, string[] ExternalFiles)
{
    public byte[] Read() => File.ReadAllBytes(GoldenFiles.PathOf(Name));
}

/// <summary>The files of tests/vectors/indexes by their manifest. tests/vectors/generate.py writes both.</summary>
public static class GoldenFiles
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "vectors");

    public static IReadOnlyList<GoldenFile> All { get; } = ReadManifest();

    public static IEnumerable<GoldenFile> Accepted => All.Where(file => file.IsRecognised && file.Refused is null);

    public static TheoryData<string> UnrecognisedNames =>
        [.. All.Where(file => !file.IsRecognised).Select(file => file.Name)];

    public static TheoryData<string> AcceptedNames => [.. Accepted.Select(file => file.Name)];

    public static GoldenFile Get(string name) => All.Single(file => file.Name == name);

    public static string PathOf(string name) => Path.Combine(s_folder, "indexes", name + ".faiss");

    private static List<GoldenFile> ReadManifest()
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(s_folder, "manifest.json")));
        var files = new List<GoldenFile>();
        foreach (var entry in manifest.RootElement.GetProperty("files").EnumerateObject())
        {
            var value = entry.Value;
            files.Add(new GoldenFile(
                entry.Name,
                value.GetProperty("fourcc").GetString()!,
                value.GetProperty("type").GetString()!,
                value.GetProperty("d").GetInt32(),
                value.GetProperty("ntotal").GetInt64(),
                value.GetProperty("metric").GetInt32(),
                value.TryGetProperty("metricArgument", out var argument) ? argument.GetSingle() : null,
                value.GetProperty("isTrained").GetBoolean(),
                !value.TryGetProperty("recognised", out var recognised) || recognised.GetBoolean(),
                value.TryGetProperty("refused", out var refused) ? refused.GetString() : null,
                value.TryGetProperty("externalFiles", out var external)
                    ? [.. external.EnumerateArray().Select(name => name.GetString()!)]
                    : []));
        }

        return files;
    }
}
