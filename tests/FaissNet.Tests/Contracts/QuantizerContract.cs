using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Contracts;

/// <summary>What every quantizer of every engine keeps: see <see cref="Quantizer"/>.</summary>
public sealed class QuantizerContract
{
    private const int D = 8, Count = 300;

    private static readonly float[] Vectors = TestVectors.Clustered(Count, D, seed: 5);

    private static readonly Dictionary<string, Func<Quantizer>> Managed = new()
    {
        ["managed PQ4x4"] = () => new M.ProductQuantizer(D, 4, 4),
        ["managed PQ2x8"] = () => new M.ProductQuantizer(D, 2),
        ["managed PQ4x6"] = () => new M.ProductQuantizer(D, 4, 6),
        ["managed SQ8"] = () => new M.ScalarQuantizer(D, ScalarQuantizerType.QT_8bit),
        ["managed SQ4 uniform"] = () => new M.ScalarQuantizer(D, ScalarQuantizerType.QT_4bit_uniform),
    };

    private static readonly Dictionary<string, Func<Quantizer>> Native = new()
    {
        ["native PQ4x4"] = () => new ProductQuantizer(D, 4, 4),
        ["native PQ2x8"] = () => new ProductQuantizer(D, 2),
        ["native PQ4x6"] = () => new ProductQuantizer(D, 4, 6),
        ["native SQ8"] = () => new ScalarQuantizer(D, ScalarQuantizerType.QT_8bit),
        ["native SQ4 uniform"] = () => new ScalarQuantizer(D, ScalarQuantizerType.QT_4bit_uniform),
    };

    public static TheoryData<string> Names => [.. Managed.Keys, .. Native.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_a_code_stands_for_has_that_code(string name)
    {
        using var lease = new Lease(name);
        var quantizer = lease.Quantizer;
        quantizer.Train(Vectors);
        var (codes, again, decoded) = (new byte[Count * quantizer.CodeSize], new byte[Count * quantizer.CodeSize], new float[Vectors.Length]);

        quantizer.Encode(Vectors, codes);
        quantizer.Decode(codes, decoded);
        quantizer.Encode(decoded, again);

        Assert.True(quantizer.IsTrained);
        Assert.Equal(codes, again);
        var (error, spread) = (Error(decoded, Vectors), Error(new float[Vectors.Length], Vectors));
        Assert.True(error < spread / 4, $"the error is {error}, that of zeros {spread}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Room_behind_codes_and_vectors_is_left_alone(string name)
    {
        using var lease = new Lease(name);
        var quantizer = lease.Quantizer;
        quantizer.Train(Vectors);
        var codes = Enumerable.Repeat((byte)0xaa, 2 * quantizer.CodeSize + 3).ToArray();
        var decoded = Enumerable.Repeat(-77f, 2 * D + 3).ToArray();

        quantizer.Encode(Vectors.AsSpan(0, 2 * D), codes);
        quantizer.Decode(codes.AsSpan(0, 2 * quantizer.CodeSize), decoded);

        Assert.Equal([0xaa, 0xaa, 0xaa], codes[^3..]);
        Assert.Equal([-77, -77, -77], decoded[^3..]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Wrong_use_is_named(string name)
    {
        using var lease = new Lease(name);
        var quantizer = lease.Quantizer;
        var size = quantizer.CodeSize;
        Assert.False(quantizer.IsTrained);
        Assert.Contains("Train", Refused<InvalidOperationException>(() => quantizer.Encode(Vectors, new byte[Count * size])), StringComparison.Ordinal);
        Assert.Contains("Train", Refused<InvalidOperationException>(() => quantizer.Decode(new byte[size], new float[D])), StringComparison.Ordinal);
        Refused<ArgumentException>(() => quantizer.Train([]));
        Refused<ArgumentException>(() => quantizer.Train(new float[Count * D - 1]));
        float[] endless = [.. Vectors];
        endless[D + 1] = float.NaN;
        Refused<ArgumentException>(() => quantizer.Train(endless));
        Assert.False(quantizer.IsTrained);

        quantizer.Train(Vectors);

        Assert.Contains("9", Refused<ArgumentException>(() => quantizer.Encode(new float[D + 1], new byte[2 * size])), StringComparison.Ordinal);
        Assert.Contains($"{2 * size}", Refused<ArgumentException>(() => quantizer.Encode(new float[2 * D], new byte[2 * size - 1])), StringComparison.Ordinal);
        Refused<ArgumentException>(() => quantizer.Encode(endless, new byte[Count * size]));
        Assert.Contains($"{size}", Refused<ArgumentException>(() => quantizer.Decode(new byte[size + 1], new float[2 * D])), StringComparison.Ordinal);
        Assert.Contains($"{2 * D}", Refused<ArgumentException>(() => quantizer.Decode(new byte[2 * size], new float[2 * D - 1])), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_training_that_is_cancelled_before_it_begins_changes_nothing(string name)
    {
        using var lease = new Lease(name);
        Assert.Throws<OperationCanceledException>(() => lease.Quantizer.Train(Vectors, cancellationToken: new CancellationToken(canceled: true)));
        Assert.False(lease.Quantizer.IsTrained);
        lease.Quantizer.Train(Vectors);

        Assert.Throws<OperationCanceledException>(() => lease.Quantizer.Train(Vectors, cancellationToken: new CancellationToken(canceled: true)));
        Assert.True(lease.Quantizer.IsTrained);
    }

    [Theory]
    [InlineData("managed PQ4x6")]
    [InlineData("native PQ4x6")]
    public void A_product_quantizer_says_what_it_needs_and_how_far_it_is(string name)
    {
        using var lease = new Lease(name);
        var message = Refused<ArgumentException>(() => lease.Quantizer.Train(Vectors.AsSpan(0, 63 * D)));
        Assert.Contains("63 vectors", message, StringComparison.Ordinal);
        Assert.Contains("ksub = 2^nbits = 64", message, StringComparison.Ordinal);
        var recorder = new Recorder();

        lease.Quantizer.Train(Vectors, recorder);

        // Four parts of 25 iterations.
        Assert.Equal(new IndexProgress(IndexStage.TrainingCodes, 100, 100), recorder.Reports[^1]);
        Assert.Equal(recorder.Reports.Select(report => report.Completed).Order(), recorder.Reports.Select(report => report.Completed));
    }

    [Fact]
    public void A_table_for_each_of_several_vectors()
    {
        var quantizer = new M.ProductQuantizer(4, 2, 1);
        Assert.Throws<InvalidOperationException>(() => quantizer.ComputeDistanceTable(new float[4], new float[4]));
        Assert.Throws<InvalidOperationException>(() => quantizer.SymmetricDistance([0], [1]));
        // Two parts of two components, with two centroids each.
        quantizer.SetCentroids([0, 0, 1, 1, 0, 2, 3, 0]);
        var tables = new float[8];

        quantizer.ComputeDistanceTable([0, 0, 0, 0, 1, 2, 3, 4], tables);
        Assert.Equal([0, 2, 4, 9, 5, 1, 9 + 4, 16], tables);
        quantizer.ComputeInnerProductTable([0, 0, 0, 0, 1, 2, 3, 4], tables);
        Assert.Equal([0, 0, 0, 0, 0, 3, 8, 9], tables);
        Assert.Throws<ArgumentException>(() => quantizer.ComputeDistanceTable(new float[8], new float[7]));
        Assert.Throws<ArgumentException>(() => quantizer.ComputeDistanceTable([0, 0, 0, float.NaN], tables));
    }

    [Theory]
    [InlineData(ScalarQuantizerType.QT_8bit)]
    [InlineData(ScalarQuantizerType.QT_6bit)]
    [InlineData(ScalarQuantizerType.QT_4bit_uniform)]
    public void Ranges_go_from_one_scalar_quantizer_to_another(ScalarQuantizerType type)
    {
        M.ScalarQuantizer trained = new(D, type), copy = new(D, type);
        trained.Train(Vectors);
        Assert.Contains($"{trained.Trained.Length}", Refused<ArgumentException>(() => copy.SetTrained(new float[3])), StringComparison.Ordinal);
        var endless = new float[trained.Trained.Length];
        endless[1] = float.PositiveInfinity;
        Refused<ArgumentException>(() => copy.SetTrained(endless));

        copy.SetTrained(trained.Trained);

        byte[] expected = new byte[Count * trained.CodeSize], actual = new byte[Count * copy.CodeSize];
        trained.Encode(Vectors, expected);
        copy.Encode(Vectors, actual);
        Assert.Equal(expected, actual);
    }

    private static string Refused<T>(Action action)
        where T : Exception => Assert.Throws<T>(action).Message;

    private static double Error(float[] x, float[] y) => x.Zip(y, (a, b) => (double)(a - b) * (a - b)).Sum();

    // Those of the native engine are disposed of.
    private sealed class Lease : IDisposable
    {
        public Lease(string name)
        {
            if (!Managed.TryGetValue(name, out var create))
            {
                TestEngine.RequireNative();
                create = Native[name];
            }

            Quantizer = create();
        }

        public Quantizer Quantizer { get; }

        public void Dispose() => (Quantizer as IDisposable)?.Dispose();
    }
}
