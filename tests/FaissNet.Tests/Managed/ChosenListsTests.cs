using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

/// <summary>Which lists a search visits where distances are whole numbers, so that many centroids are as near as each other.</summary>
public sealed class ChosenListsTests
{
    private const int D = 3, Side = 4, NList = Side * Side * Side;

    // With the second offset a score of float32 no longer tells distances of 1 apart.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 3)]
    [InlineData(0, 8)]
    [InlineData(0, 20)]
    [InlineData(4096, 1)]
    [InlineData(4096, 3)]
    [InlineData(4096, 8)]
    [InlineData(4096, 20)]
    public void A_search_visits_the_nearest_lists_and_of_equally_near_ones_those_with_smaller_numbers(int offset, int nprobe)
    {
        const int queryCount = 60;
        // A list for each point of a grid, and in it that point alone.
        var points = new float[NList * D];
        for (var i = 0; i < points.Length; i++)
            points[i] = offset + i / D / (int)Math.Pow(Side, i % D) % Side;

        var codebooks = new float[D * 16];
        for (var i = 0; i < codebooks.Length; i++)
            codebooks[i] = offset + i % 16;

        using var index = new FaissNet.Managed.IndexIVFPQ(D, NList, D, 4) { ByResidual = false, NProbe = nprobe };
        index.RestoreTraining(points, codebooks);
        index.Add(points);
        var random = new Random(nprobe);
        var queries = new float[queryCount * D];
        for (var i = 0; i < queries.Length; i++)
            queries[i] = offset + random.Next(8) / 2;

        var together = index.Search(queries, nprobe);

        for (var q = 0; q < queryCount; q++)
        {
            var query = queries.AsSpan(q * D, D).ToArray();
            var expected = Enumerable.Range(0, NList)
                .Select(list => (Distance: Enumerable.Range(0, D).Sum(j => (points[list * D + j] - query[j]) * (points[list * D + j] - query[j])), List: list))
                .Order().Take(nprobe).ToArray();
            Assert.Equal(expected.Select(each => (long)each.List), together[q].Labels.ToArray());
            Assert.Equal(expected.Select(each => each.Distance), together[q].Distances.ToArray());
            Assert.Equal(expected.Select(each => (long)each.List), index.Search(query, nprobe)[0].Labels.ToArray());
        }
    }

    [Fact]
    public void Lists_are_left_out_from_the_farthest_on()
    {
        // Four lists on a line, with one vector each.
        float[] points = [0, 10, 20, 30];
        using var index = new IndexIVFFlatOfPoints(points);
        var hits = index.Index.Search([18f], 4, new SearchParameters { NProbe = 4, MaxCodes = 2 });

        Assert.Equal([2L, 1L], hits[0].Labels.ToArray());
    }

    // Centroids that are the vectors: k-means of as many points as clusters.
    private sealed class IndexIVFFlatOfPoints : IDisposable
    {
        public IndexIVFFlatOfPoints(float[] points)
        {
            Index = new FaissNet.Managed.IndexIVFFlat(1, points.Length);
            Index.Train(points);
            Index.Add(points);
        }

        public VectorIndex Index { get; }

        public void Dispose() => Index.Dispose();
    }
}
