using System.IO.Compression;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Packaging;

/// <summary>The package as a user gets it: referenced from elsewhere, with nothing of this tree in reach.</summary>
[NeedsNative]
public sealed class PackageTests
{
    private const string Program = """
        using FaissNet;

        using var index = new IndexIVFFlat(d: 8, nlist: 4);
        var random = new Random(1);
        float[] vectors = [.. Enumerable.Range(0, 1000 * 8).Select(_ => random.NextSingle())];
        index.Train(vectors);
        index.Add(vectors);
        var hit = index.Search(vectors.AsSpan(0, 8), 1, new SearchParameters { NProbe = 4 })[0][0];
        Console.WriteLine($"found {hit.Id} at {hit.Distance}");
        foreach (var line in File.ReadLines("/proc/self/maps").Where(line => line.Contains('/')))
            Console.WriteLine(line[line.IndexOf('/')..]);
        """;

    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="FaissNet" Version="*-*" />
          </ItemGroup>
        </Project>
        """;

    [Fact]
    public void A_program_that_references_the_package_runs_on_what_the_package_carries()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the package carries libraries for Linux");
        using var folder = new TemporaryFolder();
        var feed = folder.File("feed");
        // As the tests were built, so that nothing is built anew beside them.
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        foreach (var project in new[] { "FaissNet.Managed", "FaissNet" })
            DotNetTool.Run(folder.Path, "pack", Repository.File($"src/{project}/{project}.csproj"), "--no-build", "-c", configuration, "-o", feed, "--nologo");

        var packages = Directory.GetFiles(feed).Select(file => Path.GetFileName(file)!).Order().ToArray();
        Assert.Collection(
            packages,
            name => Assert.Matches(@"^FaissNet\.\d+\.\d+\.\d+.*\.nupkg$", name),
            name => Assert.Matches(@"^FaissNet\.Managed\.\d+\.\d+\.\d+.*\.nupkg$", name));
        using (var package = ZipFile.OpenRead(Path.Combine(feed, packages[0])))
            Assert.Contains(package.Entries, entry => entry.FullName.StartsWith("runtimes/linux-", StringComparison.Ordinal) && entry.Name == "libfaissnet.so");

        var program = Directory.CreateDirectory(folder.File("program")).FullName;
        File.WriteAllText(Path.Combine(program, "program.csproj"), Project);
        File.WriteAllText(Path.Combine(program, "Program.cs"), Program);
        // The sources that the machine has come on top of this one.
        File.WriteAllText(
            Path.Combine(program, "nuget.config"),
            $"""<configuration><packageSources><add key="feed" value="{feed}" /></packageSources></configuration>""");

        DotNetTool.Run(program, "build", "--nologo", "-v", "quiet", "-o", folder.File("built"));
        var output = DotNetTool.Run(program, "exec", Path.Combine(folder.File("built"), "program.dll"));

        var lines = output.Split('\n');
        Assert.Equal("found 0 at 0", lines[0]);
        foreach (var library in new[] { "libfaissnet", "libgomp", "libgfortran", "libquadmath" })
        {
            var mapped = lines.Where(line => Path.GetFileName(line).StartsWith(library, StringComparison.Ordinal)).Distinct().ToArray();
            Assert.NotEmpty(mapped);
            Assert.All(mapped, path => Assert.StartsWith(folder.Path, path, StringComparison.Ordinal));
        }
    }
}
