namespace FaissNet.Tests.FaissCases;

/// <summary>Indexes as codecs: FAISS's sa_encode and sa_decode.</summary>
public sealed class CodecCases
{
    [Theory]
    [Engines("SQ8", "SQ6", "SQ4", "SQfp16", "PQ4np", "PQ8x6np", "PQ8x4np", "IVF8,SQ8", "IVF8,PQ8x4np", "PCA16,IVF8,SQ8")]
    [Restates("test_scalar_quantizer_correctness.py",
        "TestScalarQuantizerEncodeDecode.test_4bit", "TestScalarQuantizerEncodeDecode.test_fp16", "TestScalarQuantizerSearch.test_SQ4")]
    public void Codes_are_Pythons_and_decode_to_what_Pythons_do(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} L2"));
        var (expected, codes) = (PythonFaiss.File($"{key} codes"), index.Encode(Given.Base));

        // One vector in a hundred may lie so near a boundary that sums in another order put it across.
        Assert.Equal(expected.Length, codes.Length);
        var size = index.EncodedSize;
        var different = Enumerable.Range(0, Given.Count).Count(i => !codes.AsSpan(i * size, size).SequenceEqual(expected.AsSpan(i * size, size)));
        Assert.True(different <= Given.Count / 100, $"{different} codes differ");
        Assert.All(PythonFaiss.Floats($"{key} decoded").Zip(index.Decode(expected)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Theory]
    [Engines("LSHr", "LSHt", Only = Given.Native)]
    [Restates("test_standalone_codec.py", "TestEncodeDecode.test_LSH")]
    public void Hashes_are_Pythons(string engine, string key)
    {
        using var index = Given.Load(engine, PythonFaiss.File($"{key} L2"));

        Assert.Equal(PythonFaiss.File($"{key} codes"), index.Encode(Given.Base));
        Assert.Equal(PythonFaiss.Floats($"{key} decoded"), index.Decode(PythonFaiss.File($"{key} codes")));
    }

    [Theory]
    [Engines("SQ8", "PQ4np", "PQ8x6np", "IVF8,SQ8", "IVF8,PQ4np", "PCAR16,IVF8,SQ8")]
    [Restates("test_standalone_codec.py",
        "TestEncodeDecode.test_SQ8", "TestEncodeDecode.test_PQ6x8", "TestEncodeDecode.test_PQ6x6", "TestEncodeDecode.test_IVFSQ8",
        "TestEncodeDecode.test_IVFPQ6x8np", "TestEncodeDecode.test_PCAIVFSQ8")]
    public void Encoding_what_was_decoded_changes_nothing(string engine, string key)
    {
        using var index = Given.Trained(engine, key);
        var (codes, size) = (index.Encode(Given.Base), index.EncodedSize);

        var again = index.Encode(index.Decode(codes));

        // A decoded vector can be nearer to another list's centroid, and its residual then is another one.
        var moved = 0;
        for (var i = 0; i < Given.Count; i++)
        {
            if (key.Contains("IVF", StringComparison.Ordinal) && codes[i * size] != again[i * size])
                moved++;
            else
                Assert.Equal(codes.AsSpan(i * size, size).ToArray(), again.AsSpan(i * size, size).ToArray());
        }

        Assert.True(moved < Given.Count / 5, $"{moved} moved to another list");
    }

    [Theory]
    [Engines("SQ4>SQ8", "SQ6>SQ8", "SQ8>SQfp16", "PQ4x6np>PQ8x6np", "PQ8x4np>PQ8x6np", "PQ8x4np>IVF32,PQ8x4np")]
    [Restates("test_standalone_codec.py",
        "TestAccuracy.test_SQ", "TestAccuracy.test_SQ2", "TestAccuracy.test_SQ3", "TestAccuracy.test_PQ", "TestAccuracy.test_PQ2", "TestAccuracy.test_IVFvsPQ")]
    public void The_larger_code_is_the_nearer_one(string engine, string keys)
    {
        var errors = keys.Split('>').Select(key =>
        {
            using var index = Given.Trained(engine, key);
            return Given.SquaredError(Given.Train, index.Decode(index.Encode(Given.Train)));
        }).ToArray();

        Assert.True(errors[0] > errors[1], $"{errors[0]} and {errors[1]}");
    }

    [Theory]
    [Engines(Only = Given.Managed)]
    [Restates("test_build_blocks.py", "TestScalarQuantizer.test_8bit_equiv")]
    public void Bytes_are_stored_as_they_are(string engine)
    {
        foreach (var d in new[] { 13, 16, 24 })
        {
            var random = new Random(d);
            var vectors = Enumerable.Range(0, 4 * d).Select(_ => (float)random.Next(256)).ToArray();
            (vectors[0], vectors[1], vectors[d], vectors[d + 1]) = (0, 255, 255, 0);
            using var index = Given.Create(engine, d, "SQ8_direct");

            Assert.True(index.IsTrained);
            Assert.Equal([.. vectors.Select(value => (byte)value)], index.Encode(vectors));
            index.Add(vectors.AsSpan(0, d));
            Assert.Equal(
                (float)Given.SquaredError(vectors.AsSpan(0, d), vectors.AsSpan(d, d)), index.Search(vectors.AsSpan(d, d), 1).Distances[0]);
        }
    }

    [Theory]
    [Engines]
    [Restates("test_build_blocks.py", "TestScalarQuantizer.test_6bit_equiv")]
    public void Six_bits_hold_the_numbers_to_63(string engine)
    {
        foreach (var d in new[] { 3, 6, 8, 16, 36 })
        {
            var random = new Random(d);
            var vectors = Enumerable.Range(0, 100 * d).Select(_ => (float)random.Next(64)).ToArray();
            using var index = Given.Create(engine, d, "SQ6");
            index.Train([.. Enumerable.Repeat(0f, d), .. Enumerable.Repeat(63f, d)]);
            index.Add(vectors);

            // A step is 63/63 wide, and a code decodes to its middle.
            var stored = Given.Stored(index);
            Assert.All(vectors.Zip(stored), pair => Assert.Equal(pair.First, pair.Second - 0.5f, 1e-4));
            var queries = Given.Uniform(20, d, seed: d).Select(value => 63 * value).ToArray();
            Given.AssertNearest(MetricType.L2, stored, queries, index.Search(queries, 10));
        }
    }

    [Theory]
    [Engines("SQ8", "SQ6", "SQ4", "SQfp16")]
    [Restates("test_scalar_quantizer_correctness.py",
        "TestScalarQuantizerEdgeCases.test_zero_vectors", "TestScalarQuantizerEdgeCases.test_constant_vectors",
        "TestScalarQuantizerEdgeCases.test_extreme_dims", "TestScalarQuantizerEdgeCases.test_non_simd_dims")]
    public void Scalars_of_any_dimension_and_of_no_range_come_back_near(string engine, string key)
    {
        foreach (var d in new[] { 1, 3, 7, 17, 31, 33, 100, 257 })
        {
            // Some components are the same in all vectors: their range is a point.
            var vectors = Given.Uniform(50, d, seed: d).Select((value, i) => (i % d % 3) switch { 0 => value, 1 => 0f, _ => 2.5f }).ToArray();
            using var index = Given.Create(engine, d, key);
            index.Train(vectors);

            var decoded = index.Decode(index.Encode(vectors));

            var step = key switch { "SQ8" => 1f / 255, "SQ6" => 1f / 63, "SQ4" => 1f / 15, _ => 1f / 1024 };
            Assert.All(vectors.Zip(decoded), pair => Assert.Equal(pair.First, pair.Second, 0.51 * step + 1e-6));
        }
    }
}
