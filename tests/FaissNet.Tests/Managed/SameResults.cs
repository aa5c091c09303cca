namespace FaissNet.Tests.Managed;

/// <summary>Results of two engines over <see cref="Support.TestVectors"/>: distances within 1e-5 and the rounding of their sums, and the same
/// ids wherever distances do not tie within that.</summary>
internal static class SameResults
{
    private const double Tolerance = 1e-5;

    /// <summary>Distances are small differences of large sums: of squares up to 19² in d components, each 2⁻²⁴ exact.</summary>
    public static double Rounding(int d) => 4.0 / (1 << 24) * d * 19 * 19;

    /// <summary>The first k chosen ids of each query.</summary>
    public static (float[] Distances, long[] Labels) Choose(SearchResult all, IdSelector selector, int k)
    {
        var (distances, labels) = (new float[all.QueryCount * k], new long[all.QueryCount * k]);
        Array.Fill(labels, -1);
        for (var i = 0; i < all.QueryCount; i++)
        {
            var found = 0;
            for (var j = i * all.K; found < k && j < (i + 1) * all.K; j++)
            {
                if (all.Labels[j] != -1 && selector.Contains(all.Labels[j]))
                    (distances[i * k + found], labels[i * k + found++]) = (all.Distances[j], all.Labels[j]);
            }
        }

        return (distances, labels);
    }

    public static void Require(SearchResult expected, SearchResult actual, int k, int d) =>
        Require((expected.Distances, expected.Labels), actual, k, d);

    public static void Require((float[] Distances, long[] Labels) expected, SearchResult actual, int k, int d)
    {
        Assert.Equal(expected.Distances.Length, actual.Distances.Length);
        for (var first = 0; first < expected.Distances.Length; first += k)
        {
            var found = 0;
            while (found < k && expected.Labels[first + found] != -1)
                found++;

            for (var rank = 0; rank < k; rank++)
            {
                var i = first + rank;
                if (rank >= found)
                {
                    Assert.Equal(-1, actual.Labels[i]);
                    continue;
                }

                float a = expected.Distances[i], b = actual.Distances[i];
                Assert.True(Near(a, b, d), $"query {first / k}, rank {rank}: FAISS's distance is {a:r}, here it is {b:r}");
                if (expected.Labels[i] == actual.Labels[i])
                    continue;

                // Not the same id: then its distance must tie with one that FAISS has, or with the last, behind which there may be more.
                var place = Array.IndexOf(actual.Labels, expected.Labels[i], first, found);
                var tie = place < 0 ? actual.Distances[first + found - 1] : actual.Distances[place];
                Assert.True(Near(a, tie, d), $"query {first / k}, rank {rank}: FAISS has {expected.Labels[i]}, here is {actual.Labels[i]}");
            }
        }
    }

    public static void RequireRanges(RangeSearchResult expected, RangeSearchResult actual, float radius, int d)
    {
        for (var i = 0; i < expected.Limits.Length - 1; i++)
        {
            var first = All(expected, i);
            var second = All(actual, i);
            foreach (var id in first.Keys.Union(second.Keys))
            {
                var (inFirst, inSecond) = (first.TryGetValue(id, out var a), second.TryGetValue(id, out var b));
                // On the very border rounding decides.
                Assert.True(inFirst && inSecond ? Near(a, b, d) : Near(inFirst ? a : b, radius, d), $"query {i}, id {id}: {a:r} and {b:r}");
            }
        }
    }

    private static bool Near(double a, double b, int d) =>
        Math.Abs(a - b) <= Rounding(d) + Tolerance * Math.Max(Math.Abs(a), Math.Abs(b));

    private static Dictionary<long, float> All(RangeSearchResult result, int query)
    {
        var all = new Dictionary<long, float>();
        for (var i = result.Limits[query]; i < result.Limits[query + 1]; i++)
            all.Add(result.Labels[(int)i], result.Distances[(int)i]);

        return all;
    }
}
