using System.Text.RegularExpressions;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Examples;

[NeedsNative]
public sealed partial class ReadmeTests
{
    [Theory]
    [InlineData(0, "tests/FaissNet.Tests/Examples/ReadmeExample.cs", "using FaissNet;\n\n")]
    [InlineData(1, "samples/ManagedSearch/ReadmeExample.cs", "using FaissNet;\nusing FaissNet.Managed;\n\n")]
    public void The_README_shows_the_examples_that_are_compiled(int number, string file, string usings)
    {
        var readme = File.ReadAllText(Repository.File("README.md"));
        var body = Body().Match(File.ReadAllText(Repository.File(file))).Groups["body"].Value;

        var block = Block().Matches(readme)[number].Groups["code"].Value;

        Assert.Equal(usings + Indent().Replace(body, ""), block);
    }

    [Fact]
    public void The_example_runs()
    {
        using var folder = new TemporaryFolder();

        var output = ChildProcess.Run(
            arguments =>
            {
                Directory.SetCurrentDirectory(arguments[0]);
                ReadmeExample.Run();
            },
            [folder.Path]).RequireSuccess();

        Assert.Equal(["vectors.faiss"], folder.Names());
        // Five neighbours, the query itself among them.
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5, lines.Length);
        Assert.Contains(lines, line => line.StartsWith("0: ", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"Run\([^\n]*\)\n    \{\n(?<body>.*?)    \}\n", RegexOptions.Singleline)]
    private static partial Regex Body();

    [GeneratedRegex("^ {8}", RegexOptions.Multiline)]
    private static partial Regex Indent();
}
