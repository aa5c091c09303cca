using System.Text.Json;
using FaissNet.Data;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Cli;

/// <summary>compare: memory against accuracy of several index types.</summary>
public sealed class CompareTests : IDisposable
{
    private const int D = 16, Count = 2000, Queries = 40, K = 5;

    private readonly TemporaryFolder _folder = new();

    public CompareTests()
    {
        VectorFile.Write(_folder.File("base.fvecs"), TestVectors.Clustered(Count, D, seed: 5), D);
        VectorFile.Write(_folder.File("queries.fvecs"), TestVectors.Clustered(Queries, D, seed: 6), D);
    }

    [Fact]
    public void The_managed_engine_measures_every_type() => Measures("managed");

    [Fact]
    [NeedsNative]
    public void So_does_FAISS() => Measures("native");

    [Fact]
    public void Without_types_the_usual_ones_are_compared()
    {
        var report = Compare("managed", "--nprobe", "4", "--json").Json();
        // 2,000 vectors: 2^5 lists, the largest power of two below 2000 / 39; codes of d/2, d/4, d/8 and d/16 parts.
        Assert.Equal(
            ["IVF32,Flat", "IVF32,SQ8", "IVF32,PQ4np", "IVF32,PQ2np", "IVF32,PQ1np", "IVF32,PQ8x4fs,RFlat", "IVF32,PQ8x4fs"],
            report.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("factory").GetString()));
    }

    [Fact]
    public void The_table_is_for_people()
    {
        var result = Compare("managed", "--factory", "Flat", "--factory", "IVF16,PQ8x4fs,RFlat", "--nprobe", "1,16").Succeeded();
        // No cell is broken over two lines.
        Assert.Matches("│ IVF16,PQ8x4fs,RFlat │ +[0-9.]+ │ +[0-9.]+ m?s │ +1 │ +[0-9.]+ │ +[0-9,]+ │", result.Output);
        Assert.Contains("recall@5", result.Output, StringComparison.Ordinal);
        Assert.Contains("2,000 of 16 dimensions, L2 (squared Euclidean distance); 64 bytes", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', result.Output + result.Errors);
        Assert.All(result.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void Mistakes_are_named()
    {
        var nonsense = Compare("managed", "--factory", "Nonsense");
        Assert.Equal((2, ""), (nonsense.ExitCode, nonsense.Output));
        Assert.Contains("--factory is 'Nonsense', for 16 dimensions", nonsense.ErrorLine, StringComparison.Ordinal);
        var many = CommandLine.Run(
            "compare", "--input", _folder.File("base.fvecs"), "--queries", _folder.File("queries.fvecs"), "--k", "2001", "--engine", "managed");
        Assert.Equal((2, ""), (many.ExitCode, many.Output));
        Assert.Contains("--k is 2001: expected at most 2000", many.ErrorLine, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void Measures(string engine)
    {
        var report = Compare(engine, "--factory", "Flat", "--factory", "IVF16,Flat", "--factory", "IVF16,PQ4np", "--nprobe", "1,16,64", "--json").Json();
        Assert.Equal(engine, report.GetProperty("engine").GetString());
        var results = report.GetProperty("results").EnumerateArray().ToArray();
        // A vector as it is, an id of 8 bytes in a list, a code of 4 bytes.
        Assert.Equal([4.0 * D, 4.0 * D + 8, 4 + 8], results.Select(result => result.GetProperty("bytesPerVector").GetDouble()));
        Assert.All(results, result => Assert.True(result.GetProperty("totalBytes").GetInt64() > Count * result.GetProperty("bytesPerVector").GetDouble()));
        Assert.Equal([1, 2, 2], results.Select(result => result.GetProperty("search").GetArrayLength()));

        // Exact: all vectors, and all 16 lists, of which no more can be visited.
        Assert.Equal(1, Recall(results[0], 0));
        Assert.Equal(JsonValueKind.Null, results[0].GetProperty("search")[0].GetProperty("nprobe").ValueKind);
        Assert.Equal([1, 16], results[1].GetProperty("search").EnumerateArray().Select(search => search.GetProperty("nprobe").GetInt32()));
        Assert.Equal(1, Recall(results[1], 1));
        Assert.True(Recall(results[1], 0) < 1);
        Assert.True(Recall(results[2], 1) < 1);
    }

    private static double Recall(JsonElement result, int search) => result.GetProperty("search")[search].GetProperty("recallAtK").GetDouble();

    private CommandLine Compare(string engine, params string[] more) => CommandLine.Run(
        [
            "compare", "--input", _folder.File("base.fvecs"), "--queries", _folder.File("queries.fvecs"), "--k", $"{K}", "--engine", engine, "--threads", "1",
            .. more,
        ]);
}
