using System.Diagnostics;
using System.Globalization;

namespace FaissNet.Benchmarks.Interop;

/// <summary>FAISS from C++: <c>peer.cpp</c> in a process of its own, which waits for input while the other side works.</summary>
internal sealed class Peer : IContender
{
    private readonly Process _process;

    public Peer(string file, int cpu)
    {
        var start = new ProcessStartInfo(file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        // FAISS with dynamic dispatch runs at the level that this process was told to use.
        if (LevelName(Environment.GetEnvironmentVariable("FAISSNET_SIMD")) is { } level)
            start.Environment["FAISS_SIMD_LEVEL"] = level;

        _process = Process.Start(start) ?? throw new IOException($"{file} did not start.");
        try
        {
            var about = Ask("about");
            Build = new FaissBuild(about[0], about[1], about[2], about[3].Trim(), about[4].Trim());
            Ask(FormattableString.Invariant($"pin {cpu}"));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public FaissBuild Build { get; }

    /// <summary>The program for a FAISS variant, as <c>eng/build-native.sh --benchmarks</c> leaves it.</summary>
    public static string Find(string? file, string variant)
    {
        var name = variant is "generic" or "dynamic" ? "faissnet_peer" : $"faissnet_peer_{variant}";
        var found = file is not null ? [file]
            : Directory.Exists(Path.Combine(Repository.Root, "build"))
                ? Directory.GetDirectories(Path.Combine(Repository.Root, "build")).Order().Select(folder => Path.Combine(folder, name))
                : [];
        return found.FirstOrDefault(File.Exists) ?? throw new IOException(
            $"The C++ side, {file ?? $"build/*/{name}"}, is missing: eng/build-native.sh --benchmarks builds it.");
    }

    public void Load(string index, string queries, int queryCount, int nprobe)
    {
        Ask($"load {index}");
        Ask(FormattableString.Invariant($"queries {queryCount} {queries}"));
        if (nprobe > 0)
            Ask(FormattableString.Invariant($"nprobe {nprobe}"));
    }

    public Sample Batch(Work work) => Measure("batch", work, []);

    public Sample Single(Work work) => Measure("single", work, []);

    public Sample Many(Work work, ReadOnlySpan<int> cpus) => Measure("many", work, cpus);

    public void Dispose()
    {
        // The end of its input ends it.
        _process.StandardInput.Dispose();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string? LevelName(string? level) => level switch
    {
        "generic" => "NONE",
        "avx2" => "AVX2",
        "avx512" => "AVX512",
        _ => null,
    };

    private Sample Measure(string verb, Work work, ReadOnlySpan<int> cpus)
    {
        var answer = Ask(FormattableString.Invariant($"{verb} {work.K} {work.NProbe} {work.Count} {string.Join(' ', cpus.ToArray())}").TrimEnd());
        return new Sample(
            double.Parse(answer[0], CultureInfo.InvariantCulture),
            double.Parse(answer[1], CultureInfo.InvariantCulture),
            ulong.Parse(answer[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            ulong.Parse(answer[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            Allocated: 0);
    }

    private string[] Ask(string request)
    {
        _process.StandardInput.WriteLine(request);
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine()?.Split('\t') ?? throw new IOException($"The C++ side ended at \"{request}\".");
        return answer[0] == "ok" ? answer[1..] : throw new IOException($"The C++ side at \"{request}\": {answer[^1]}");
    }
}
