using FaissNet.Tests.Support;

namespace FaissNet.Tests.Interop;

/// <summary>What the native index types have beyond the contract.</summary>
[NeedsNative]
public sealed class NativeIndexTests
{
    private const int D = 16;

    [Theory]
    [InlineData("Flat", "IndexFlat", 4 * D)]
    [InlineData("IVF8,Flat", "IndexIVFFlat", 4 * D)]
    [InlineData("IVF8,PQ4x8np", "IndexIVFPQ", 4)]
    [InlineData("IVF8,PQ4x6np", "IndexIVFPQ", 3)]
    [InlineData("SQ8", "IndexScalarQuantizer", D)]
    [InlineData("IVF8,SQ8", "IndexIVFScalarQuantizer", D)]
    [InlineData("HNSW16", "IndexHNSWFlat", 4 * D)]
    [InlineData("IDMap,Flat", "IndexIDMap(IndexFlat)", 4 * D)]
    [InlineData("IDMap2,IVF8,Flat", "IndexIDMap2(IndexIVFFlat)", 4 * D)]
    [InlineData("PCA8,IVF8,Flat", "IndexPreTransform(IndexIVFFlat)", 4 * 8)]
    public void An_index_names_its_type_and_the_bytes_of_a_code(string description, string name, long size)
    {
        using var index = IndexFactory.Create(D, description);

        // Which of the two the factory makes depends on the version of FAISS.
        Assert.Equal(name, index.TypeName.Replace("IndexFlatL2", "IndexFlat", StringComparison.Ordinal));
        Assert.Equal(size, index.CodeSize);
    }

    [Fact]
    public void List_sizes_are_those_of_the_lists()
    {
        using var index = new IndexIVFFlat(D, 8);
        Assert.Equal(new long[8], index.GetListSizes());
        index.Train(TestVectors.Clustered(500, D, seed: 1));
        index.Add(TestVectors.Clustered(300, D, seed: 2));

        var sizes = index.GetListSizes();

        Assert.Equal((8, 300L), (sizes.Length, sizes.Sum()));
        // One list holds what a search of one list finds.
        var found = index.Search(TestVectors.Clustered(1, D, seed: 3), 300)[0].Count;
        Assert.Contains(found, sizes);
    }

    [Fact]
    public void NProbe_is_the_parameter_of_that_name()
    {
        using var index = new IndexIVFFlat(D, 8);
        Assert.Equal((8, 1), (index.NList, index.NProbe));

        index.NProbe = 5;
        Assert.Equal(5, index.GetParameter("nprobe"));
        index.SetParameter("nprobe", 6);
        Assert.Equal(6, index.NProbe);

        foreach (var value in new[] { 0, -1, int.MinValue })
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => index.NProbe = value);
            Assert.Contains($"NProbe is {value}", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(6, index.NProbe);
    }

    [Fact]
    public void A_product_quantizer_says_its_shape()
    {
        using var index = new IndexIVFPQ(D, 8, 4, 6);

        Assert.Equal((8, 4, 6, 3L), (index.NList, index.M, index.NBits, index.CodeSize));
    }

    [Fact]
    public void A_disposed_index_says_so_for_its_own_members_too()
    {
        var index = new IndexIVFPQ(D, 8, 4);
        index.Dispose();

        Assert.Throws<ObjectDisposedException>(() => index.TypeName);
        Assert.Throws<ObjectDisposedException>(() => index.CodeSize);
        Assert.Throws<ObjectDisposedException>(() => index.GetListSizes());
        Assert.Throws<ObjectDisposedException>(() => index.NProbe = 2);
    }

    [Fact]
    public void A_description_is_needed()
    {
        Assert.Equal("description", Assert.Throws<ArgumentNullException>(() => IndexFactory.Create(D, null!)).ParamName);
        Assert.Equal("description", Assert.Throws<ArgumentNullException>(() => IndexFactory.CreateCosine(D, null!)).ParamName);
        foreach (var blank in new[] { "", " ", "\t" })
        {
            Assert.Equal("description", Assert.Throws<ArgumentException>(() => IndexFactory.Create(D, blank)).ParamName);
            Assert.Equal("description", Assert.Throws<ArgumentException>(() => IndexFactory.CreateCosine(D, blank)).ParamName);
        }

        var error = Assert.Throws<ArgumentException>(() => IndexFactory.Create(D, "IVF8,PQ5"));
        Assert.Contains("IVF8,PQ5", error.Message, StringComparison.Ordinal);
        Assert.Contains($"d = {D}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Flat")]
    [InlineData("IVF4,Flat")]
    public void Cosine_compares_directions_alone(string description)
    {
        var vectors = TestVectors.Clustered(200, D, seed: 2);
        var longer = vectors.Select((component, i) => component * (1 + i / D)).ToArray();
        var queries = TestVectors.Clustered(5, D, seed: 3);
        using var index = IndexFactory.CreateCosine(D, description);
        index.Train(longer);
        index.Add(longer);
        if (description != "Flat")
            index.SetParameter("nprobe", 4);

        var result = index.Search(queries, 200);

        Assert.Equal(MetricType.InnerProduct, index.Metric);
        var (x, y) = (TestVectors.Normalized(vectors, D), TestVectors.Normalized(queries, D));
        for (var q = 0; q < 5; q++)
        {
            var cosines = BruteForce.Distances(MetricType.InnerProduct, y.AsSpan(q * D, D), x);
            Assert.Equal(200, result[q].Count);
            Assert.All(result[q], hit => Assert.Equal(cosines[hit.Id], hit.Distance, 1e-5));
        }
    }
}
