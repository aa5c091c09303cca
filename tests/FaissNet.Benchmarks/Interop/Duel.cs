namespace FaissNet.Benchmarks.Interop;

/// <summary>Runs the same work on both sides in turn, so that whatever else the machine does falls on both.</summary>
internal static class Duel
{
    /// <summary>C++, C#, C#, C++, and the next round the other way round.</summary>
    public static IReadOnlyList<Round> Run(int rounds, Func<Sample> cpp, Func<Sample> csharp)
    {
        var results = new Round[rounds];
        for (var round = 0; round < rounds; round++)
        {
            var (first, second) = round % 2 == 0 ? (cpp, csharp) : (csharp, cpp);
            var (a, b, c, d) = (first(), second(), second(), first());
            results[round] = round % 2 == 0 ? new Round([a, d], [b, c]) : new Round([b, c], [a, d]);
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
