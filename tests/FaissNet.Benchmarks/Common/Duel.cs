using System.Diagnostics;

namespace FaissNet.Benchmarks;

/// <summary>Runs the same work on both sides in turn, so that whatever else the machine does falls on both.</summary>
internal static class Duel
{
    /// <summary>C++, C#, C#, C++, and the next round the other way round.</summary>
    /// <param name="rounds">How many rounds.</param>
    /// <param name="cpp">One run of the one side.</param>
    /// <param name="csharp">One run of the other.</param>
    /// <param name="seconds">After which no further round begins.</param>
    public static IReadOnlyList<Round> Run(int rounds, Func<Sample> cpp, Func<Sample> csharp, double seconds = double.MaxValue)
    {
        var results = new List<Round>();
        var start = Stopwatch.GetTimestamp();
        for (var round = 0; round < rounds && (round == 0 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds); round++)
        {
            var (first, second) = round % 2 == 0 ? (cpp, csharp) : (csharp, cpp);
            var (a, b, c, d) = (first(), second(), second(), first());
            results.Add(round % 2 == 0 ? new Round([a, d], [b, c]) : new Round([b, c], [a, d]));
        }

        return results;
    }
}

/// <summary>One round: two samples of each side, taken around each other.</summary>
internal sealed record Round(Sample[] Cpp, Sample[] CSharp)
{
    /// <summary>Whether all four came to the same ids and, bit for bit, distances.</summary>
    public bool Identical => Cpp.Concat(CSharp).Select(sample => (sample.Labels, sample.Distances)).Distinct().Count() == 1;
}
