using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

/// <summary>The lists that a search visits, whatever instructions score them: those of the nearest centroids in double precision.</summary>
public sealed class NearestListsTests
{
    [Fact]
    public void The_nearest_lists_are_chosen() => CheckAll([]);

    [Theory]
    [MemberData(nameof(InstructionSets.Switches), MemberType = typeof(InstructionSets))]
    public void Without_an_instruction_set(string knob, string absent) => InstructionSets.RunWithout(knob, absent, CheckAll);

    private static void CheckAll(string[] absent)
    {
        InstructionSets.RequireAbsent(absent);
        // Many centroids as near as each other, where scores tell them apart and where they do not.
        foreach (var (offset, nprobe) in new[] { (0, 1), (0, 8), (4096, 3), (4096, 20) })
            new ChosenListsTests().A_search_visits_the_nearest_lists_and_of_equally_near_ones_those_with_smaller_numbers(offset, nprobe);

        foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
        {
            foreach (var (d, nlist) in new[] { (3, 20), (24, 100), (100, 150) })
            {
                // About the origin, far from it, and mostly zeros.
                foreach (var kind in new[] { 0, 1, 2 })
                    Check(metric, d, nlist, kind);
            }
        }
    }

    private static double Length(ReadOnlySpan<float> vector)
    {
        var sum = 0.0;
        foreach (var component in vector)
            sum += (double)component * component;

        return Math.Sqrt(sum);
    }

    private static void Check(MetricType metric, int d, int nlist, int kind)
    {
        const int n = 70;
        var random = new Random(d + kind);
        var vectors = Vectors(3 * nlist);
        using var index = new FaissNet.Managed.IndexIVFFlat(d, nlist, metric);
        index.Train(vectors);
        index.Add(vectors);
        var centroids = index.GetCentroids();
        var sizes = index.GetListSizes();
        var queries = Vectors(n);
        queries.AsSpan(0, d).Clear();
        foreach (var nprobe in new[] { 1, 7, nlist - 1, nlist })
        {
            var (lists, distances) = (new long[n * nprobe], new float[n * nprobe]);
            index.ChooseLists(queries, nprobe, lists, distances);
            for (var i = 0; i < n; i++)
            {
                var exact = new double[nlist];
                for (var list = 0; list < nlist; list++)
                    exact[list] = BruteForce.Distance(metric, queries.AsSpan(i * d, d), centroids.AsSpan(list * d, d)) * (metric == MetricType.L2 ? 1 : -1);

                var sorted = exact.Order().ToArray();
                // Scores lose digits far from the origin.
                var tolerance = 1e-6 * Math.Pow(Length(queries.AsSpan(i * d, d)) + Enumerable.Range(0, nlist).Max(list => Length(centroids.AsSpan(list * d, d))), 2);
                var chosen = lists[(i * nprobe)..((i + 1) * nprobe)];
                Assert.Equal(nprobe, chosen.Distinct().Count());
                for (var p = 0; p < nprobe; p++)
                    Assert.Equal(sorted[p], exact[chosen[p]], tolerance);
            }

            if (kind == 1)
                continue;

            // Searches that need no distances choose the same, in whatever order.
            var parameters = new SearchParameters { NProbe = nprobe };
            var found = index.Search(queries, 3 * nlist, parameters);
            for (var i = 0; i < n; i++)
            {
                var among = lists[(i * nprobe)..((i + 1) * nprobe)].Sum(list => sizes[list]);
                Assert.Equal(among, found[i].ToArray().Count(hit => hit.Id >= 0));
            }
        }

        float[] Vectors(int count)
        {
            var values = new float[count * d];
            for (var i = 0; i < values.Length; i++)
                values[i] = kind == 2 && random.Next(4) > 0 ? 0 : (kind == 1 ? 50 : 0) + (float)random.NextDouble() - 0.5f;

            return values;
        }
    }
}
