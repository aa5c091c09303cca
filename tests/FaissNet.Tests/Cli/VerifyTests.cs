using System.Text.Json;
using FaissNet.Data;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Cli;

/// <summary>verify: the managed engine against FAISS on an index of the user's own.</summary>
[NeedsNative]
public sealed class VerifyTests : IDisposable
{
    private const int D = 16, Count = 2000, Queries = 60, K = 10;

    private readonly TemporaryFolder _folder = new();
    private readonly float[] _vectors = TestVectors.Clustered(Count, D, seed: 3);

    public VerifyTests() => VectorFile.Write(_folder.File("queries.fvecs"), TestVectors.Clustered(Queries, D, seed: 4), D);

    [Theory]
    [InlineData("Flat", false)]
    [InlineData("IVF16,PQ4np", false)]
    [InlineData("OPQ4,IVF16,PQ4np,RFlat", false)]
    [InlineData("IVF16,PQ8x4fs", true)]
    public void Both_engines_agree(string factory, bool rounds)
    {
        var index = Build(factory);
        string[] arguments = ["verify", "--index", index, "--queries", _folder.File("queries.fvecs"), "--k", $"{K}"];
        var report = CommandLine.Run([.. arguments, "--json"]).Json();
        Assert.Equal((true, rounds), (report.GetProperty("agrees").GetBoolean(), report.GetProperty("nativeRounds").GetBoolean()));
        var comparison = report.GetProperty("comparison");
        Assert.Equal((Queries, K), (Int(comparison, "queries"), Int(comparison, "k")));
        Assert.Equal(Queries, Int(comparison, "sameIds") + Int(comparison, "sameButTies") + Int(comparison, "different"));
        if (!rounds)
        {
            Assert.Equal(0, Int(comparison, "different"));
            Assert.InRange(comparison.GetProperty("largestDifference").GetDouble(), 0, 1e-5);
        }

        var text = CommandLine.Run(arguments).Succeeded();
        Assert.Contains("both engines agree", text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text.Output + text.Errors);
        Assert.All(text.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void What_the_managed_engine_refines_may_be_better()
    {
        // Of the one neighbour asked for FAISS compares what is nearest by rounded distances, the managed engine all that may be.
        var index = Build("IVF1,PQ4x4fs,RFlat");
        var report = CommandLine.Run(["verify", "--index", index, "--queries", _folder.File("queries.fvecs"), "--k", "1", "--json"]).Json();
        var comparison = report.GetProperty("comparison");
        Assert.True(comparison.GetProperty("overlap").GetDouble() < 0.7);
        Assert.True(Int(comparison, "nearer") > Int(comparison, "farther"));
        Assert.Equal(Int(comparison, "different"), Int(comparison, "nearer") + Int(comparison, "farther"));
        Assert.True(report.GetProperty("agrees").GetBoolean());
    }

    [Fact]
    public void The_probes_are_those_asked_for()
    {
        var index = Build("IVF16,Flat");
        Assert.Equal(1, Int(Verify(index).Json(), "nprobe"));
        Assert.Equal(16, Int(Verify(index, "--nprobe", "16").Json(), "nprobe"));
        var refused = Verify(Build("Flat"), "--nprobe", "2");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--nprobe is for indexes with inverted lists (IVF)", refused.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void A_difference_is_shown_and_is_1()
    {
        // FAISS sums a batch's distances as ‖x‖² + ‖y‖² − 2⟨x, y⟩, the managed engine as squares: without any tolerance they differ.
        var random = new Random(1);
        float[] Fractions(int count) => [.. Enumerable.Range(0, count * D).Select(_ => random.NextSingle())];
        using (var flat = new IndexFlatL2(D))
        {
            flat.Add(Fractions(Count));
            flat.Save(_folder.File("index"));
        }

        VectorFile.Write(_folder.File("fractions.fvecs"), Fractions(Queries), D);
        string[] arguments =
            ["verify", "--index", _folder.File("index"), "--queries", _folder.File("fractions.fvecs"), "--k", $"{K}", "--tolerance", "0"];
        var text = CommandLine.Run(arguments);
        Assert.Equal(1, text.ExitCode);
        Assert.Contains("THE ENGINES DIFFER", text.Output, StringComparison.Ordinal);
        Assert.Contains("largest differences", text.Output, StringComparison.Ordinal);

        var json = CommandLine.Run([.. arguments, "--json"]);
        Assert.Equal(1, json.ExitCode);
        using var document = JsonDocument.Parse(json.Output);
        var comparison = document.RootElement.GetProperty("comparison");
        Assert.False(document.RootElement.GetProperty("agrees").GetBoolean());
        var differences = comparison.GetProperty("largest").EnumerateArray()
            .Select(difference => difference.GetProperty("relativeDifference").GetDouble()).ToArray();
        Assert.InRange(differences.Length, 1, 10);
        Assert.Equal(differences.OrderDescending(), differences);
        Assert.Equal(comparison.GetProperty("largestDifference").GetDouble(), differences[0]);
    }

    [Fact]
    public void Mistakes_are_named()
    {
        var index = Build("Flat");
        VectorFile.Write(_folder.File("other.fvecs"), new float[24], 8);
        var (queries, other) = (_folder.File("queries.fvecs"), _folder.File("other.fvecs"));
        Check(1, $"{other}: its vectors have 8 components, expected {D}", "--index", index, "--queries", other, "--k", "3");
        Check(1, "there is no such file", "--index", index, "--queries", _folder.File("none.fvecs"), "--k", "3");
        Check(2, "--tolerance is '-1': expected a number from 0 on", "--index", index, "--queries", queries, "--k", "3", "--tolerance", "-1");
        Check(2, "--tolerance is 'small'", "--index", index, "--queries", queries, "--k", "3", "--tolerance", "small");
    }

    public void Dispose() => _folder.Dispose();

    private static void Check(int exitCode, string expected, params string[] arguments)
    {
        var result = CommandLine.Run(["verify", .. arguments]);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
        Assert.Contains(expected, result.ErrorLine, StringComparison.Ordinal);
    }

    private CommandLine Verify(string index, params string[] more) =>
        CommandLine.Run(["verify", "--index", index, "--queries", _folder.File("queries.fvecs"), "--k", $"{K}", "--json", .. more]);

    private string Build(string factory)
    {
        using var index = IndexFactory.Create(D, factory);
        index.Train(_vectors);
        index.Add(_vectors);
        index.Save(_folder.File("index"));
        return _folder.File("index");
    }

    private static long Int(JsonElement element, string name) => element.GetProperty(name).GetInt64();
}
