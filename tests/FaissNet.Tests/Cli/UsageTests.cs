using FaissNet.Data;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Cli;

[NeedsNative]
public sealed class UsageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("build --input a.fvecs --factory Flat", "Option '--output' is required. See 'faissnet build --help'.")]
    [InlineData("build --input a.csv --factory Flat --output x", "--input is 'a.csv': expected a name that ends in .fvecs")]
    [InlineData("build --input a.npy --factory Flat --output x --metric hamming", "--metric is 'hamming': expected l2, ip or cosine.")]
    [InlineData("build --input a.npy --factory Flat --output x --train-size 0", "--train-size is '0': expected a whole number from 1 on.")]
    [InlineData("search --index i --queries q.npy --k zero", "--k is 'zero': expected a whole number from 1 to 1048576.")]
    [InlineData("search --index i --queries q.npy --k 1 --output-ids x.csv", "--output-ids is 'x.csv': expected a name that ends in .ivecs or .npy.")]
    [InlineData("truth --input a.npy --queries q.npy --k 1 --output x.ivecs --threads 2000", "--threads is '2000': expected a whole number from 1 to 1024.")]
    [InlineData("eval --index i --queries q.npy --truth t.ivecs --k 1 --nprobe 1,x", "--nprobe is '1,x': expected whole numbers from 1 on, such as 1,2,4,8.")]
    [InlineData("eval --index i --queries q.npy --truth t.ivecs --k 1 --nprobe 0", "--nprobe is '0'")]
    [InlineData("info --index i --frobnicate", "'--frobnicate' is not known here. See 'faissnet info --help'.")]
    [InlineData("rebuild", "'rebuild' is not known here. See 'faissnet --help'.")]
    public void A_mistake_in_the_arguments_is_one_line_and_2(string arguments, string expected)
    {
        var result = CommandLine.Run(arguments.Split(' '));
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(expected, result.ErrorLine, StringComparison.Ordinal);
        Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void No_arguments_show_the_help_and_are_a_mistake()
    {
        var result = CommandLine.Run();
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("doctor", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_is_asked_for_on_stdout()
    {
        var result = CommandLine.Run("build", "--help").Succeeded();
        Assert.Contains("--train-size", result.Output, StringComparison.Ordinal);
        Assert.Equal("", result.Errors);
    }

    [Fact]
    public void Failures_are_one_line_and_1()
    {
        File.WriteAllBytes(_folder.File("cut.fvecs"), [4, 0, 0, 0, 1]);
        File.WriteAllText(_folder.File("no.index"), "this is no index");
        VectorFile.Write(_folder.File("good.fvecs"), [1, 2, 3, 4], 2);
        var (cut, good, missing, output) = (_folder.File("cut.fvecs"), _folder.File("good.fvecs"), _folder.File("missing.npy"), _folder.File("out"));
        Check(1, $"--input is '{missing}': there is no such file.", "build", "--input", missing, "--factory", "Flat", "--output", output);
        Check(1, $"{cut}: the file has 5 bytes", "build", "--input", cut, "--factory", "Flat", "--output", output);
        Check(1, "does not exist", "build", "--input", good, "--factory", "Flat", "--output", _folder.File("nowhere/out"));
        Check(2, $"--output is '{good}': that is one of the inputs", "build", "--input", good, "--factory", "Flat", "--output", good);
        Check(2, "--factory is 'Nonsense', for 2 dimensions", "build", "--input", good, "--factory", "Nonsense", "--output", output);
        Check(2, $"--output is '{_folder.Path}': that is a folder", "build", "--input", good, "--factory", "Flat", "--output", _folder.Path);
        Check(2, "--k is 3: expected at most 2", "truth", "--input", good, "--queries", good, "--k", "3", "--output", _folder.File("t.ivecs"));
        Check(1, "", "info", "--index", _folder.File("no.index"));
        Assert.Equal(["cut.fvecs", "good.fvecs", "no.index"], _folder.Names());
    }

    [Fact]
    public void Doctor_says_what_it_runs_on()
    {
        var json = CommandLine.Run("doctor", "--json").Json();
        Assert.Equal(FaissRuntime.FaissVersion, json.GetProperty("faiss").GetProperty("version").GetString());
        Assert.Equal(FaissRuntime.Variant, json.GetProperty("faiss").GetProperty("variant").GetString());
        Assert.Equal(1, json.GetProperty("faiss").GetProperty("threads").GetInt32());
        var text = CommandLine.Run("doctor").Succeeded().Output;
        Assert.Contains(FaissRuntime.FaissVersion, text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);
    }

    [Fact]
    public void Doctor_says_why_the_native_library_cannot_be_loaded()
    {
        var broken = new Dictionary<string, string> { ["FAISSNET_LIBRARY"] = _folder.File("missing.so") };
        var result = CommandLine.Run(broken, "doctor");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("cannot be loaded", result.Output, StringComparison.Ordinal);
        Assert.Contains("missing.so", result.ErrorLine, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static void Check(int exitCode, string expected, params string[] arguments)
    {
        var result = CommandLine.Run(arguments);
        Assert.True((result.ExitCode, result.Output) == (exitCode, ""), $"{string.Join(' ', arguments)} ended with {result.ExitCode}.\n{result.Output}{result.Errors}");
        Assert.Contains(expected, result.ErrorLine, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
    }
}
