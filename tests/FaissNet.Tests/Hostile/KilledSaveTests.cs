using System.Diagnostics;
using System.Globalization;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Hostile;

/// <summary>A process that is killed while it saves leaves the old file or the new one.</summary>
public sealed class KilledSaveTests
{
    private const int Kills = 200;
    private const int D = 16;

    // Both engines save in each child, each on a thread of its own, so that one kill interrupts both.
    private static readonly string[] s_engines = TestEngine.IsManagedOnly ? ["managed"] : ["managed", "native"];

    [Fact]
    public void A_kill_at_any_moment_leaves_the_old_file_or_the_new()
    {
        using var folder = new TemporaryFolder();
        var versions = s_engines.ToDictionary(engine => engine, engine => new[] { Version(folder, engine, 0), Version(folder, engine, 1) });
        var leftovers = 0;
        var seen = new int[2];
        Parallel.For(0, Kills, new ParallelOptions { MaxDegreeOfParallelism = 2 }, kill =>
        {
            var target = Directory.CreateDirectory(folder.File(string.Create(CultureInfo.InvariantCulture, $"kill{kill}"))).FullName;
            KillWhileSaving(folder.Path, target, new Random(kill));

            foreach (var (engine, contents) in versions)
            {
                var found = File.ReadAllBytes(Path.Combine(target, engine));
                var version = Array.FindIndex(contents, content => content.AsSpan().SequenceEqual(found));
                Assert.True(version >= 0, $"kill {kill}: the {engine} file of {found.Length} bytes is neither version");
                Interlocked.Increment(ref seen[version]);
            }

            // Beside them there may be what the kill left unfinished, under a name that says so.
            var others = Directory.GetFiles(target).Select(file => Path.GetFileName(file)!).Except(s_engines).ToList();
            Assert.All(others, name => Assert.StartsWith(AtomicFile.TemporaryPrefix, name, StringComparison.Ordinal));
            Interlocked.Add(ref leftovers, others.Count);
            Directory.Delete(target, recursive: true);
        });

        // Otherwise the kills came before and after the saves, and nothing was tested.
        Assert.InRange(leftovers, Kills / 4, Kills * s_engines.Length);
        Assert.All(seen, times => Assert.NotEqual(0, times));
    }

    private static byte[] Version(TemporaryFolder folder, string engine, int version)
    {
        using VectorIndex index = engine == "native" ? new IndexFlatL2(D) : new M.IndexFlatL2(D);
        index.Add(TestVectors.Uniform(version == 0 ? 2000 : 3000, D, 9, seed: version));
        var path = folder.File($"{engine}-{version}");
        index.Save(path);
        return File.ReadAllBytes(path);
    }

    private static void KillWhileSaving(string sources, string target, Random random)
    {
        using var child = ChildProcess.Start(SaveForEver, [sources, target, .. s_engines], new Dictionary<string, string?> { ["DOTNET_TieredPGO"] = "0" });
        // A character comes for each save that is through; both files are there from the first line on.
        child.StandardOutput.ReadLine();
        for (var saves = random.Next(4); saves > 0; saves--)
            child.StandardOutput.Read();
        var pause = TimeSpan.FromMicroseconds(random.Next(3000));
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < pause;)
            Thread.SpinWait(10);

        Assert.False(child.HasExited, child.HasExited ? child.StandardError.ReadToEnd() : "");
        child.Kill();
        child.WaitForExit();
    }

    private static void SaveForEver(string[] arguments)
    {
        var (sources, target) = (arguments[0], arguments[1]);
        var ready = new CountdownEvent(arguments.Length - 2);
        var threads = arguments[2..].Select(engine => new Thread(() =>
        {
            VectorIndex[] versions = [Load(engine, 0), Load(engine, 1)];
            for (var i = 0; ; i++)
            {
                versions[i % 2].Save(Path.Combine(target, engine));
                if (i == 0 && ready.Signal())
                    Console.Out.WriteLine();
                else if (ready.IsSet)
                    Console.Out.Write('.');
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        VectorIndex Load(string engine, int version)
        {
            var path = Path.Combine(sources, $"{engine}-{version}");
            return engine == "native" ? FaissIndex.Load(path) : M.ManagedIndex.Load(path);
        }
    }
}
