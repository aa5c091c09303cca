using System.Diagnostics;
using FaissNet.Fuzz;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Hostile;

/// <summary>
/// A part of what <c>dotnet run --project tests/FaissNet.Fuzz</c> does, and that it finds what it is there to find.
/// </summary>
public sealed class FuzzTests
{
    private const int Cases = 2000;

    [Fact]
    public void Damaged_files_do_no_harm()
    {
        var (exitCode, output) = Fuzz("--count", $"{Cases}", "--jobs", "2", "--engine", TestEngine.IsManagedOnly ? "managed" : "all");

        Assert.True(exitCode == 0, output);
        Assert.Contains($"{Cases} cases of seed 1", output, StringComparison.Ordinal);
        Assert.Contains("0 findings", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_case_is_the_same_every_time_and_others_are_others()
    {
        var corpus = new Corpus([("one", GoldenBytes("ivf-pq")), ("two", GoldenBytes("hnsw-flat")), ("three", GoldenBytes("refine-sq"))]);

        var cases = Enumerable.Range(0, 200).Select(number => FuzzCase.Make(corpus, 5, number)).ToList();

        Assert.All(cases.Index(), item =>
        {
            var again = FuzzCase.Make(corpus, 5, item.Index);
            Assert.Equal(item.Item.Description, again.Description);
            Assert.Equal(item.Item.Bytes, again.Bytes);
        });
        Assert.InRange(cases.Select(item => Convert.ToHexString(item.Bytes)).Distinct().Count(), 190, 200);
        Assert.NotEqual(cases[7].Bytes, FuzzCase.Make(corpus, 6, 7).Bytes);
    }

    [Theory]
    [InlineData("crash", "crash", "signal")]
    [InlineData("hang", "hang", "processor time")]
    [InlineData("memory", "memory", "MemoryException")]
    [InlineData("exception", "exception", "InvalidCastException")]
    public void What_a_case_may_not_do_is_found(string misdeed, string kind, string says)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "how a process ended is told by its signal");
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("0000"), GoldenBytes("flat-l2"));
        File.WriteAllText(folder.File("names"), "one\n");

        var run = Child.Run(folder.Path, new FuzzOptions { ManagedOnly = true, Misdeed = misdeed, Patience = TimeSpan.FromSeconds(3) }, first: 10, count: 5);

        Assert.NotNull(run.Finding);
        Assert.Equal((12, kind), (run.Finding.Number, run.Finding.Kind));
        Assert.Contains(says, run.Finding.Detail, StringComparison.Ordinal);
        Assert.Equal(2, run.Outcomes.Count);
    }

    private static byte[] GoldenBytes(string name) => Serialization.GoldenFiles.Get(name).Read();

    private static (int ExitCode, string Output) Fuzz(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(
            ChildProcess.DotNet(), [Path.Combine(AppContext.BaseDirectory, "FaissNet.Fuzz.dll"), .. arguments]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
