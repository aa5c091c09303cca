using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>Getting vectors back by their ids: FAISS's direct maps.</summary>
public sealed class ReconstructCases
{
    [Theory]
    [Engines("IVF8,Flat", "Flat", "SQ8")]
    [Restates("test_index.py", "TestReconsException.test_recons_exception", "TestReconsException.test_reconstruct_larger_ntotal")]
    [Restates("test_build_blocks.py", "TestReconstructBatch.test_exception")]
    public void Ids_that_are_not_there_are_refused(string engine, string key)
    {
        using var index = Given.Filled(engine, key);
        Assert.Equal(Given.D, index.Reconstruct(Given.Count - 1).Length);

        foreach (var id in new[] { Given.Count, 100_001, -1, long.MaxValue, long.MinValue })
        {
            Assert.Throws<KeyNotFoundException>(() => index.Reconstruct(id));
            Assert.Throws<KeyNotFoundException>(() => index.ReconstructBatch(3, id, 4));
        }
    }

    [Theory]
    [Engines("IVF8,SQfp16")]
    [Restates("test_index.py", "TestReconsException.test_reconstruct_after_add")]
    public void Vectors_added_after_the_first_was_asked_for_are_there(string engine, string key)
    {
        using var index = Given.Trained(engine, key);
        index.Add(Given.Rows(Given.Base, 0, 100));
        AssertNear(5);

        index.Add(Given.Rows(Given.Base, 100, 100));

        AssertNear(5);
        AssertNear(150);

        // Half precision of a residual below 1.
        void AssertNear(int row) =>
            Assert.All(Given.Rows(Given.Base, row, 1).Zip(index.Reconstruct(row)), pair => Assert.Equal(pair.First, pair.Second, 1.0 / 2048));
    }

    [Theory]
    [Engines("IVF8,Flat", "IVF8,SQfp16", "IVF8,PQ8x4np")]
    [Restates("test_index.py", "TestReconsHash.test_IVFFlat", "TestReconsHash.test_IVFSQ", "TestReconsHash.test_IVFPQ")]
    public void Given_ids_lead_to_the_vectors_through_adds_files_and_removals(string engine, string key)
    {
        using var index = Given.Trained(engine, key);
        var expected = index.Decode(index.Encode(Given.Base));
        index.AddWithIds(Given.Rows(Given.Base, 0, 250), Given.Ids.AsSpan(0, 250));
        AssertHolds(index, 0, 250, _ => false);
        index.AddWithIds(Given.Rows(Given.Base, 250, 250), Given.Ids.AsSpan(250));
        AssertHolds(index, 0, Given.Count, _ => false);
        using var loaded = Given.Load(engine, Given.Save(index));
        AssertHolds(loaded, 0, Given.Count, _ => false);

        var removed = Given.Ids.Where((_, i) => i % 3 == 0).ToArray();
        Assert.Equal(50, loaded.Remove(IdSelector.Batch(removed.AsSpan(0, 50))));
        Assert.Equal(removed.Length - 50, loaded.Remove(IdSelector.Batch(removed)));

        AssertHolds(loaded, 0, Given.Count, i => i % 3 == 0);
        Assert.Throws<KeyNotFoundException>(() => index.Reconstruct(20_000));

        void AssertHolds(VectorIndex held, int first, int end, Func<int, bool> isGone)
        {
            for (var i = first; i < end; i += 13)
            {
                if (isGone(i))
                    Assert.Throws<KeyNotFoundException>(() => held.Reconstruct(Given.Ids[i]));
                else
                    Assert.Equal(Given.Rows(expected, i, 1), held.Reconstruct(Given.Ids[i]));
            }
        }
    }

    [Theory]
    [Engines("Flat", "IVF8,Flat", "IVF8,PQ8x4np", "L2norm,PCA16,IVF8,PQ8x4np")]
    [Restates("test_index.py",
        "TestSearchAndReconstruct.test_IndexFlat", "TestSearchAndReconstruct.test_IndexIVFFlat", "TestSearchAndReconstruct.test_IndexIVFPQ",
        "TestSearchAndReconstruct.test_IndexTransform")]
    public void A_search_brings_the_vectors_along(string engine, string key)
    {
        using var index = Given.Filled(engine, key);
        Given.Probe(index, key, 4);
        var expected = index.Search(Given.Asked, Given.K);
        var (distances, labels) = (new float[Given.Queries * Given.K], new long[Given.Queries * Given.K]);
        var vectors = new float[labels.Length * Given.D];

        index.SearchAndReconstruct(Given.Asked, Given.K, distances, labels, vectors);

        Assert.Equal(expected.Labels, labels);
        Assert.Equal(expected.Distances, distances);
        for (var i = 0; i < labels.Length; i++)
        {
            var vector = Given.Rows(vectors, i, 1);
            Assert.Equal(index.Reconstruct(labels[i]), vector);
            if (key.EndsWith(",Flat", StringComparison.Ordinal) || key == "Flat")
                Assert.Equal(Given.Rows(Given.Base, (int)labels[i], 1), vector);
        }
    }

    [Theory]
    [Engines("Flat", "IVF8,SQ8", "IVF8,PQ8x4np", "SQ4", "SQ6", "PQ8x4np")]
    [Restates("test_build_blocks.py", "TestScalarQuantizer.test_reconstruct", "TestReconstructBatch.test_indexflat")]
    [Restates("test_scalar_quantizer_correctness.py", "TestScalarQuantizerDistances.test_distance_matches_reconstruct")]
    [Restates("test_refine.py",
        "TestDistanceComputer.test_distance_computer_PQ", "TestDistanceComputer.test_distance_computer_SQ", "TestDistanceComputer.test_distance_computer_SQ6")]
    public void Distances_are_those_to_what_comes_back(string engine, string key)
    {
        using var index = Given.Filled(engine, key);
        Given.Probe(index, key, Given.NList);
        var stored = Given.Stored(index);

        var found = index.Search(Given.Asked, Given.K);

        for (var i = 0; i < found.Labels.Length; i++)
        {
            var query = Given.Asked.AsSpan(i / Given.K * Given.D, Given.D);
            var distance = BruteForce.Distance(MetricType.L2, query, stored.AsSpan((int)found.Labels[i] * Given.D, Given.D));
            Assert.Equal(distance, found.Distances[i], 1e-4);
        }

        Given.AssertNearest(MetricType.L2, stored, Given.Asked, found, tolerance: 1e-4);
    }
}
