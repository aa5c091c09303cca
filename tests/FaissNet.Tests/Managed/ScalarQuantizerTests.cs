using FaissNet.Managed;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Managed;

/// <summary>Scalar quantizers against FAISS's, and their kernels against the decoded vectors.</summary>
public sealed unsafe class ScalarQuantizerTests
{
    // Those of the managed engine; newer FAISS has more.
    private static readonly ScalarQuantizerType[] Known = [.. Enum.GetValues<ScalarQuantizerType>().Where(type => type <= ScalarQuantizerType.QT_6bit)];

    public static TheoryData<ScalarQuantizerType> Types => [.. Known];

    public static TheoryData<ScalarQuantizerType, MetricType, int> Cases => [.. from type in Known
        from metric in new[] { MetricType.L2, MetricType.InnerProduct }
        from d in new[] { 16, 13 }
        select (type, metric, d)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Codes_are_FAISSs_byte_for_byte(ScalarQuantizerType type)
    {
        foreach (var d in new[] { 1, 2, 3, 7, 8, 16, 29, 64 })
        {
            var quantizer = new M.ScalarQuantizer(d, type);
            var training = Vectors(type, 100, d, seed: 1);
            // Beyond the trained ranges as well.
            var vectors = Vectors(type, 150, d, seed: 2);
            quantizer.Train(training);
            using var faiss = ScalarQuantizerFiles.Load(d, type, MetricType.L2, quantizer.Trained.ToArray());
            Assert.Equal(faiss.EncodedSize, quantizer.CodeSize);
            var codes = new byte[150 * quantizer.CodeSize];
            quantizer.Encode(vectors, codes);
            Assert.Equal(faiss.Encode(vectors), codes);

            // FAISS fuses multiplications and additions where the processor can: the last bit may differ.
            var decoded = new float[vectors.Length];
            quantizer.Decode(codes, decoded);
            AssertClose(faiss.Decode(codes), decoded, 1e-6f);
        }
    }

    [Theory]
    [InlineData(ScalarQuantizerRangeStat.RS_minmax, 0f, 0f)]
    [InlineData(ScalarQuantizerRangeStat.RS_minmax, 0.1f, 1e-6f)]
    [InlineData(ScalarQuantizerRangeStat.RS_meanstd, 2f, 1e-5f)]
    [InlineData(ScalarQuantizerRangeStat.RS_quantiles, 0.05f, 0f)]
    [InlineData(ScalarQuantizerRangeStat.RS_optim, 0f, 1e-3f)]
    public void Ranges_are_FAISSs(ScalarQuantizerRangeStat stat, float argument, float tolerance)
    {
        const int d = 5;
        foreach (var type in new[]
                 {
                     ScalarQuantizerType.QT_8bit, ScalarQuantizerType.QT_4bit, ScalarQuantizerType.QT_6bit,
                     ScalarQuantizerType.QT_8bit_uniform, ScalarQuantizerType.QT_4bit_uniform,
                 })
        {
            var vectors = Vectors(type, 200, d, seed: 3);
            var quantizer = new M.ScalarQuantizer(d, type) { RangeStat = stat, RangeStatArg = argument };
            Assert.False(quantizer.IsTrained);
            quantizer.Train(vectors);
            AssertClose(ScalarQuantizerFiles.Train(d, type, vectors, stat, argument), quantizer.Trained.ToArray(), tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_index_finds_what_FAISSs_finds(ScalarQuantizerType type, MetricType metric, int d)
    {
        var vectors = Vectors(type, 500, d, seed: 4);
        var queries = Vectors(type, 20, d, seed: 5);
        using var ours = new M.IndexScalarQuantizer(d, type, metric);
        ours.Train(vectors);
        using var faiss = ScalarQuantizerFiles.Load(d, type, metric, ours.Sq.Trained.ToArray());
        faiss.Add(vectors);
        ours.Add(vectors);

        AssertSame(faiss.Search(queries, 10), ours.Search(queries, 10), queries, d);
        var selected = new SearchParameters { Selector = IdSelector.Range(100, 300) };
        AssertSame(faiss.Search(queries, 10, selected), ours.Search(queries, 10, selected), queries, d);
        Assert.Equal(faiss.Remove(IdSelector.Range(50, 200)), ours.Remove(IdSelector.Range(50, 200)));
        AssertSame(faiss.Search(queries, 10), ours.Search(queries, 10), queries, d);
        AssertClose(faiss.Reconstruct(77), ours.Reconstruct(77), 1e-6f);
    }

    [Theory]
    [NeedsNative]
    [MemberData(nameof(Cases))]
    public void An_inverted_file_finds_what_FAISSs_finds(ScalarQuantizerType type, MetricType metric, int d)
    {
        var word = type switch
        {
            ScalarQuantizerType.QT_8bit => "SQ8",
            ScalarQuantizerType.QT_6bit => "SQ6",
            ScalarQuantizerType.QT_4bit => "SQ4",
            ScalarQuantizerType.QT_fp16 => "SQfp16",
            _ => null,
        };
        // FAISS's factory makes no others.
        if (word is null)
            return;

        var vectors = Vectors(type, 1000, d, seed: 6);
        var queries = Vectors(type, 20, d, seed: 7);
        using var faiss = FaissNet.IndexFactory.Create(d, $"IVF8,{word}", metric);
        faiss.Train(vectors);
        faiss.Add(vectors);
        var (centroids, trained) = ScalarQuantizerFiles.ReadIvf(faiss);
        using var ours = new M.IndexIVFScalarQuantizer(d, 8, type, metric);
        ours.RestoreTraining(centroids, trained);
        ours.Add(vectors);

        foreach (var nprobe in new[] { 1, 3, 8 })
        {
            var parameters = new SearchParameters { NProbe = nprobe };
            AssertSame(faiss.Search(queries, 10, parameters), ours.Search(queries, 10, parameters), queries, d);
        }

        AssertClose(faiss.Reconstruct(77), ours.Reconstruct(77), 1e-6f);
        using var trainedHere = new M.IndexIVFScalarQuantizer(d, 8, type, metric);
        trainedHere.Train(vectors);
        AssertClose(trained, trainedHere.Sq.Trained.ToArray(), 1e-4f);
    }

    [Fact]
    public void Every_form_computes_the_distances_to_what_codes_decode_to() => CheckForms([]);

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public void Without_an_instruction_set(string knob) =>
        ChildProcess.Run(CheckForms, [knob], new Dictionary<string, string?> { [knob] = "0" }).RequireSuccess();

    [Fact]
    public void Half_precision_specials_are_read_in_every_form()
    {
        // All of infinity, the largest, the smallest and subnormal numbers; d is not a multiple of any width.
        const int d = 19;
        var quantizer = new M.ScalarQuantizer(d, ScalarQuantizerType.QT_fp16);
        foreach (var special in new[] { 65504f, -65504f, 6.1035e-5f, 5.9604645e-8f, -3e-7f, 1e10f, -1e10f })
        {
            for (var at = 0; at < d; at++)
            {
                var vector = new float[d];
                vector[at] = special;
                var code = new byte[2 * d];
                quantizer.Encode(vector, code);
                var stored = (float)(Half)special;
                var expected = (stored - 1) * (stored - 1) + (d - 1);
                foreach (var width in Widths())
                {
                    // Infinity has no distance that a search would keep: infinite, or not a number.
                    var distance = Compare(quantizer, MetricType.L2, Ones(d), code, width)[0];
                    Assert.True(float.IsInfinity(stored) ? !float.IsFinite(distance) : Math.Abs(distance - expected) <= 1e-6f * expected, $"{special}, width {width}: {distance}");
                }
            }
        }
    }

    [Fact]
    public void Arguments_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new M.ScalarQuantizer(0, ScalarQuantizerType.QT_8bit));
        Assert.Throws<ArgumentOutOfRangeException>(() => new M.ScalarQuantizer(4, (ScalarQuantizerType)9));
        Assert.Throws<NotSupportedException>(() => new M.ScalarQuantizer(4, ScalarQuantizerType.QT_bf16));
        var quantizer = new M.ScalarQuantizer(4, ScalarQuantizerType.QT_8bit);
        Assert.Throws<InvalidOperationException>(() => quantizer.Encode(new float[4], new byte[4]));
        Assert.Throws<ArgumentException>(() => quantizer.Train([]));
        Assert.Throws<ArgumentException>(() => quantizer.Train(new float[5]));
        quantizer.Train(new float[8]);
        Assert.Throws<ArgumentException>(() => quantizer.Encode(new float[4], new byte[3]));
        Assert.Throws<ArgumentException>(() => quantizer.Decode(new byte[5], new float[4]));
        Assert.Throws<ArgumentException>(() => quantizer.Decode(new byte[4], new float[3]));
    }

    private static void CheckForms(string[] knobs)
    {
        // The knob must have taken effect, or this would test the same form again.
        foreach (var knob in knobs)
            Assert.Equal(knob switch { "DOTNET_EnableAVX512" => 8, "DOTNET_EnableAVX2" => 4, _ => 1 }, ScalarDistances.Width);

        foreach (var type in Known)
        {
            for (var d = 1; d <= 70; d++)
            {
                var quantizer = new M.ScalarQuantizer(d, type);
                var vectors = Vectors(type, 11, d, seed: d);
                quantizer.Train(vectors);
                var codes = new byte[11 * quantizer.CodeSize];
                quantizer.Encode(vectors, codes);
                var decoded = new float[vectors.Length];
                quantizer.Decode(codes, decoded);
                // Whole numbers, so that FAISS's rounding of queries to bytes changes nothing.
                var query = type == ScalarQuantizerType.QT_8bit_direct ? Vectors(type, 1, d, seed: 99) : TestVectors.Uniform(1, d, 20, seed: 99);
                foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
                {
                    foreach (var width in Widths())
                    {
                        var compared = Compare(quantizer, metric, query, codes, width);
                        for (var i = 0; i < 11; i++)
                        {
                            var vector = decoded.AsSpan(i * d, d);
                            var distance = BruteForce.Distance(metric, query, vector);
                            var scale = BruteForce.Distance(MetricType.InnerProduct, query, query) + BruteForce.Distance(MetricType.InnerProduct, vector, vector);
                            var expected = metric == MetricType.L2 ? distance : -distance;
                            Assert.True(Math.Abs(expected - compared[i]) <= 2e-6 * scale, $"{type}, d = {d}, {metric}, width {width}, code {i}: {compared[i]}, expected {expected}");
                        }
                    }
                }
            }
        }
    }

    private static int[] Widths() => [.. new[] { 1, 4, 8, 16 }.Where(width => width <= ScalarDistances.Width)];

    private static float[] Compare(M.ScalarQuantizer quantizer, MetricType metric, float[] query, byte[] codes, int width)
    {
        var n = codes.Length / quantizer.CodeSize;
        var tables = new float[quantizer.TableFloats];
        var compared = new float[n];
        fixed (float* x = query, table = tables, distances = compared)
        {
            fixed (byte* code = codes)
            {
                quantizer.Prepare(metric, x, table, width);
                quantizer.Compare(metric, table, width, 0, code, n, distances);
            }
        }

        return compared;
    }

    private static float[] Ones(int d) => [.. Enumerable.Repeat(1f, d)];

    // Each component over a range of its own; bytes where only those can be stored.
    private static float[] Vectors(ScalarQuantizerType type, int n, int d, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, n * d).Select(i => type == ScalarQuantizerType.QT_8bit_direct
            ? random.Next(256)
            : WithoutTie((random.NextSingle() - 0.4f) * (1 + i % d) + (random.Next(20) == 0 ? 1 : 0)))];
    }

    // Midway between two halves FAISS takes the even one where the processor rounds for it, and otherwise the longer one, as do builds that
    // choose their instructions at run time.
    private static float WithoutTie(float value) =>
        (BitConverter.SingleToInt32Bits(value) & 0x1fff) == 0x1000 ? MathF.BitIncrement(value) : value;

    internal static void AssertSame(SearchResult expected, SearchResult actual, float[] queries, int d)
    {
        Assert.Equal(expected.Labels.Length, actual.Labels.Length);
        for (var i = 0; i < expected.Labels.Length; i++)
        {
            var query = queries.AsSpan(i / expected.K * d, d);
            var tolerance = 1e-5f * Math.Max(Math.Abs(expected.Distances[i]), (float)BruteForce.Distance(MetricType.InnerProduct, query, query));
            Assert.True(
                Math.Abs(expected.Distances[i] - actual.Distances[i]) <= tolerance || expected.Labels[i] == -1,
                $"rank {i}: {actual.Labels[i]} at {actual.Distances[i]}, FAISS has {expected.Labels[i]} at {expected.Distances[i]}");
            // Of those equally far either may come first.
            if (expected.Labels[i] == actual.Labels[i])
                continue;

            var row = i / expected.K * expected.K;
            var other = Array.IndexOf(actual.Labels, expected.Labels[i], row, expected.K);
            var distance = other < 0 ? actual.Distances[row + expected.K - 1] : actual.Distances[other];
            Assert.True(Math.Abs(expected.Distances[i] - distance) <= tolerance, $"rank {i}: FAISS has {expected.Labels[i]} at {expected.Distances[i]}");
        }
    }

    private static void AssertClose(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Length == 0 ? 0 : expected.Max(MathF.Abs);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * scale, $"value {i}: {actual[i]}, FAISS has {expected[i]}");
    }
}
