using FaissNet.Managed;

namespace FaissNet.Tests.Managed;

/// <summary>Expected values are those of Python's faiss 1.7.3: RandomGenerator(1234).rand_int(), rand_perm(p, 10, 1234), randn(2000, 5).</summary>
public sealed class FaissRandomTests
{
    [Fact]
    public void Integers()
    {
        var random = new FaissRandom(1234);

        Assert.Equal([822569775, 2137449171, 524453158, 1365105717, 1880026316], Enumerable.Range(0, 5).Select(_ => random.NextInt()));
    }

    [Fact]
    public void Permutation() => Assert.Equal([5, 4, 8, 2, 6, 9, 1, 7, 0, 3], FaissRandom.Permutation(10, 1234));

    [Fact]
    public void A_permutation_holds_every_number_once() =>
        Assert.Equal(Enumerable.Range(0, 5000), FaissRandom.Permutation(5000, 7).Order());

    [Fact]
    public void Normal_numbers()
    {
        var values = new float[2000];
        FaissRandom.FillNormal(values, 5);

        Assert.Equal((-0.40097547f, 1.5393841f, 1.0249072f), (values[0], values[1], values[^1]));
    }
}
