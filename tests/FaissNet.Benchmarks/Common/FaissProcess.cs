using System.Diagnostics;

namespace FaissNet.Benchmarks;

/// <summary>The C++ side: <c>peer.cpp</c> in a process of its own.</summary>
internal static class FaissProcess
{
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

    /// <param name="file">The program.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="bestBlas">Whether OpenBLAS chooses its kernels by the processor even where this process was told another choice.</param>
    public static LineProcess Start(string file, string name, bool bestBlas = false)
    {
        var start = new ProcessStartInfo(file);
        if (bestBlas)
        {
            start.Environment.Remove("OPENBLAS_CORETYPE");
            start.Environment.Remove("OPENBLAS_L2_SIZE");
        }

        // FAISS with dynamic dispatch runs at the level that this process was told to use.
        if (LevelName(Environment.GetEnvironmentVariable("FAISSNET_SIMD")) is { } level)
            start.Environment["FAISS_SIMD_LEVEL"] = level;

        return new LineProcess(start, name);
    }

    private static string? LevelName(string? level) => level switch
    {
        "generic" => "NONE",
        "avx2" => "AVX2",
        "avx512" => "AVX512",
        _ => null,
    };
}
