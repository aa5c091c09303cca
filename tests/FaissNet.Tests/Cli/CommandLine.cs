using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace FaissNet.Tests.Cli;

/// <summary>Runs the built command as a process of its own, as users do.</summary>
internal sealed record CommandLine(int ExitCode, string Output, string Errors)
{
    /// <summary>The one line of an error, without the command's name.</summary>
    public string ErrorLine
    {
        get
        {
            var line = Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
            Assert.StartsWith("faissnet: ", line, StringComparison.Ordinal);
            return line["faissnet: ".Length..];
        }
    }

    public static CommandLine Run(params string[] arguments) => Run(null, arguments);

    public static CommandLine Run(IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        using var process = Start(environment, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return new CommandLine(process.ExitCode, output.Result, errors.Result);
    }

    public static Process Start(IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        var dotnet = Path.GetFullPath(Path.Combine(
            RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        var start = new ProcessStartInfo(dotnet, [Path.Combine(AppContext.BaseDirectory, "FaissNet.Cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // As in this process: tests run beside each other.
        start.Environment["OMP_NUM_THREADS"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;

        return Process.Start(start)!;
    }

    public CommandLine Succeeded()
    {
        Assert.True(ExitCode == 0, $"faissnet ended with {ExitCode}.\n{Output}\n{Errors}");
        return this;
    }

    /// <summary>What was printed, which has to be one JSON document and nothing else.</summary>
    public JsonElement Json()
    {
        Succeeded();
        using var document = JsonDocument.Parse(Output);
        return document.RootElement.Clone();
    }
}
