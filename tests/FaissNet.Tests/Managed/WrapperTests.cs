using FaissNet.Managed;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;
using ManagedCenteringTransform = FaissNet.Managed.CenteringTransform;
using ManagedFlatIP = FaissNet.Managed.IndexFlatIP;
using ManagedFlatL2 = FaissNet.Managed.IndexFlatL2;
using ManagedIVFFlat = FaissNet.Managed.IndexIVFFlat;
using ManagedNormalizationTransform = FaissNet.Managed.NormalizationTransform;
using ManagedPCAMatrix = FaissNet.Managed.PCAMatrix;

namespace FaissNet.Tests.Managed;


/// <summary>Indexes around others, against FAISS's and against what they do by definition.</summary>
public sealed class WrapperTests
{
    private const int D = 12, Count = 400;

    private static readonly float[] Vectors = TestVectors.Clustered(Count, D, seed: 1);
    private static readonly float[] Queries = TestVectors.Clustered(15, D, seed: 2);
    private static readonly long[] Ids = [.. Enumerable.Range(0, Count).Select(i => (i * 37L % Count << 33) + 5)];

    [Theory]
    [InlineData("Flat")]
    [InlineData("SQ8")]
    [InlineData("PQ2x4np")]
    [InlineData("PQ2np")]
    [InlineData("PQ4x4fs")]
    public void What_a_transform_makes_no_number_of_counts_and_is_in_no_list(string encoding)
    {
        const int d = 8, trained = 300;
        var vectors = TestVectors.Clustered(trained, d, seed: 4);
        using var index = FaissNet.Managed.IndexFactory.Create(d, $"PCA4,IVF4,{encoding}");
        index.Train(vectors);
        using var stream = new MemoryStream();
        index.Save(stream);
        var bytes = stream.ToArray();
        // The matrix, 4 x 8, is the one array of so many numbers.
        var matrix = bytes.AsSpan().IndexOf(BitConverter.GetBytes(4L * d)) + sizeof(long);
        BitConverter.GetBytes(float.NaN).CopyTo(bytes, matrix);

        foreach (var n in new[] { 1, 47, 48, 120 })
        {
            using var damaged = ManagedIndex.Load(new MemoryStream(bytes));
            damaged.Add(vectors.AsSpan(0, n * d));
            Assert.Equal(n, damaged.Count);
            Assert.Empty(damaged.Search(vectors.AsSpan(0, d), 3, new SearchParameters { NProbe = 4 })[0]);
            Assert.Equal(n * damaged.EncodedSize, damaged.Encode(vectors.AsSpan(0, n * d)).Length);
        }
    }

    [Fact]
    [NeedsNative]
    public void Ids_stand_for_numbers_as_in_FAISS()
    {
        using var faiss = FaissNet.IndexFactory.Create(D, "IDMap,Flat");
        using var ours = new M.IndexIDMap(new ManagedFlatL2(D));
        faiss.AddWithIds(Vectors, Ids);
        ours.AddWithIds(Vectors, Ids);
        AssertSame(faiss, ours, null);
        Assert.Equal(Vectors.AsSpan(7 * D, D).ToArray(), ours.Reconstruct(Ids[7]));

        var gone = IdSelector.Batch(Ids.AsSpan(0, 50));
        Assert.Equal(50, ours.Remove(gone));
        faiss.Remove(gone);
        AssertSame(faiss, ours, null);
        Assert.Throws<KeyNotFoundException>(() => ours.Reconstruct(Ids[7]));
        Assert.Equal(Vectors.AsSpan(77 * D, D).ToArray(), ours.Reconstruct(Ids[77]));

        // FAISS's IDMap takes no selector before 1.8: then nothing is left but what is selected.
        var selected = IdSelector.Range(Ids.Order().ElementAt(100), Ids.Order().ElementAt(200));
        var found = ours.Search(Queries, 10, new SearchParameters { Selector = selected });
        faiss.Remove(IdSelector.Not(selected));
        ScalarQuantizerTests.AssertSame(faiss.Search(Queries, 10), found, Queries, D);

        ours.Reset();
        Assert.Equal(0, ours.Count);
        ours.AddWithIds(Vectors.AsSpan(0, D), [9]);
        Assert.Equal(9, ours.Search(Queries.AsSpan(0, D), 1).Labels[0]);
    }

    [Fact]
    [NeedsNative]
    public void A_range_search_gives_ids()
    {
        using var faiss = FaissNet.IndexFactory.Create(D, "IDMap,Flat");
        using var ours = new M.IndexIDMap2(new ManagedFlatL2(D));
        faiss.AddWithIds(Vectors, Ids);
        ours.AddWithIds(Vectors, Ids);
        var expected = faiss.RangeSearch(Queries, 400);
        var actual = ours.RangeSearch(Queries, 400);
        Assert.Equal(expected.Limits, actual.Limits);
        for (var q = 0; q < 15; q++)
            Assert.Equal(expected[q].OrderBy(hit => hit.Id), actual[q].OrderBy(hit => hit.Id));
    }

    [Fact]
    public void Merging_keeps_and_shifts_ids()
    {
        using var first = new M.IndexIDMap(new ManagedFlatL2(D));
        using var second = new M.IndexIDMap(new ManagedFlatL2(D));
        first.AddWithIds(Vectors.AsSpan(0, 100 * D), Ids.AsSpan(0, 100));
        second.AddWithIds(Vectors.AsSpan(100 * D, 100 * D), Ids.AsSpan(100, 100));
        first.MergeFrom(second, 0);
        Assert.Equal((200, 0), (first.Count, second.Count));
        Assert.Equal(Vectors.AsSpan(150 * D, D).ToArray(), first.Reconstruct(Ids[150]));

        second.AddWithIds(Vectors.AsSpan(200 * D, D), [3]);
        first.MergeFrom(second);
        Assert.Equal(Vectors.AsSpan(200 * D, D).ToArray(), first.Reconstruct(203));

        using var other = new M.IndexIDMap(new M.IndexScalarQuantizer(D));
        other.Train(Vectors);
        Assert.Throws<ArgumentException>(() => first.MergeFrom(other));
    }

    [Fact]
    public void An_IDMap_says_what_it_needs()
    {
        using var map = new M.IndexIDMap(new ManagedFlatL2(D));
        Assert.Throws<NotSupportedException>(() => map.Add(Vectors));
        using var full = new ManagedFlatL2(D);
        full.Add(Vectors);
        Assert.Throws<ArgumentException>(() => new M.IndexIDMap(full));
        using var lists = new M.IndexIDMap(new ManagedIVFFlat(D, 4));
        lists.Train(Vectors);
        lists.AddWithIds(Vectors, Ids);
        Assert.Throws<NotSupportedException>(() => lists.Remove(IdSelector.Batch(Ids[0])));
        lists.SetParameter("nprobe", 4);
        Assert.Equal(4, lists.GetParameter("nprobe"));
        Assert.Equal(Ids[5], lists.Search(Vectors.AsSpan(5 * D, D), 1).Labels[0]);
        Assert.Equal("IndexIDMap(IndexIVFFlat)", lists.Describe().TypeName);
    }

    [Fact]
    [NeedsNative]
    public void A_cosine_index_is_FAISSs()
    {
        using var faiss = FaissNet.IndexFactory.Create(D, "L2norm,Flat", MetricType.InnerProduct);
        using var ours = new M.IndexPreTransform(new ManagedNormalizationTransform(D), new ManagedFlatIP(D));
        faiss.Add(Vectors);
        ours.Add(Vectors);
        AssertSame(faiss, ours, null);
        var stored = ours.Reconstruct(3);
        Assert.Equal(1, BruteForce.Distance(MetricType.InnerProduct, stored, stored), 1e-6);
        Assert.Equal(30, ours.Remove(IdSelector.Range(10, 40)));
        faiss.Remove(IdSelector.Range(10, 40));
        AssertSame(faiss, ours, null);
    }

    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.InnerProduct)]
    public void Transforms_stand_before_the_index(MetricType metric)
    {
        // What the wrapper does, step by step.
        var pca = new ManagedPCAMatrix(D, 8);
        using var ours = new M.IndexPreTransform([new ManagedCenteringTransform(D), pca], new ManagedIVFFlat(8, 4, metric));
        Assert.False(ours.IsTrained);
        ours.Train(Vectors);
        Assert.True(ours.IsTrained);
        var ids = Ids.AsSpan(0, Count).ToArray();
        ours.AddWithIds(Vectors, ids);

        var centering = new ManagedCenteringTransform(D);
        centering.Train(Vectors);
        float[] Apply(float[] vectors)
        {
            var (centred, projected) = (new float[vectors.Length], new float[vectors.Length / D * 8]);
            centering.Apply(vectors, centred);
            pca.Apply(centred, projected);
            return projected;
        }

        using var inner = new ManagedIVFFlat(8, 4, metric);
        inner.Train(Apply(Vectors));
        inner.AddWithIds(Apply(Vectors), ids);
        foreach (var parameters in new[]
                 {
                     null, new SearchParameters { NProbe = 3 }, new SearchParameters { NProbe = 4, Selector = IdSelector.Batch(ids.AsSpan(0, 90)) },
                 })
        {
            var (expected, actual) = (inner.Search(Apply(Queries), 5, parameters), ours.Search(Queries, 5, parameters));
            Assert.Equal(expected.Labels, actual.Labels);
            Assert.Equal(expected.Distances, actual.Distances);
            Assert.Equal(
                inner.RangeSearch(Apply(Queries), 200, parameters).Labels, ours.RangeSearch(Queries, 200, parameters).Labels);
        }

        // The projection undone, then the mean added.
        var (back, uncentred) = (new float[D], new float[D]);
        pca.ReverseTransform(inner.Reconstruct(ids[9]), back);
        centering.ReverseTransform(back, uncentred);
        Assert.Equal(uncentred, ours.Reconstruct(ids[9]));

        Assert.Equal(20, ours.Remove(IdSelector.Batch(ids.AsSpan(0, 20))));
        Assert.Equal(Count - 20, ours.Count);
        ours.Reset();
        Assert.Equal((0, true), (ours.Count, ours.IsTrained));
    }

    [Fact]
    public void Candidates_to_refine_come_through_a_rotation()
    {
        // All lists and enough candidates: the refined neighbours are the true ones.
        using var index = FaissNet.Managed.IndexFactory.Create(D, "RR12,IVF4,PQ6x4fs,RFlat");
        index.Train(Vectors);
        index.Add(Vectors);
        index.SetParameter("nprobe", 4);
        using var exact = new ManagedFlatL2(D);
        exact.Add(Vectors);
        var expected = exact.Search(Queries, 5);
        var found = index.Search(Queries, 5, new SearchParameters { KFactor = 40 });
        Assert.Equal(expected.Distances, found.Distances);
    }

    [Fact]
    public void A_transform_that_came_trained_keeps_its_training()
    {
        var centering = new ManagedCenteringTransform(D);
        centering.Train(new float[D]);
        using var index = new M.IndexPreTransform(centering, new M.IndexScalarQuantizer(D));
        index.Train(Vectors);
        Assert.Equal(new float[D], centering.Mean.ToArray());
    }

    [Fact]
    public void A_training_that_fails_leaves_the_index_untrained()
    {
        using var index = new M.IndexPreTransform(new ManagedPCAMatrix(D, 8), new ManagedIVFFlat(8, 20));
        Assert.Throws<ArgumentException>(() => index.Train(Vectors.AsSpan(0, 15 * D)));
        Assert.False(index.IsTrained);
        index.Train(Vectors);
        Assert.True(index.IsTrained);
    }

    [Fact]
    public void Dimensions_must_follow_each_other()
    {
        Assert.Throws<ArgumentException>(() => new M.IndexPreTransform(new ManagedPCAMatrix(D, 8), new ManagedFlatL2(D)));
        Assert.Throws<ArgumentException>(() => new M.IndexPreTransform([new ManagedPCAMatrix(D, 8), new ManagedCenteringTransform(D)], new ManagedFlatL2(D)));
    }

    private static void AssertSame(FaissIndex faiss, VectorIndex ours, SearchParameters? parameters) =>
        ScalarQuantizerTests.AssertSame(faiss.Search(Queries, 10, parameters), ours.Search(Queries, 10, parameters), Queries, D);
}
