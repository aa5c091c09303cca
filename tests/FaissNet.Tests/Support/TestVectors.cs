namespace FaissNet.Tests.Support;

/// <summary>Seeded vectors with small integer components: sums of their products and squared differences are exact in float32.</summary>
internal static class TestVectors
{
    private const int Clusters = 24;

    /// <summary>n vectors around a few centres, as embeddings lie; |component| ≤ 19.</summary>
    public static float[] Clustered(int n, int d, int seed)
    {
        // The centres belong to the dimension, not to the seed: training, base and queries come from one distribution.
        var centres = Uniform(Clusters, d, 10, seed: 7 + d);
        var random = new Random(seed);
        var vectors = new float[n * d];
        for (var i = 0; i < n; i++)
        {
            var centre = random.Next(Clusters);
            for (var j = 0; j < d; j++)
                vectors[i * d + j] = centres[centre * d + j] + random.Next(-9, 10);
        }

        return vectors;
    }

    /// <summary>n vectors of integers from -max to max.</summary>
    public static float[] Uniform(int n, int d, int max, int seed)
    {
        var random = new Random(seed);
        var vectors = new float[n * d];
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] = random.Next(-max, max + 1);

        return vectors;
    }

    /// <summary>Each row divided by its length.</summary>
    public static float[] Normalized(ReadOnlySpan<float> vectors, int d)
    {
        var result = vectors.ToArray();
        for (var i = 0; i < result.Length; i += d)
        {
            var row = result.AsSpan(i, d);
            var length = Math.Sqrt(BruteForce.Distance(MetricType.InnerProduct, row, row));
            foreach (ref var component in row)
                component = (float)(component / length);
        }

        return result;
    }
}
