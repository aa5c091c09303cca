using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

[NeedsNative]
public sealed class ProductQuantizerTests
{
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 8, 1, 1 }, { 8, 8, 2 }, { 12, 4, 3 }, { 24, 4, 4 }, { 30, 5, 4 }, { 30, 3, 5 }, { 32, 16, 6 }, { 28, 7, 7 }, { 16, 2, 8 }, { 20, 10, 8 },
        { 40, 8, 8 }, { 100, 20, 8 }, { 56, 4, 8 }, { 128, 4, 8 }, { 96, 2, 8 }, { 18, 3, 9 }, { 16, 4, 10 }, { 6, 3, 11 }, { 8, 2, 12 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Codes_are_those_of_FAISS_byte_for_byte(int d, int m, int nbits)
    {
        var training = Continuous(Math.Max(600, 2 << nbits), d, seed: 31);
        var vectors = Continuous(1000, d, seed: 32);
        var faiss = FaissProductQuantizer.Make(d, m, nbits, training, vectors);
        var quantizer = new ProductQuantizer(d, m, nbits);
        Assert.Equal(faiss.Centroids.Length, quantizer.Centroids.Length);
        quantizer.SetCentroids(faiss.Centroids);

        var codes = new byte[1000 * quantizer.CodeSize];
        quantizer.Encode(vectors, codes);

        Assert.Equal(faiss.Codes, codes);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Training_reaches_the_objective_of_FAISS(int d, int m, int nbits)
    {
        var training = Continuous(Math.Max(3000, 4 << nbits), d, seed: 33);
        var faiss = new ProductQuantizer(d, m, nbits);
        faiss.SetCentroids(FaissProductQuantizer.Make(d, m, nbits, training, training[..d]).Centroids);
        var quantizer = new ProductQuantizer(d, m, nbits);

        quantizer.Train(training);

        var (expected, actual) = (Error(faiss, training), Error(quantizer, training));
        Assert.InRange(actual, 0.999 * expected, 1.001 * expected);
    }

    // Normally distributed around few centres: no two centroids are equally near.
    private static float[] Continuous(int n, int d, int seed)
    {
        var vectors = TestVectors.Clustered(n, d, seed);
        var noise = new float[n * d];
        FaissRandom.FillNormal(noise, seed);
        for (var i = 0; i < noise.Length; i++)
            noise[i] += vectors[i];

        return noise;
    }

    private static double Error(ProductQuantizer quantizer, float[] vectors)
    {
        var codes = new byte[vectors.Length / quantizer.Dimension * quantizer.CodeSize];
        quantizer.Encode(vectors, codes);
        var decoded = new float[vectors.Length];
        quantizer.Decode(codes, decoded);
        var sum = 0.0;
        for (var i = 0; i < vectors.Length; i++)
            sum += (vectors[i] - decoded[i]) * (double)(vectors[i] - decoded[i]);

        return sum;
    }
}
