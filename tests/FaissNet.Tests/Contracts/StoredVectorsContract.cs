using FaissNet.Tests.Support;

namespace FaissNet.Tests.Contracts;

/// <summary>Reconstructing, and searching by radius.</summary>
public sealed class StoredVectorsContract
{
    private const int Count = 200;

    [Theory]
    [IndexData(with: Traits.Reconstructs | Traits.Lossless)]
    public void Types_that_keep_vectors_give_them_back(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        using var index = type.CreateFilled(vectors);

        for (var i = 0; i < Count; i++)
            Assert.Equal(vectors.AsSpan(i * type.Dimension, type.Dimension).ToArray(), index.Reconstruct(i));
    }

    [Theory]
    [IndexData(with: Traits.Reconstructs, without: Traits.Lossless)]
    public void Types_that_compress_give_back_something_near(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        using var index = type.CreateFilled(vectors);
        if (type.Normalizes)
            vectors = TestVectors.Normalized(vectors, type.Dimension);

        var mean = new float[type.Dimension];
        for (var i = 0; i < vectors.Length; i++)
            mean[i % type.Dimension] += vectors[i] / Count;

        double error = 0, spread = 0;
        for (var i = 0; i < Count; i++)
        {
            var vector = vectors.AsSpan(i * type.Dimension, type.Dimension);
            error += BruteForce.Distance(MetricType.L2, vector, index.Reconstruct(i));
            spread += BruteForce.Distance(MetricType.L2, vector, mean);
        }

        // Nearer than one centroid for all of them would be.
        Assert.True(error < spread / 2, $"mean squared error {error / Count:0.00}, variance {spread / Count:0.00}");
    }

    [Theory]
    [IndexData(with: Traits.Reconstructs)]
    public void Reconstructing_follows_the_content(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(10, seed: 2));
        var third = index.Reconstruct(3);

        type.Fill(index, type.Vectors(10, seed: 4));

        Assert.Equal(third, index.Reconstruct(3));
        Assert.Equal(type.Dimension, index.Reconstruct(19).Length);
        index.Reset();
        Assert.Throws<KeyNotFoundException>(() => index.Reconstruct(3));
    }

    [Theory]
    [IndexData(with: Traits.Reconstructs)]
    public void Reconstructing_writes_nothing_behind_the_vector(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(10, seed: 2));
        var buffer = Enumerable.Repeat(-77f, type.Dimension + 3).ToArray();

        index.Reconstruct(4, buffer);

        Assert.Equal(index.Reconstruct(4), buffer[..type.Dimension]);
        Assert.Equal([-77f, -77f, -77f], buffer[type.Dimension..]);
    }

    [Theory]
    [IndexData(with: Traits.Reconstructs)]
    public void An_id_that_is_not_there_is_said_to_be_missing(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(10, seed: 2));
        foreach (var id in new[] { 10, -1, -2, long.MaxValue, long.MinValue, 1L << 32 })
        {
            var error = Assert.Throws<KeyNotFoundException>(() => index.Reconstruct(id));
            Assert.Contains($"{id}", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [IndexData(with: Traits.Ranges | Traits.Exact)]
    public void Range_search_finds_what_a_brute_force_finds(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        var queries = type.Vectors(7, seed: 3);
        using var index = type.CreateFilled(vectors);
        type.ProbeAll(index);
        // A radius amid the distances, and one that a distance is exactly on: that one is outside.
        var some = BruteForce.Distances(type.Metric, queries.AsSpan(0, type.Dimension), vectors).Order().ToArray();
        foreach (var radius in new[] { (float)some[Count / 10], (float)some[Count / 2] + 0.5f, -1e6f, 1e6f })
        {
            var result = index.RangeSearch(queries, radius);

            Assert.Equal(7, result.QueryCount);
            Assert.Equal(0, result.Limits[0]);
            Assert.Equal(result.Labels.Length, result.Limits[^1]);
            for (var q = 0; q < 7; q++)
            {
                var distances = BruteForce.Distances(type.Metric, queries.AsSpan(q * type.Dimension, type.Dimension), vectors);
                var expected = Enumerable.Range(0, Count)
                    .Where(id => BruteForce.IsSimilarity(type.Metric) ? distances[id] > radius : distances[id] < radius)
                    .Select(id => new Neighbor(id, (float)distances[id]));
                Assert.Equal(expected, result[q].OrderBy(hit => hit.Id));
            }
        }
    }

    [Theory]
    [IndexData(with: Traits.Ranges)]
    public void Range_search_finds_what_search_finds_within_the_radius(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        type.ProbeAll(index);
        var queries = type.Vectors(5, seed: 3);
        var all = index.Search(queries, Count);
        // Midway between two distances, so that rounding cannot decide.
        var radius = (all[0].Distances[20] + all[0].Distances[21]) / 2;

        var result = index.RangeSearch(queries, radius);

        for (var q = 0; q < 5; q++)
        {
            var expected = all[q].Where(hit => BruteForce.IsSimilarity(type.Metric) ? hit.Distance > radius : hit.Distance < radius);
            Assert.Equal(expected.Select(hit => hit.Id).Order(), result[q].Select(hit => hit.Id).Order());
        }
    }

    [Theory]
    [IndexData(with: Traits.Ranges | Traits.Probes, without: Traits.FixedProbes)]
    public void Range_search_takes_parameters_of_its_own(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        var query = type.Vectors(1, seed: 3);
        var everything = BruteForce.IsSimilarity(type.Metric) ? -1e9f : 1e9f;

        var one = index.RangeSearch(query, everything);
        var all = index.RangeSearch(query, everything, new SearchParameters { NProbe = Registry.NList });

        Assert.Equal(Count, all[0].Count);
        Assert.InRange(one[0].Count, 1, Count - 1);
    }

    [Theory]
    [IndexData(with: Traits.Ranges)]
    public void Range_search_of_nothing_finds_nothing(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(10, seed: 2));
        using var empty = type.CreateTrained();

        var none = index.RangeSearch(ReadOnlySpan<float>.Empty, 1);
        var nothing = empty.RangeSearch(type.Vectors(2, seed: 3), 1);

        Assert.Equal(0, none.QueryCount);
        Assert.Equal([0, 0, 0], nothing.Limits);
        ArgumentContract.Throws<ArgumentOutOfRangeException>("query", () => _ = nothing[2], ["2"]);
        ArgumentContract.Throws<ArgumentOutOfRangeException>("query", () => _ = nothing[-1], ["-1"]);
    }

    [Theory]
    [IndexData(with: Traits.RangesLoosely)]
    public void Whatever_else_a_range_search_finds_is_there_and_found_once(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        type.SearchAll(index);
        var queries = type.Vectors(5, seed: 3);
        var distances = index.Search(queries, Count).Distances;
        foreach (var radius in new[] { distances[0], (distances[20] + distances[21]) / 2, distances[Count / 2], -1e6f, 1e6f })
        {
            var result = index.RangeSearch(queries, radius);

            Assert.Equal(5, result.QueryCount);
            for (var q = 0; q < 5; q++)
            {
                Assert.Distinct(result[q].Select(hit => hit.Id));
                Assert.All(result[q], hit => Assert.InRange(hit.Id, 0, Count - 1));
            }
        }

        Assert.Equal(0, index.RangeSearch(ReadOnlySpan<float>.Empty, 1).QueryCount);
        using var empty = type.CreateTrained();
        Assert.Equal([0, 0, 0], empty.RangeSearch(type.Vectors(2, seed: 3), 1).Limits);
    }

    [Theory]
    [IndexData(without: Traits.Ranges | Traits.RangesLoosely)]
    public void Types_without_range_search_say_so(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(10, seed: 2));

        Assert.Throws<NotSupportedException>(() => index.RangeSearch(type.Vectors(1, seed: 3), 1));
    }
}
