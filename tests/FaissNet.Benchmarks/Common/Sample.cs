using System.Globalization;

namespace FaissNet.Benchmarks;

/// <summary>What one run took, and what it came to.</summary>
/// <param name="Wall">Seconds.</param>
/// <param name="Cpu">Seconds of the measuring thread; with several threads, of the process.</param>
/// <param name="Labels">Checksum of the ids.</param>
/// <param name="Distances">Checksum of the distances' bits.</param>
/// <param name="Allocated">Bytes allocated on the managed heap.</param>
internal readonly record struct Sample(double Wall, double Cpu, ulong Labels, ulong Distances, long Allocated)
{
    /// <summary>From what <c>peer.cpp</c> answers to a search.</summary>
    public static Sample Of(string[] answer) => new(
        double.Parse(answer[0], CultureInfo.InvariantCulture),
        double.Parse(answer[1], CultureInfo.InvariantCulture),
        ulong.Parse(answer[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        ulong.Parse(answer[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        Allocated: 0);
}

/// <summary>The FAISS that a contender runs on.</summary>
internal sealed record FaissBuild(string Version, string Variant, string Simd, string Options, string Blas)
{
    /// <summary>What the program says of itself.</summary>
    public static FaissBuild Of(LineProcess process)
    {
        var about = process.Ask("about");
        return new FaissBuild(about[0], about[1], about[2], about[3].Trim(), about[4].Trim());
    }

    public override string ToString() => $"{Version}, {Variant} at {Simd} ({Options}; {Blas})";
}
