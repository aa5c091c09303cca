using System.Text.RegularExpressions;

namespace FaissNet.Tests.FaissCases;

/// <summary>What descriptions make.</summary>
public sealed partial class FactoryCases
{
    [Theory]
    [Engines(
        "IVF456,Flat|IndexIVFFlat", "Flat,IDMap|IndexIDMap(IndexFlat)", "Flat,IDMap2|IndexIDMap2(IndexFlat)", "IDMap2,Flat|IndexIDMap2(IndexFlat)",
        "Flat,RFlat|IndexRefine(IndexFlat)", "PCAR100,L2norm,PCAW50,SQ8|IndexPreTransform(IndexScalarQuantizer)",
        "PCA30,IVF32,Flat|IndexPreTransform(IndexIVFFlat)")]
    [Restates("test_factory.py",
        "TestFactoryV2.test_ivf", "TestFactoryV2.test_idmap", "TestFactoryV2.test_idmap2_suffix", "TestFactoryV2.test_idmap2_prefix", "TestFactoryV2.test_refine",
        "TestFactoryV2.test_pre_transform")]
    public void Descriptions_are_read_from_the_outside_in(string engine, string row)
    {
        var (description, type) = (row.Split('|')[0], row.Split('|')[1]);
        using var index = Given.Create(engine, 123, description);

        // Which is the same may be named more closely: IndexFlatL2, IndexRefineFlat.
        Assert.Equal(type, Special().Replace(index.Describe().TypeName, ""));
    }

    [Theory]
    [Engines("IVF456,SQ8|456", "IVF1024,PQ3|1024", "PCAR8,IVF10,PQ4|10")]
    [Restates("test_factory.py", "TestFactory.test_factory_3")]
    public void Nprobe_reaches_through_transforms(string engine, string row) => AssertLists(engine, row);

    // FAISS 1.7.3 has no suffixes yet.
    [Theory]
    [Engines("IVF3k,Flat|3072", "IVF1k,PQ3|1024", "IVF1M,SQ8|1048576", Only = Given.Managed)]
    [Restates("test_factory.py", "TestFactoryV2.test_ivf_suffix_k", "TestFactoryV2.test_ivf_suffix_M")]
    public void Numbers_of_lists_have_suffixes(string engine, string row) => AssertLists(engine, row);

    [Theory]
    [Engines("12 SQ8 12", "128 OPQ16,Flat 512", "128 OPQ16_64,Flat 256", "50 PQ25x12np 38", "12 PQ4 4", "20 PCA10,Flat 40")]
    [Restates("test_factory.py", "TestFactory.test_factory_2", "TestFactory.test_factory_5", "TestCodeSize.test_1", "TestFactory.test_factory_1")]
    public void Codes_are_as_large_as_the_description_says(string engine, string row)
    {
        var (d, description, bytes) = (int.Parse(row.Split(' ')[0]), row.Split(' ')[1], int.Parse(row.Split(' ')[2]));
        using var index = Given.Create(engine, d, description);

        Assert.Equal(bytes, index.EncodedSize);
    }

    [Theory]
    [Engines("10 PQ4", "12 IVF0,Flat", "12 PCA20x,Flat", "12 Flatt", "12 IVF10", "12 SQ9", "12 PQ4x0", "12 ,Flat", "12 IVF10,PQ5")]
    [Restates("test_factory.py", "TestFactory.test_factory_1")]
    public void Descriptions_that_fit_nothing_are_refused(string engine, string row)
    {
        var (d, description) = (int.Parse(row.Split(' ')[0]), row.Split(' ')[1]);

        var error = Assert.ThrowsAny<Exception>(() => Given.Create(engine, d, description));

        Assert.True(error is ArgumentException or NotSupportedException, error.ToString());
    }

    [Theory]
    [Engines("IVF32,Flat,Refine(PQ25x8np)", "PCA32,IVF32,Flat,Refine(PQ25x8np)", "IVF32(Flat),Flat")]
    [Restates("test_factory.py", "TestFactory.test_parenthesis", "TestFactory.test_parenthesis_refine", "TestFactory.test_parenthesis_refine_2")]
    public void Parentheses_hold_a_description(string engine, string description)
    {
        using var index = Given.Create(engine, 50, description);
        var vectors = Given.Uniform(400, 50, seed: 71);
        index.Train(vectors);
        index.Add(vectors);

        Assert.Equal((400, 50), (index.Count, index.Dimension));
        if (!description.Contains("Refine", StringComparison.Ordinal))
            return;

        // The whole index is refined, the transform included: with all candidates the second code decides alone.
        index.SetParameter("nprobe", 32);
        var found = index.Search(vectors.AsSpan(0, 500), 5, new SearchParameters { KFactor = 80 });
        Given.AssertNearest(MetricType.L2, Given.Stored(index), vectors[..500], found, tolerance: 1e-4);
    }

    [Theory]
    [Engines("IVF1000(IVF20,SQ4,Refine(SQ8)),Flat", "IVF32(PQ25),Flat", "IVF100_HNSW,Flat", "IVF100(LSHr),Flat", "ITQ8,LSHt", Only = Given.Native)]
    [Restates("test_factory.py",
        "TestFactory.test_nested_parenteses", "TestFactoryV2.test_ivf_hnsw", "TestFactoryV2.test_ivf_parent", "TestVTDowncast.test_itq_transform")]
    public void Other_coarse_quantizers_are_FAISSs_alone(string engine, string description)
    {
        using var index = Given.Create(engine, 50, description);

        Assert.Equal(50, index.Dimension);
        Assert.Throws<NotSupportedException>(() => FaissNet.Managed.IndexFactory.Create(50, description));
    }

    private static void AssertLists(string engine, string row)
    {
        using var index = Given.Create(engine, row.StartsWith('P') ? 12 : 123, row.Split('|')[0]);

        Assert.Equal(long.Parse(row.Split('|')[1], System.Globalization.CultureInfo.InvariantCulture), index.Describe().NList);
        index.SetParameter("nprobe", 3);
        Assert.Equal((3, 3), (index.GetParameter("nprobe"), index.Describe().NProbe));
    }

    [GeneratedRegex("(?:L2|IP|(?<=IndexRefine)Flat)(?=[(),]|$)")]
    private static partial Regex Special();
}
