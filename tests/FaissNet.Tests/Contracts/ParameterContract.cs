using FaissNet.Tests.Support;

namespace FaissNet.Tests.Contracts;

public sealed class ParameterContract
{
    [Theory]
    [IndexData(with: Traits.Probes)]
    public void Nprobe_is_1_until_it_is_set(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(50, seed: 2));
        Assert.Equal(1, index.GetParameter("nprobe"));
        foreach (var value in new[] { 3, Registry.NList, Registry.NList + 100, int.MaxValue, 1 })
        {
            index.SetParameter("nprobe", value);
            // Older fast-scan takes the number as it is, for its memory too: there it is limited as it is set.
            Assert.Equal(type.Has(Traits.FixedProbes) ? Math.Min(value, Registry.NList) : value, index.GetParameter("nprobe"));
            Assert.Equal(5, index.Search(type.Vectors(5, seed: 3), 1).QueryCount);
        }
    }

    [Theory]
    [IndexData(with: Traits.Probes)]
    public void Nprobe_that_is_no_count_is_refused(IndexCase type)
    {
        using var index = type.CreateTrained();
        index.SetParameter("nprobe", 3);
        foreach (var value in new[] { 0, -1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e10, 2.5 })
        {
            var error = Assert.ThrowsAny<ArgumentException>(() => index.SetParameter("nprobe", value));
            Assert.Contains("nprobe", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(3, index.GetParameter("nprobe"));
    }

    [Theory]
    [IndexData]
    public void A_parameter_that_does_not_exist_is_named(IndexCase type)
    {
        using var index = type.Create();
        foreach (var name in new[] { "nprobes", "NPROBE", "quantizer_", "quantizer_quantizer_nprobe", "no such", "ünïcode", new string('x', 5000) })
        {
            foreach (var call in new Action[] { () => index.SetParameter(name, 1), () => index.GetParameter(name) })
            {
                var error = Assert.ThrowsAny<ArgumentException>(call);
                Assert.Contains(name[..Math.Min(name.Length, 50)], error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [IndexData(without: Traits.Probes)]
    public void Nprobe_without_lists_is_no_parameter(IndexCase type)
    {
        using var index = type.Create();

        Assert.Throws<ArgumentException>(() => index.SetParameter("nprobe", 2));
        Assert.Throws<ArgumentException>(() => index.GetParameter("nprobe"));
    }

    [Theory]
    [IndexData(with: Traits.Probes, without: Traits.Unsaved)]
    public void Parameters_are_saved_as_FAISS_saves_them(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(50, seed: 2));
        index.SetParameter("nprobe", 5);

        using var loaded = type.Load(IndexCase.Bytes(index));
        using var clone = index.Clone();

        Assert.Equal(5, loaded.GetParameter("nprobe"));
        Assert.Equal(5, clone.GetParameter("nprobe"));
        if (loaded is IndexIVF ivf)
            Assert.Equal(5, ivf.NProbe);
    }

    [Theory]
    [NeedsNative]
    [InlineData("HNSW16", "efSearch", 16, 40)]
    [InlineData("HNSW16", "efConstruction", 40, 80)]
    [InlineData("IVF8,PQ4x4,RFlat", "k_factor_rf", 1, 3)]
    [InlineData("IVF8_HNSW16,Flat", "quantizer_efSearch", 16, 33)]
    [InlineData("IVF8,Flat", "max_codes", 0, 1000)]
    [InlineData("Flat", "verbose", 0, 1)]
    public void Other_parameters_have_FAISSs_defaults_and_keep_what_is_set(string description, string name, double initial, double set)
    {
        using var index = IndexFactory.Create(16, description);
        Assert.Equal(initial, index.GetParameter(name));

        index.SetParameter(name, set);

        Assert.Equal(set, index.GetParameter(name));
    }
}
