using FaissNet.Managed;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Managed;

/// <summary>The managed <see cref="IndexPQ"/> beside FAISS's, from FAISS's own training.</summary>
public sealed class IndexPQTests
{
    [Theory]
    [NeedsNative]
    [InlineData(16, 4, 8, MetricType.L2)]
    [InlineData(16, 4, 8, MetricType.InnerProduct)]
    [InlineData(30, 5, 4, MetricType.L2)]
    [InlineData(12, 3, 6, MetricType.L2)]
    public void Results_are_those_of_FAISS(int d, int m, int nbits, MetricType metric)
    {
        var vectors = TestVectors.Clustered(2100, d, seed: 1);
        var queries = TestVectors.Clustered(30, d, seed: 2);
        using var native = IndexFactory.Create(d, $"PQ{m}x{nbits}np", metric);
        native.Train(vectors);
        native.Add(vectors);
        using var managed = new M.IndexPQ(d, m, nbits, metric);
        var state = FaissProductQuantizer.Make(d, m, nbits, vectors, vectors);
        managed.RestoreTraining(state.Centroids);
        managed.Add(vectors);
        Assert.Equal(state.Codes, managed.Encode(vectors));
        Compare();

        Assert.Equal(700, managed.Remove(IdSelector.Range(100, 800)));
        Assert.Equal(700, native.Remove(IdSelector.Range(100, 800)));
        Compare();

        using var more = new M.IndexPQ(d, m, nbits, metric);
        more.RestoreTraining(state.Centroids);
        more.Add(queries);
        managed.MergeFrom(more);
        native.Add(queries);
        Assert.Equal(0, more.Count);
        Compare();
        Assert.Equal(native.Reconstruct(1420), managed.Reconstruct(1420));
        Assert.Equal(native.Reconstruct(5), managed.Reconstruct(5));

        // FAISS's file, and back to the byte.
        using var file = new MemoryStream();
        native.Save(file);
        file.Position = 0;
        using var loaded = ManagedIndex.Load(file);
        using var saved = new MemoryStream();
        loaded.Save(saved);
        Assert.Equal(file.ToArray(), saved.ToArray());
        SameResults.Require(native.Search(queries, 10), loaded.Search(queries, 10), 10, d);
        using var copy = loaded.Clone();
        Assert.Equal(loaded.Search(queries, 10).Labels, copy.Search(queries, 10).Labels);

        void Compare()
        {
            Assert.Equal(native.Count, managed.Count);
            foreach (var k in new[] { 1, 10, 100 })
                SameResults.Require(native.Search(queries, k), managed.Search(queries, k), k, d);

            var all = native.Search(queries, (int)native.Count);
            var chosen = IdSelector.Range(40, 1000);
            SameResults.Require(
                SameResults.Choose(all, chosen, 10), managed.Search(queries, 10, new SearchParameters { Selector = chosen }), 10, d);
        }
    }

    [Fact]
    public void What_does_not_fit_is_not_merged()
    {
        var vectors = TestVectors.Clustered(600, 8, seed: 1);
        using var index = new M.IndexPQ(8, 2);
        using var other = new M.IndexPQ(8, 4);
        index.Train(vectors);
        other.Train(vectors);
        Assert.Throws<ArgumentException>(() => index.MergeFrom(other));
        Assert.Throws<ArgumentOutOfRangeException>(() => new M.IndexPQ(8, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new M.IndexPQ(8, 2, 0));
    }
}
