using System.Diagnostics;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Packaging;

/// <summary>The managed engine alone, published as one folder that needs no .NET and no native library.</summary>
public sealed class TrimmedSampleTests
{
    [Fact]
    public async Task A_trimmed_self_contained_publish_of_the_managed_sample_runs()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the runtime identifier is that of Linux");
        using var folder = new TemporaryFolder();
        var rid = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
            is System.Runtime.InteropServices.Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        var published = folder.File("published");
        DotNetTool.Run(
            Path.GetDirectoryName(Repository.File("FaissNet.sln"))!, "publish", Repository.File("samples/ManagedSearch/ManagedSearch.csproj"),
            "-c", "Release", "-r", rid, "--self-contained", "--artifacts-path", folder.File("artifacts"), "-o", published, "--nologo", "-v", "quiet");

        var files = Directory.GetFiles(published).Select(file => Path.GetFileName(file)!).ToArray();
        Assert.DoesNotContain(files, name => name.Contains("libfaissnet", StringComparison.Ordinal));
        // Whole, the runtime's libraries are some 180 files.
        Assert.InRange(files.Length, 1, 80);

        var start = new ProcessStartInfo(Path.Combine(published, "ManagedSearch")) { RedirectStandardOutput = true, RedirectStandardError = true };
        // No .NET but its own.
        start.Environment.Clear();
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await errors);
        Assert.Contains("IndexIVFPQ: 20000 vectors of 64 dimensions", output, StringComparison.Ordinal);
        Assert.Contains("nprobe 16: recall@10 ", output, StringComparison.Ordinal);
    }
}
