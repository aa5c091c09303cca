using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

/// <summary>Managed indexes beside FAISS's, over the same vectors.</summary>
[NeedsNative]
public sealed class SideBySideTests
{
    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.InnerProduct)]
    public void IVFFlat_finds_what_FAISS_finds(MetricType metric)
    {
        const int d = 24, nlist = 10;
        var vectors = TestVectors.Clustered(3000, d, seed: 1);
        var queries = TestVectors.Clustered(100, d, seed: 2);
        using var managed = new FaissNet.Managed.IndexIVFFlat(d, nlist, metric);
        using var native = new FaissNet.IndexIVFFlat(d, nlist, metric);
        managed.Train(vectors);
        native.Train(vectors);
        managed.Add(vectors);
        native.Add(vectors);
        Assert.Equal(native.GetListSizes(), managed.GetListSizes());
        foreach (var nprobe in new[] { 1, 3, nlist })
        {
            var parameters = new SearchParameters { NProbe = nprobe };
            var expected = native.Search(queries, 10, parameters);
            var actual = managed.Search(queries, 10, parameters);
            Assert.Equal(expected.Distances, actual.Distances);
        }

        Assert.Equal(1000, managed.Remove(IdSelector.Range(500, 1500)));
        native.Remove(IdSelector.Range(500, 1500));
        Assert.Equal(native.Search(queries, 5).Distances, managed.Search(queries, 5).Distances);
        Assert.Equal(vectors[..d], managed.Reconstruct(0));
        Assert.Throws<KeyNotFoundException>(() => managed.Reconstruct(700));
    }
}
