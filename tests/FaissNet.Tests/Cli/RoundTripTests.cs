using System.Text.Json;
using FaissNet.Data;
using FaissNet.Evaluation;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Cli;

/// <summary>build, search, truth, eval and info, one after the other, on generated vectors.</summary>
[NeedsNative]
public sealed class RoundTripTests : IDisposable
{
    private const int D = 16, Count = 3000, Queries = 80, K = 10;

    private readonly TemporaryFolder _folder = new();
    private readonly float[] _vectors = TestVectors.Clustered(Count, D, seed: 1);
    private readonly float[] _queries = TestVectors.Clustered(Queries, D, seed: 2);

    public RoundTripTests()
    {
        VectorFile.Write(File("base.fvecs"), _vectors, D);
        VectorFile.Write(File("queries.npy"), _queries, D);
    }

    [Fact]
    public void An_index_is_built_searched_and_measured()
    {
        var build = CommandLine.Run(
            "build", "--input", File("base.fvecs"), "--factory", "IVF16,PQ4np", "--output", File("index"), "--train-size", "2000",
            "--verify", File("queries.npy"), "--threads", "1", "--json").Json();
        Assert.Equal("IndexIVFPQ", build.GetProperty("type").GetString());
        Assert.Equal((Count, 2000, 1), (Int(build, "vectors"), Int(build, "trainSize"), Int(build, "threads")));
        Assert.Equal((Queries, K, 0, 0), (
            Int(build.GetProperty("verify"), "queries"), Int(build.GetProperty("verify"), "k"),
            Int(build.GetProperty("verify"), "queriesWithOtherIds"), Int(build.GetProperty("verify"), "queriesWithOtherDistances")));
        var bytes = new FileInfo(File("index")).Length;
        var memory = build.GetProperty("memory");
        Assert.Equal((4 * D, 4, 8, bytes), (
            Int(memory, "rawBytesPerVector"), Int(memory, "codeBytesPerVector"), Int(memory, "idBytesPerVector"), Int(memory, "serializedBytes")));

        using var index = FaissIndex.Load(File("index"));
        index.SetParameter("nprobe", 4);
        var expected = index.Search(_queries, K);
        var search = CommandLine.Run(
            "search", "--index", File("index"), "--queries", File("queries.npy"), "--k", $"{K}", "--nprobe", "4",
            "--output-ids", File("ids.ivecs"), "--output-distances", File("distances.fvecs"), "--json").Json();
        Assert.Equal((Queries, K, 4, JsonValueKind.Null), (
            Int(search, "count"), Int(search, "k"), Int(search, "nprobe"), search.GetProperty("results").ValueKind));
        Assert.Equal(expected.Labels, NeighborFile.Read(File("ids.ivecs")).Labels);
        Assert.Equal(expected.Distances, VectorFile.ReadAll(File("distances.fvecs")).Values);

        var printed = CommandLine.Run("search", "--index", File("index"), "--queries", File("queries.npy"), "--k", $"{K}", "--nprobe", "4", "--json")
            .Json().GetProperty("results");
        Assert.Equal(Queries, printed.GetArrayLength());
        Assert.Equal(expected[7].Labels.ToArray(), printed[7].GetProperty("ids").EnumerateArray().Select(id => id.GetInt64()));
        Assert.Equal(expected[7].Distances.ToArray(), printed[7].GetProperty("distances").EnumerateArray().Select(distance => distance.GetSingle()));

        CommandLine.Run(
            "truth", "--input", File("base.fvecs"), "--queries", File("queries.npy"), "--k", $"{K}", "--output", File("truth.ivecs")).Succeeded();
        var truth = NeighborFile.Read(File("truth.ivecs"));
        for (var q = 0; q < Queries; q++)
        {
            var distances = BruteForce.Distances(MetricType.L2, _queries.AsSpan(q * D, D), _vectors);
            Assert.Equal(BruteForce.Nearest(MetricType.L2, distances, K).Select(id => (long)id), truth.Labels.AsSpan(q * K, K).ToArray());
        }

        var eval = CommandLine.Run(
            "eval", "--index", File("index"), "--queries", File("queries.npy"), "--truth", File("truth.ivecs"), "--k", $"{K}", "--nprobe", "1,4", "--json").Json();
        var results = eval.GetProperty("results");
        Assert.Equal([1, 4], results.EnumerateArray().Select(result => (int)Int(result, "nprobe")));
        Assert.Equal(Recall.At1(expected.Labels, K, truth.Labels, K), results[1].GetProperty("recallAt1").GetDouble());
        Assert.Equal(Recall.AtK(expected.Labels, K, truth.Labels, K, K), results[1].GetProperty("recallAtK").GetDouble());
        Assert.True(results[1].GetProperty("qps").GetDouble() > 0);
        var latency = results[1].GetProperty("latencyMs");
        Assert.True(latency.GetProperty("p50").GetDouble() > 0 && latency.GetProperty("p99").GetDouble() >= latency.GetProperty("p50").GetDouble());

        var info = CommandLine.Run("info", "--index", File("index"), "--json").Json();
        Assert.Equal(("IndexIVFPQ", "l2"), (info.GetProperty("type").GetString(), info.GetProperty("metric").GetString()));
        Assert.Equal((D, Count, 16, 1, 4, 8), (
            Int(info, "dimension"), Int(info, "vectors"), Int(info, "nlist"), Int(info, "nprobe"), Int(info, "m"), Int(info, "nbits")));
        Assert.True(Int(info.GetProperty("listSizes"), "max") >= Count / 16);

        // For people: the same numbers in tables, 80 columns wide, without escapes in a pipe.
        var table = CommandLine.Run(
            "eval", "--index", File("index"), "--queries", File("queries.npy"), "--truth", File("truth.ivecs"), "--k", $"{K}", "--nprobe", "4").Succeeded();
        Assert.Contains("recall@10", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', table.Output + table.Errors);
        Assert.All(table.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void Cosine_needs_no_normalised_vectors()
    {
        CommandLine.Run("build", "--input", File("base.fvecs"), "--factory", "Flat", "--output", File("index"), "--metric", "cosine").Succeeded();
        CommandLine.Run(
            "truth", "--input", File("base.fvecs"), "--queries", File("queries.npy"), "--k", "1", "--output", File("truth.npy"), "--metric", "cosine").Succeeded();
        var eval = CommandLine.Run(
            "eval", "--index", File("index"), "--queries", File("queries.npy"), "--truth", File("truth.npy"), "--k", "1", "--json").Json();
        var result = eval.GetProperty("results")[0];
        Assert.Equal(JsonValueKind.Null, result.GetProperty("nprobe").ValueKind);
        // A flat index compares in float32: a near-tie may go the other way.
        Assert.InRange(result.GetProperty("recallAt1").GetDouble(), 0.95, 1);
        var refused = CommandLine.Run(
            "eval", "--index", File("index"), "--queries", File("queries.npy"), "--truth", File("truth.npy"), "--k", "1", "--nprobe", "2");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--nprobe is for indexes with inverted lists (IVF)", refused.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT", 2, 130)]
    [InlineData("TERM", 15, 143)]
    public async Task An_interrupted_command_leaves_nothing(string signal, int number, int exitCode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent with kill, and /proc says which are ignored.");
        Assert.SkipWhen(IsIgnored(number), $"SIG{signal} is ignored here, and so it is in what this process starts.");
        // Polysemous training of 16 sub-quantizers: the signal comes seconds before its end.
        using var process = CommandLine.Start(
            null, "build", "--input", File("base.fvecs"), "--factory", "IVF64,PQ16", "--output", File("index"));
        string? line;
        do
        {
            line = await process.StandardError.ReadLineAsync();
            Assert.NotNull(line);
        }
        while (!line.StartsWith("Reading sample: 3,000 vectors in ", StringComparison.Ordinal));

        using (var kill = System.Diagnostics.Process.Start("kill", [$"-{signal}", $"{process.Id}"]))
            await kill.WaitForExitAsync();

        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(exitCode, process.ExitCode);
        Assert.EndsWith("faissnet: cancelled\n", errors, StringComparison.Ordinal);
        Assert.Equal(["base.fvecs", "queries.npy"], _folder.Names());
    }

    // A shell starts what it puts into the background with SIGINT ignored, and .NET leaves that as it is.
    private static bool IsIgnored(int signal)
    {
        var mask = System.IO.File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))[7..];
        return (ulong.Parse(mask, System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture) >> (signal - 1) & 1) != 0;
    }

    public void Dispose() => _folder.Dispose();

    private static long Int(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private string File(string name) => _folder.File(name);
}
