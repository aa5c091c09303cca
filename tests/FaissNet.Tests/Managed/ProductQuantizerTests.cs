using FaissNet.Managed;
using FaissNet.Tests.Support;
using ManagedProductQuantizer = FaissNet.Managed.ProductQuantizer;

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
        var quantizer = new ManagedProductQuantizer(d, m, nbits);
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
        var faiss = new ManagedProductQuantizer(d, m, nbits);
        faiss.SetCentroids(FaissProductQuantizer.Make(d, m, nbits, training, training[..d]).Centroids);
        var quantizer = new ManagedProductQuantizer(d, m, nbits);

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

    [Theory]
    [InlineData(20, 20, 8)]
    [InlineData(40, 8, 8)]
    [InlineData(16, 4, 6)]
    [InlineData(12, 4, 10)]
    public void Of_centroids_equally_near_FAISS_and_this_take_either(int d, int m, int nbits)
    {
        // Whole numbers: most vectors have several nearest centroids, and most centroids are there twice or more.
        var training = TestVectors.Uniform(Math.Max(600, 2 << nbits), d, 2, seed: 34);
        var vectors = TestVectors.Uniform(1000, d, 3, seed: 35);
        var faiss = FaissProductQuantizer.Make(d, m, nbits, training, vectors);
        var quantizer = new ManagedProductQuantizer(d, m, nbits);
        quantizer.SetCentroids(faiss.Centroids);

        var codes = new byte[1000 * quantizer.CodeSize];
        quantizer.Encode(vectors, codes);

        // FAISS adds up in another order: of two sums that are equal but for rounding another one may be less.
        float[] expected = new float[vectors.Length], actual = new float[vectors.Length];
        quantizer.Decode(faiss.Codes, expected);
        quantizer.Decode(codes, actual);
        var dsub = d / m;
        for (var i = 0; i < vectors.Length; i += dsub)
        {
            var part = vectors.AsSpan(i, dsub);
            var distance = BruteForce.Distance(MetricType.L2, part, expected.AsSpan(i, dsub));
            Assert.Equal(distance, BruteForce.Distance(MetricType.L2, part, actual.AsSpan(i, dsub)), 1e-5);
        }

        var differing = codes.Where((code, i) => code != faiss.Codes[i]).Count();
        Assert.InRange(differing, 0, codes.Length / 500);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Tables_hold_the_distances_to_what_codes_decode_to(int d, int m, int nbits)
    {
        var quantizer = new ManagedProductQuantizer(d, m, nbits);
        quantizer.SetCentroids(TestVectors.Uniform(d << nbits, 1, 9, seed: 36));
        var vectors = TestVectors.Uniform(20, d, 9, seed: 37);
        var codes = new byte[20 * quantizer.CodeSize];
        quantizer.Encode(vectors, codes);
        var decoded = new float[20 * d];
        quantizer.Decode(codes, decoded);
        float[] squares = new float[quantizer.TableSize], products = new float[quantizer.TableSize];
        for (var i = 0; i < 20; i++)
        {
            var vector = vectors.AsSpan(i * d, d);
            quantizer.ComputeDistanceTable(vector, squares);
            quantizer.ComputeInnerProductTable(vector, products);
            for (var j = 0; j < 20; j++)
            {
                var code = codes.AsSpan(j * quantizer.CodeSize, quantizer.CodeSize);
                var other = decoded.AsSpan(j * d, d);
                Assert.Equal(BruteForce.Distance(MetricType.L2, vector, other), quantizer.AsymmetricDistance(squares, code));
                Assert.Equal(BruteForce.Distance(MetricType.InnerProduct, vector, other), quantizer.AsymmetricDistance(products, code));
                if (nbits <= 8)
                {
                    Assert.Equal(
                        BruteForce.Distance(MetricType.L2, decoded.AsSpan(i * d, d), other),
                        quantizer.SymmetricDistance(codes.AsSpan(i * quantizer.CodeSize, quantizer.CodeSize), code));
                }
            }
        }
    }

    [Fact]
    public void Residuals_are_encoded_as_if_they_were_vectors()
    {
        const int d = 30, n = 100;
        var quantizer = new ManagedProductQuantizer(d, 5, 6);
        quantizer.SetCentroids(Continuous(64, d, seed: 38));
        var (vectors, coarse) = (Continuous(n, d, seed: 39), Continuous(3, d, seed: 40));
        int[] assignment = [.. Enumerable.Range(0, n).Select(i => i % 3)];
        float[] residuals = [.. vectors.Select((x, i) => x - coarse[assignment[i / d] * d + i % d])];
        byte[] expected = new byte[n * quantizer.CodeSize], actual = new byte[n * quantizer.CodeSize];
        quantizer.Encode(residuals, expected);
        int[] backwards = [.. Enumerable.Range(0, n).Reverse()];
        var inOrder = new byte[expected.Length];

        unsafe
        {
            fixed (float* x = vectors, c = coarse)
            fixed (int* a = assignment, by = backwards)
            {
                fixed (byte* codes = actual)
                    quantizer.Encode(x, d, null, n, c, a, codes);

                fixed (byte* codes = inOrder)
                    quantizer.Encode(x, d, by, n, c, a, codes);
            }
        }

        Assert.Equal(expected, actual);
        Assert.Equal(expected.Chunk(quantizer.CodeSize).Reverse().SelectMany(code => code), inOrder);
    }

    [Fact]
    public void Training_does_not_depend_on_the_thread_count_and_stops_when_cancelled()
    {
        var vectors = Continuous(3000, 24, seed: 41);
        var before = ManagedThreads.Count;
        try
        {
            var results = new List<float[]>();
            foreach (var threads in new[] { 1, 3 })
            {
                ManagedThreads.Count = threads;
                var quantizer = new ManagedProductQuantizer(24, 3, 6);
                quantizer.Train(vectors);
                results.Add(quantizer.Centroids.ToArray());
            }

            Assert.Equal(results[0], results[1]);
        }
        finally
        {
            ManagedThreads.Count = before;
        }

        var untouched = new ManagedProductQuantizer(24, 3, 6);
        Assert.Throws<OperationCanceledException>(() => untouched.Train(vectors, cancellationToken: new CancellationToken(canceled: true)));
        Assert.Equal(new float[24 * 64], untouched.Centroids.ToArray());
    }

    [Fact]
    public void Arguments()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManagedProductQuantizer(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManagedProductQuantizer(10, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManagedProductQuantizer(10, 2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManagedProductQuantizer(10, 2, 25));
        Assert.Throws<NotSupportedException>(() => new ManagedProductQuantizer(10, 2, 17));
        var quantizer = new ManagedProductQuantizer(10, 2, 4);
        Assert.Contains("16", Assert.Throws<ArgumentException>(() => quantizer.Train(new float[150])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => quantizer.Encode(new float[11], new byte[2]));
        Assert.Throws<ArgumentException>(() => quantizer.Encode(new float[20], new byte[1]));
        Assert.Throws<ArgumentException>(() => quantizer.Decode(new byte[2], new float[19]));
        Assert.Throws<ArgumentException>(() => quantizer.SetCentroids(new float[1]));
    }

    private static double Error(ManagedProductQuantizer quantizer, float[] vectors)
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
