using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

#pragma warning disable IDE0065 // In here these names come before the native engine's.
using FaissNet.Managed;
#pragma warning restore IDE0065

/// <summary>Product quantizers.</summary>
public sealed class PqCases
{
    public static TheoryData<int> Bits => [.. Enumerable.Range(1, 12)];

    [Theory]
    [MemberData(nameof(Bits))]
    [Restates("test_product_quantizer.py", "TestProductQuantizer.test_codec")]
    [Restates("test_pq_encoding.cpp", "PQEncoderGeneric.encode", "PQEncoder8.encode", "PQEncoder16.encode")]
    public void Centroids_are_encoded_as_their_numbers_from_the_lowest_bit_on(int nbits)
    {
        const int d = 24, m = 3, n = 60;
        var pq = new ProductQuantizer(d, m, nbits);
        var centroids = Given.Uniform(m << nbits, 8, seed: nbits);
        pq.SetCentroids(centroids);
        var random = new Random(nbits);
        var numbers = Enumerable.Range(0, n * m).Select(_ => random.Next(1 << nbits)).ToArray();
        var vectors = numbers.SelectMany((number, i) => Given.Rows(centroids, (i % m << nbits) + number, 1, 8)).ToArray();
        var (codes, decoded) = (new byte[n * pq.CodeSize], new float[n * d]);

        pq.Encode(vectors, codes);
        pq.Decode(codes, decoded);

        Assert.Equal((m * nbits + 7) / 8, pq.CodeSize);
        Assert.Equal(vectors, decoded);
        for (var i = 0; i < n; i++)
        {
            var bits = new System.Numerics.BigInteger(codes.AsSpan(i * pq.CodeSize, pq.CodeSize), isUnsigned: true);
            for (var j = 0; j < m; j++)
                Assert.Equal(numbers[i * m + j], (int)(bits >> (j * nbits) & ((1 << nbits) - 1)));
        }
    }

    [Fact]
    [Restates("test_product_quantizer.py", "TestProductQuantizer.test_pq")]
    public void More_bits_are_nearer()
    {
        var vectors = Given.Uniform(1200, 32, seed: 41);
        var errors = new[] { 4, 6, 8 }.Select(nbits =>
        {
            var pq = new ProductQuantizer(32, 4, nbits) { ClusteringParameters = new ClusteringParameters { NIter = 6 } };
            pq.Train(vectors);
            var (codes, decoded) = (new byte[1200 * pq.CodeSize], new float[vectors.Length]);
            pq.Encode(vectors, codes);
            pq.Decode(codes, decoded);
            return Given.SquaredError(vectors, decoded);
        }).ToArray();

        // Without any code, at the mean, it would be 1/12 per component.
        Assert.True(errors[0] < 0.8 * vectors.Length / 12);
        Assert.True(errors[1] < errors[0] && errors[2] < errors[1], string.Join(", ", errors));
    }

    [Theory]
    [InlineData(16, 2, 6)]
    [InlineData(20, 5, 6)]
    [InlineData(18, 2, 6)]
    [InlineData(32, 4, 6)]
    [InlineData(36, 4, 6)]
    [InlineData(32, 4, 4)]
    [Restates("test_product_quantizer.py",
        "TestPQTables.test_dsub2", "TestPQTables.test_dsub5", "TestPQTables.test_dsub2_odd", "TestPQTables.test_dsub4", "TestPQTables.test_dsub4_odd",
        "TestPQTables.test_4bit")]
    public void Tables_hold_the_distances_to_all_centroids(int d, int dsub, int nbits)
    {
        var (m, ksub) = (d / dsub, 1 << nbits);
        var pq = new ProductQuantizer(d, m, nbits);
        var centroids = Given.Uniform(m * ksub, dsub, seed: d);
        pq.SetCentroids(centroids);
        var (vector, other) = (Given.Uniform(1, d, seed: 42), Given.Uniform(1, d, seed: 43));
        var (distances, products) = (new float[pq.TableSize], new float[pq.TableSize]);

        pq.ComputeDistanceTable(vector, distances);
        pq.ComputeInnerProductTable(vector, products);

        for (var j = 0; j < m; j++)
        {
            var part = vector.AsSpan(j * dsub, dsub);
            for (var c = 0; c < ksub; c++)
            {
                var centroid = centroids.AsSpan((j * ksub + c) * dsub, dsub);
                Assert.Equal(BruteForce.Distance(MetricType.L2, part, centroid), distances[j * ksub + c], 1e-5);
                Assert.Equal(BruteForce.Distance(MetricType.InnerProduct, part, centroid), products[j * ksub + c], 1e-5);
            }
        }

        // Between two codes, and from a vector to a code.
        var (a, b, decoded) = (new byte[pq.CodeSize], new byte[pq.CodeSize], new float[2 * d]);
        pq.Encode(vector, a);
        pq.Encode(other, b);
        pq.Decode([.. a, .. b], decoded);
        Assert.Equal(BruteForce.Distance(MetricType.L2, decoded.AsSpan(0, d), decoded.AsSpan(d)), pq.SymmetricDistance(a, b), 1e-4);
        Assert.Equal(BruteForce.Distance(MetricType.L2, vector, decoded.AsSpan(d)), pq.AsymmetricDistance(distances, b), 1e-4);
    }

    [Theory]
    [Engines]
    [Restates("test_ivfpq_codec.cpp", "IVFPQ.codec")]
    public void More_lists_and_more_parts_are_nearer(string engine)
    {
        var (coarse, lists, parts) = (Error("IVF4,PQ4x6np"), Error("IVF32,PQ4x6np"), Error("IVF4,PQ8x6np"));

        Assert.True(lists < coarse && parts < coarse, $"{coarse}, {lists}, {parts}");

        double Error(string key)
        {
            using var index = Given.Create(engine, Given.D, key);
            index.Train(Given.Train);
            return Given.SquaredError(Given.Train, index.Decode(index.Encode(Given.Train)));
        }
    }

    [Theory]
    [Engines]
    [Restates("test_ivfpq_indexing.cpp", "IVFPQ.accuracy")]
    public void The_nearest_is_among_the_first_for_most_queries(string engine)
    {
        var queries = Given.Uniform(100, Given.D, seed: 44);
        using var index = Given.Create(engine, Given.D, "IVF16,PQ16x6np");
        index.Train(Given.Train);
        index.Add(Given.Base);
        index.SetParameter("nprobe", 5);

        var found = index.Search(queries, 5);

        var hits = Enumerable.Range(0, 100).Count(q =>
        {
            var distances = BruteForce.Distances(MetricType.L2, queries.AsSpan(q * Given.D, Given.D), Given.Base);
            return found[q].Any(hit => hit.Id == BruteForce.Nearest(MetricType.L2, distances, 1)[0]);
        });
        Assert.True(hits > 40, $"{hits} of 100");
    }

    [Theory]
    [InlineData(MetricType.L2)]
    [InlineData(MetricType.InnerProduct)]
    [Restates("test_index_accuracy.py", "TestPQFlavors.test_IVFPQ_L2", "TestPQFlavors.test_IVFPQ_IP", "TestPQFlavors.test_IVFPQ_non8bit")]
    [Restates("test_io.py", "TestIVFPQRead.test_reader")]
    public void Residuals_tables_and_bits_change_the_way_and_not_the_distances(MetricType metric)
    {
        foreach (var (nbits, residual, table) in new[] { (8, true, true), (8, true, false), (8, false, false), (4, true, true), (4, false, false), (6, true, false), (10, false, false) })
        {
            if (nbits > 8 && metric == MetricType.InnerProduct)
                continue;

            using var index = new FaissNet.Managed.IndexIVFPQ(Given.D, 4, 4, nbits, metric) { ByResidual = residual, UsePrecomputedTable = table };
            index.Train(nbits > 8 ? [.. Given.Train, .. Given.Uniform(400, Given.D, seed: 45)] : Given.Train);
            index.Add(Given.Base);
            index.NProbe = 4;

            var found = index.Search(Given.Asked, Given.K);

            Given.AssertNearest(metric, Given.Stored(index), Given.Asked, found, tolerance: 1e-4);
        }
    }
}
