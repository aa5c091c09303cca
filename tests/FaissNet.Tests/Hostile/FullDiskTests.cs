using System.Diagnostics;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Hostile;

/// <summary>A disk that is full leaves the file that was there, and an error that says which file and why.</summary>
public sealed class FullDiskTests
{
    private const int D = 4;

    [Fact]
    [NeedsNative]
    public void Native_indexes_leave_the_old_file() => SaveOnFullDisk(() => new IndexFlatL2(D), path => FaissIndex.Load(path));

    [Fact]
    public void Managed_indexes_leave_the_old_file() => SaveOnFullDisk(() => new M.IndexFlatL2(D), path => M.ManagedIndex.Load(path));

    private static void SaveOnFullDisk(Func<VectorIndex> create, Func<string, VectorIndex> load)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mounts a small file system");
        using var folder = new TemporaryFolder();
        var small = folder.File("small");
        Directory.CreateDirectory(small);
        Assert.SkipUnless(Succeeds("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small), "this user may not mount a file system");
        try
        {
            using var index = create();
            index.Add(TestVectors.Uniform(50, D, 9, seed: 1));
            var path = Path.Combine(small, "index");
            index.Save(path);
            var before = File.ReadAllBytes(path);
            index.Add(TestVectors.Uniform(50_000, D, 9, seed: 1));

            var error = Assert.Throws<IOException>(() => index.Save(path));

            Assert.Contains($"\"{path}\"", error.Message, StringComparison.Ordinal);
            Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
            Assert.Equal(before, File.ReadAllBytes(path));
            Assert.Equal([path], Directory.GetFileSystemEntries(small));
            using var old = load(path);
            Assert.Equal(50, old.Count);

            // Nothing of the failure stays in the index.
            Assert.Equal(50_050, index.Count);
            index.Save(folder.File("elsewhere"));
            Assert.True(IndexFile.Validate(folder.File("elsewhere")).IsRecognised);
        }
        finally
        {
            Succeeds("umount", small);
        }
    }

    private static bool Succeeds(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
