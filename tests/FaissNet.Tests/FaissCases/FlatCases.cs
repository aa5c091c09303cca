using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>Brute force, where rounding and corners show.</summary>
public sealed class FlatCases
{
    [Theory]
    [Engines("Flat")]
    [Restates("test_index.py",
        "TestIndexFlat.test_with_blas", "TestIndexFlat.test_noblas", "TestIndexFlat.test_with_blas_ip", "TestIndexFlat.test_noblas_ip",
        "TestIndexFlat.test_noblas_reservoir", "TestIndexFlat.test_with_blas_reservoir")]
    [Restates("test_index_accuracy.py", "IndexAccuracy.test_IndexFlatIP", "IndexAccuracy.test_IndexFlatL2")]
    public void Few_and_many_queries_and_few_and_many_neighbours_are_the_nearest(string engine, string key)
    {
        var many = Given.Uniform(60, Given.D, seed: 81);
        foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
        {
            using var index = Given.Filled(engine, key, metric);
            foreach (var (queries, k) in new[] { (Given.Rows(many, 0, 1), 1), (Given.Rows(many, 0, 3), 10), (many, 10), (many, 150), (many, Given.Count) })
                Given.AssertNearest(metric, Given.Base, queries, index.Search(queries, k));
        }
    }

    [Theory]
    [Engines]
    [Restates("test_index.py", "TestDistancesPositive.test_l2_pos")]
    public void No_squared_distance_is_negative(string engine)
    {
        var vectors = Given.Uniform(600, 128, seed: 82);
        using var index = Given.Create(engine, 128, "Flat");
        index.Add(vectors);

        var found = index.Search(vectors, 3);

        Assert.All(found.Distances, distance => Assert.True(distance >= 0));
        Assert.Equal(Enumerable.Range(0, 600).Select(i => (long)i), found.Labels.Where((_, i) => i % 3 == 0));
    }

    [Theory]
    [Engines]
    [Restates("test_index_accuracy.py", "TestFlat1D.test_flat_1d", "TestFlat1D.test_size_0")]
    public void One_dimension_and_fewer_vectors_than_neighbours_work(string engine)
    {
        var (vectors, queries) = (Given.Uniform(100, 1, seed: 83), Given.Uniform(200, 1, seed: 84).Select(value => value * 1.1f - 0.05f).ToArray());
        using var index = Given.Create(engine, 1, "Flat");
        for (var n = 0; n < 3; n++)
        {
            Assert.Equal(n, index.Search(queries, 10)[0].Count);
            var (distances, labels) = (new float[10], new long[10]);
            index.Search(queries.AsSpan(0, 1), 10, distances, labels);
            Assert.Equal(10 - n, labels.Count(id => id == -1));
            index.Add(vectors.AsSpan(n, 1));
        }

        index.Add(vectors.AsSpan(3));
        Given.AssertNearest(MetricType.L2, vectors, queries, index.Search(queries, 10));
    }

    [Theory]
    [Engines("Flat", "IVF8,Flat", "IVF8,PQ8x4np")]
    [Restates("test_omp_threads.cpp", "Threading.openmp")]
    [Restates("test_index.py", "TestDbParallelSearch.test_thread_scaling")]
    public void Searches_at_once_find_what_one_finds(string engine, string key)
    {
        using var index = Given.Filled(engine, key);
        var expected = index.Search(Given.Asked, Given.K);
        var found = new SearchResult[4];

        Parallel.For(0, found.Length, i => found[i] = index.Search(Given.Asked, Given.K));

        foreach (var result in found)
        {
            Assert.Equal(expected.Labels, result.Labels);
            Assert.Equal(expected.Distances, result.Distances);
        }
    }

    [Theory]
    [Engines("IVF32,Flat")]
    [Restates("test_index_accuracy.py", "IndexAccuracy.test_ivf_kmeans")]
    public void More_lists_visited_find_more(string engine, string key)
    {
        using var index = Given.Filled(engine, key);
        var recalls = new[] { 1, 4, 32 }.Select(nprobe => BruteForce.Recall(
            MetricType.L2, Given.Base, Given.Asked, Given.D, Given.K,
            index.Search(Given.Asked, Given.K, new SearchParameters { NProbe = nprobe }).Labels)).ToArray();

        Assert.True(recalls[0] < recalls[1] && recalls[1] < recalls[2], string.Join(", ", recalls));
        Assert.Equal(1, recalls[2]);
    }
}
