using System.Diagnostics;

namespace FaissNet.Tests.Support;

/// <summary>The dotnet command, as a user runs it in a folder.</summary>
internal static class DotNetTool
{
    /// <summary>Runs it to its end and returns what it printed.</summary>
    public static string Run(string workingFolder, params string[] arguments)
    {
        var start = new ProcessStartInfo(ChildProcess.DotNet(), arguments)
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Nothing that this machine has restored or built before, and none of this process's settings for the native library.
        if (arguments[0] != "pack")
            start.Environment["NUGET_PACKAGES"] = Path.Combine(Path.GetDirectoryName(workingFolder)!, "packages");

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["FAISSNET_LIBRARY"] = null;
        start.Environment["FAISSNET_SIMD"] = null;
        // What dotnet test sets for its own build would reach into this one.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.Ordinal) && name != "MSBUILDDISABLENODEREUSE").ToArray())
            start.Environment.Remove(name);

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(5)), $"dotnet {arguments[0]} hangs");
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}.\n{output.Result}\n{errors.Result}");
        return output.Result;
    }
}
