using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Pieces;

/// <summary>An index goes from one engine to the other and finds the same there.</summary>
[NeedsNative]
public sealed class HandoverTests
{
    private const int D = 16, Count = 2000, K = 5;

    private static readonly float[] Vectors = TestVectors.Clustered(Count, D, seed: 1);
    private static readonly float[] Queries = TestVectors.Clustered(30, D, seed: 2);

    public static TheoryData<string> Kinds => ["Flat", "IVF8,Flat", "IVF8,PQ4np", "PQ4np", "IVF8,SQ8", "SQ8", "PCA8,IVF8,Flat", "OPQ4,IVF8,PQ4x4np", "IDMap,Flat"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Trained_by_the_managed_engine_filled_and_searched_by_FAISS(string kind)
    {
        using var managed = M.IndexFactory.Create(D, kind);
        managed.Train(Vectors);

        using var native = managed.ToNative();

        Assert.Equal((0, true), (native.Count, native.IsTrained));
        Fill(managed);
        Fill(native);
        AssertSame(managed, native);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Trained_and_filled_by_FAISS_searched_by_the_managed_engine(string kind)
    {
        using var native = IndexFactory.Create(D, kind);
        native.Train(Vectors);
        Fill(native);

        using var managed = native.ToManaged();

        Assert.Equal(Count, managed.Count);
        AssertSame(managed, native);
        native.Reset();
        Assert.Equal(Count, managed.Count);
    }

    [Fact]
    public void What_does_not_fit_through_is_refused_and_leaves_no_thread_behind()
    {
        using var graph = IndexFactory.Create(D, "HNSW8");
        graph.Add(Vectors);
        Assert.Throws<NotSupportedException>(() => graph.ToManaged());
        graph.Add(Vectors);
        Assert.Equal(2 * Count, graph.Count);
        var disposed = new M.IndexFlatL2(D);
        disposed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => disposed.ToNative());
    }

    [Theory]
    [InlineData("IVF8,Flat")]
    [InlineData("IVF8,PQ4np")]
    [InlineData("PQ4np")]
    [InlineData("PCA8,IVF8,PQ4np")]
    public void Centroids_and_codebooks_make_an_index(string kind)
    {
        using var trained = IndexFactory.Create(D, kind);
        trained.Train(Vectors);
        using var other = IndexFactory.Create(D, kind);
        if (kind.StartsWith("PCA", StringComparison.Ordinal))
        {
            Assert.Equal(8 * 8, trained.GetCoarseCentroids().Length);
            Assert.Equal(256 * 8, trained.GetCodebooks().Length);
            other.SetCoarseCentroids(trained.GetCoarseCentroids());
            other.SetCodebooks(trained.GetCodebooks());
            Assert.False(other.IsTrained); // the PCA still has to learn
            return;
        }

        if (kind.StartsWith("IVF", StringComparison.Ordinal))
            other.SetCoarseCentroids(trained.GetCoarseCentroids());
        Assert.Equal(kind == "IVF8,Flat", other.IsTrained);
        if (kind.Contains("PQ", StringComparison.Ordinal))
            other.SetCodebooks(trained.GetCodebooks());

        trained.Add(Vectors);
        other.Add(Vectors);

        var (expected, actual) = (trained.Search(Queries, K), other.Search(Queries, K));
        Assert.Equal(expected.Labels, actual.Labels);
        Assert.Equal(expected.Distances, actual.Distances);
        if (kind.StartsWith("IVF", StringComparison.Ordinal))
            Assert.Throws<ArgumentException>(() => other.SetCoarseCentroids(new float[8 * D]));
        else
            Assert.Throws<NotSupportedException>(() => other.GetCoarseCentroids());
    }

    [Fact]
    public void Centroids_of_the_managed_k_means_stay_when_FAISS_trains_the_codes()
    {
        var clustering = new M.Clustering(D, 8, new M.ClusteringParameters { NIter = 10 });
        clustering.Train(Vectors);
        using var index = new IndexIVFPQ(D, 8, 4);
        Assert.Throws<InvalidOperationException>(() => index.SetCodebooks(new float[256 * D]));
        Assert.Throws<ArgumentException>(() => index.SetCoarseCentroids(new float[3]));
        index.SetCoarseCentroids(clustering.Centroids);
        Assert.False(index.IsTrained);

        index.Train(Vectors);

        Assert.Equal(clustering.Centroids, index.GetCoarseCentroids());
        index.Add(Vectors);
        Assert.Equal(Count, index.GetListSizes().Sum());
    }

    private static void Fill(VectorIndex index)
    {
        if (index is M.IndexIDMap || (index as FaissIndex)?.TypeName.StartsWith("IndexIDMap", StringComparison.Ordinal) == true)
            index.AddWithIds(Vectors, [.. Enumerable.Range(0, Count).Select(i => i * 3L + 7)]);
        else
            index.Add(Vectors);
    }

    private static void AssertSame(VectorIndex managed, VectorIndex native)
    {
        var (expected, actual) = (native.Search(Queries, K), managed.Search(Queries, K));
        for (var i = 0; i < expected.Distances.Length; i++)
        {
            var difference = Math.Abs(expected.Distances[i] - actual.Distances[i]);
            Assert.True(difference <= 1e-3f * Math.Max(100, Math.Abs(expected.Distances[i])), $"{i}: {expected.Distances[i]} and {actual.Distances[i]}");
        }

        Assert.InRange(expected.Labels.Zip(actual.Labels).Count(pair => pair.First == pair.Second), 0.95 * expected.Labels.Length, expected.Labels.Length);
    }
}
