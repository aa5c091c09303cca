using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

#pragma warning disable IDE0065 // In here these names come before the native engine's.
using FaissNet.Managed;
#pragma warning restore IDE0065

/// <summary>Transforms before an index. A flat index behind one encodes to what the transform makes of a vector, and decodes to what its
/// reverse makes of that.</summary>
public sealed class TransformCases
{
    [Theory]
    [Engines("PCA16,Flat", "PCAW16,Flat", "PCAR16,Flat", "OPQ4,Flat", "OPQ4_16,Flat", "RR16,Flat", "RR32,Flat", "ITQ16,Flat", "L2norm,PCA8,L2norm,Flat", "Pad40,Flat")]
    [Restates("test_index_composite.py", "TestTransformChain.test_chain")]
    [Restates("test_io.py", "Test_IO_VectorTransform.test_read_vector_transform")]
    public void Transforms_that_Python_trained_do_what_they_do_in_Python(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} L2"));
        var expected = PythonFaiss.Floats($"{key} applied");

        var applied = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(index.Encode(Given.Base)).ToArray();

        Assert.Equal(expected.Length, applied.Length);
        Assert.All(expected.Zip(applied), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * (1 + Math.Abs(pair.First))));
    }

    [Theory]
    [Engines("PCA16,Flat", "PCAR16,Flat", "OPQ4,Flat", "OPQ4_16,Flat", "RR16,Flat", "RR32,Flat", "L2norm,PCA8,L2norm,Flat", "Pad40,Flat")]
    [Restates("test_build_blocks.py", "TestOrthogonalReconstruct.test_recons_orthonormal")]
    public void Transforms_that_can_be_undone_are_undone_as_in_Python(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} L2"));
        var codes = index.Encode(Given.Base);

        var reversed = index.Decode(codes);

        Assert.All(PythonFaiss.Floats($"{key} reversed").Zip(reversed), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        if (key.StartsWith("L2norm", StringComparison.Ordinal))
            return;

        // What was lost on the way there is lost once.
        var again = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(index.Encode(reversed)).ToArray();
        Assert.All(PythonFaiss.Floats($"{key} applied").Zip(again), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Theory]
    [Engines("PCAW16,Flat", "ITQ16,Flat")]
    [Restates("test_build_blocks.py", "TestOrthogonalReconstruct.test_recons_orthogonal_impossible")]
    public void Transforms_that_cannot_be_undone_say_so(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} L2"));
        var codes = index.Encode(Given.Base);

        Assert.ThrowsAny<Exception>(() => index.Decode(codes));
    }

    [Fact]
    [Restates("test_build_blocks.py", "TestOrthogonalReconstruct.test_recons_orthogonal_impossible")]
    public void A_matrix_that_is_not_orthonormal_is_not_undone()
    {
        var transform = new LinearTransform(20, 10, Given.Uniform(10, 20, seed: 51), Given.Uniform(1, 10, seed: 52));

        Assert.False(transform.IsOrthonormal);
        Assert.Throws<NotSupportedException>(() => transform.ReverseTransform(new float[10], new float[20]));
    }

    [Theory]
    [Engines]
    [Restates("test_build_blocks.py", "TestPCA.test_pca")]
    public void The_energy_of_components_falls(string engine)
    {
        using var index = Given.Create(engine, Given.D, "PCA10,Flat");
        index.Train(Given.Train);

        var projected = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(index.Encode(Given.Train)).ToArray();

        var energies = Enumerable.Range(0, 10)
            .Select(j => Enumerable.Range(0, Given.Train.Length / Given.D).Sum(i => (double)projected[i * 10 + j] * projected[i * 10 + j]))
            .ToArray();
        Assert.All(energies.Zip(energies.Skip(1)), pair => Assert.True(pair.First > pair.Second));
    }

    [Theory]
    [Engines]
    [Restates("test_build_blocks.py", "TestPCA.test_pca_retraining_gram_path")]
    public void Fewer_vectors_than_components_train_a_projection_too(string engine)
    {
        var few = Given.Rows(Given.Train, 0, 20);
        using var index = Given.Create(engine, Given.D, "PCA8,Flat");
        index.Train(few);
        var first = index.Encode(few);
        index.Train(few);

        var (a, b) = (Floats(first), Floats(index.Encode(few)));

        Assert.All(a.Zip(b), pair => Assert.Equal(Math.Abs(pair.First), Math.Abs(pair.Second), 1e-4));
        // 20 vectors span 19 dimensions around their mean, of which the 8 strongest hold more than 8/19.
        var mean = Enumerable.Range(0, Given.D).Select(j => Enumerable.Range(0, 20).Average(i => few[i * Given.D + j])).ToArray();
        var total = few.Select((value, i) => Math.Pow(value - mean[i % Given.D], 2)).Sum();
        Assert.InRange(a.Sum(value => (double)value * value) / total, 8 / 19.0, 1);

        static float[] Floats(byte[] codes) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(codes).ToArray();
    }

    [Theory]
    [Engines]
    [Restates("test_index_composite.py", "TestPCAWhite.test_white")]
    public void Whitening_finds_the_neighbours_of_before_the_stretching(string engine)
    {
        const int d = 4, k = 5;
        var (train, vectors, queries) = (Normal(1000, 61), Normal(200, 62), Normal(100, 63));
        using var plain = Given.Create(engine, d, "Flat");
        using var whitened = Given.Create(engine, d, "PCAW4,Flat");
        whitened.Train(Stretch(train));
        plain.Add(Stretch(vectors));
        whitened.Add(Stretch(vectors));

        var expected = Enumerable.Range(0, 100)
            .Select(q => BruteForce.Nearest(MetricType.L2, BruteForce.Distances(MetricType.L2, queries.AsSpan(q * d, d), vectors), k))
            .ToArray();
        int Common(SearchResult found) => expected.Select((row, q) => found[q].Count(hit => row.Contains((int)hit.Id))).Sum();
        var (before, after) = (Common(plain.Search(Stretch(queries), k)), Common(whitened.Search(Stretch(queries), k)));

        Assert.True(after > 2 * before, $"{before}, whitened {after}");

        // Sums of uniform numbers, near enough to normal.
        static float[] Normal(int n, int seed) =>
            [.. Given.Uniform(n * d, 12, seed).Chunk(12).Select(numbers => numbers.Sum() - 6)];

        // Each axis by a factor of its own, then turned by 45 degrees in two planes.
        static float[] Stretch(float[] rows) => [.. rows.Chunk(d).SelectMany(row =>
        {
            var (a, b, c, e) = (10 * row[0], 4 * row[1], row[2], row[3] / 2);
            var half = MathF.Sqrt(0.5f);
            return new[] { half * (a + c), half * (b + e), half * (a - c), half * (b - e) };
        })];
    }

    [Theory]
    [Engines]
    [Restates("test_index_accuracy.py", "OPQRelativeAccuracy.test_OPQ", "OPQRelativeAccuracy.test_OIVFPQ")]
    public void Turning_before_quantizing_is_nearer_where_components_are_uneven(string engine)
    {
        // The first components carry most: parts of a plain quantizer do not share the load.
        const int d = 16;
        var vectors = Given.Uniform(300, d, seed: 53).Select((value, i) => value * (i % d < 4 ? 8 : 1)).ToArray();
        foreach (var code in new[] { "PQ4x5np", "IVF4,PQ4x5np" })
        {
            double Error(string key)
            {
                using var index = Given.Create(engine, d, key);
                index.Train(vectors);
                return Given.SquaredError(vectors, index.Decode(index.Encode(vectors)));
            }

            var (plain, turned) = (Error(code), Error($"OPQ4,{code}"));
            Assert.True(turned < 0.95 * plain, $"{code}: {plain}, turned {turned}");
        }
    }

    [Fact]
    [Restates("test_index_accuracy.py", "TestRoundoff.test_roundoff")]
    public void Centring_saves_what_rounding_would_lose()
    {
        const int n = 100, d = 4;
        var vectors = Enumerable.Range(0, n * d).Select(i => i % d == 0 ? 12345f + i / d : 0).ToArray();
        var queries = vectors[..(25 * d)].Select((value, i) => value + (i % d == 0 ? 0.3f : 0)).ToArray();
        using var index = new IndexPreTransform(new CenteringTransform(d), new FaissNet.Managed.IndexFlatL2(d));
        index.Train(vectors);
        index.Add(vectors);

        var found = index.Search(queries, 1);

        Assert.Equal(Enumerable.Range(0, 25).Select(i => (long)i), found.Labels);
        Assert.All(found.Distances, distance => Assert.Equal(0.09, distance, 1e-3));
    }

    [Theory]
    [Engines]
    [Restates("test_build_blocks.py", "TestPCA.test_pca_epsilon")]
    public void Whitening_evens_the_components_of_a_subspace(string engine)
    {
        // Every other component is always 0, so that half of the eigenvalues are 0 or nearly so.
        var vectors = Given.Train.Select((value, i) => i % 2 == 0 ? 0 : value).ToArray();
        using var index = Given.Create(engine, Given.D, "PCAW12,Flat");
        index.Train(vectors);

        var projected = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(index.Encode(vectors)).ToArray();

        Assert.All(projected, value => Assert.True(float.IsFinite(value)));
        // Whitened: all components have the same energy; FAISS's eigenvalues are of sums, and so that is one.
        for (var j = 0; j < 12; j++)
            Assert.Equal(1, Enumerable.Range(0, 700).Sum(i => projected[i * 12 + j] * projected[i * 12 + j]), 0.02);
    }
}
