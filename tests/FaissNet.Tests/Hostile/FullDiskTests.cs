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

    [Fact]
    [NeedsNative]
    public void Lists_on_a_full_disk_keep_what_they_have() => OnSmallDisk((folder, small) =>
    {
        float[] few = TestVectors.Uniform(50, D, 9, seed: 1), many = TestVectors.Uniform(50_000, D, 9, seed: 2);
        var path = Path.Combine(small, "lists");
        using var index = (FaissIndex)IndexFactory.Create(D, "IVF2,Flat");
        index.Train(few);
        index.Add(many);

        var error = Assert.Throws<IOException>(() => index.MoveListsToDisk(path));
        Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(small));
        Assert.Null(index.ListsPath);
        Assert.Equal(50_000, index.Count);

        index.Reset();
        index.Add(few);
        index.MoveListsToDisk(path);
        index.Save(Path.Combine(small, "index"));
        error = Assert.Throws<IOException>(() => index.Add(many));
        Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);

        // What came in before the disk was full counts, and all that is there is found.
        Assert.InRange(index.Count, 50, 50_000);
        var parameters = new SearchParameters { NProbe = 2 };
        for (var i = 0; i < 50; i++)
            Assert.Equal(0, index.Search(few.AsSpan(i * D, D), 1, parameters)[0][0].Distance);

        // The file of the index is older than what was added, and stays valid.
        using var old = FaissIndex.Load(Path.Combine(small, "index"));
        Assert.Equal(50, old.Count);
        for (var i = 0; i < 50; i++)
            Assert.Equal(0, old.Search(few.AsSpan(i * D, D), 1, parameters)[0][0].Distance);
    });

    private static void SaveOnFullDisk(Func<VectorIndex> create, Func<string, VectorIndex> load) => OnSmallDisk((folder, small) =>
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
    });

    private static void OnSmallDisk(Action<TemporaryFolder, string> test)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mounts a small file system");
        using var folder = new TemporaryFolder();
        var small = folder.File("small");
        Directory.CreateDirectory(small);
        Assert.SkipUnless(Succeeds("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small), "this user may not mount a file system");
        try
        {
            test(folder, small);
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
