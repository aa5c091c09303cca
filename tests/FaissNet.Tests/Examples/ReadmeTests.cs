using System.Text.RegularExpressions;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Examples;

public sealed partial class ReadmeTests
{
    [Fact]
    public void The_README_shows_the_example_that_is_compiled()
    {
        var readme = File.ReadAllText(Repository.File("README.md"));
        var source = File.ReadAllText(Repository.File("tests/FaissNet.Tests/Examples/ReadmeExample.cs"));
        var body = Body().Match(source).Groups["body"].Value;

        var block = Block().Match(readme).Groups["code"].Value;

        Assert.Equal("using FaissNet;\n\n" + Indent().Replace(body, ""), block);
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

    [GeneratedRegex(@"Run\(\)\n    \{\n(?<body>.*?)    \}\n", RegexOptions.Singleline)]
    private static partial Regex Body();

    [GeneratedRegex("^ {8}", RegexOptions.Multiline)]
    private static partial Regex Indent();
}
