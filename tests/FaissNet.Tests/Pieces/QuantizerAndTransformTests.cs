using System.Runtime.InteropServices;
using FaissNet.Tests.Parity;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Pieces;

/// <summary>Product quantizer and vector transforms of the native engine.</summary>
[NeedsNative]
public sealed class QuantizerAndTransformTests : IDisposable
{
    private const int D = 8, Count = 700;

    private static readonly float[] Vectors = TestVectors.Clustered(Count, D, seed: 1);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Transforms => ["rotation", "pca", "pca whitened", "itq matrix", "itq", "opq", "opq smaller", "linear", "normalization", "centering", "remap", "remap map"];

    private static VectorTransform Create(string name) => name switch
    {
        "rotation" => new RandomRotationMatrix(D, D),
        "pca" => new PCAMatrix(D, D),
        "pca whitened" => new PCAMatrix(D, 4, -0.5f, randomRotation: true) { Epsilon = 1e-3f },
        "itq matrix" => new ITQMatrix(D) { MaxIter = 10 },
        "itq" => new ITQTransform(D, 4, doPca: true),
        "opq" => new OPQMatrix(D, 4) { NIter = 3, NIterPQ0 = 5 },
        "opq smaller" => new OPQMatrix(D, 2, 4) { NIter = 2, NIterPQ0 = 5 },
        "linear" => new LinearTransform(D, 2, Vectors.AsSpan(0, 2 * D), [1, 2]),
        "normalization" => new NormalizationTransform(D),
        "centering" => new CenteringTransform(D),
        "remap" => new RemapDimensionsTransform(D, 12),
        _ => new RemapDimensionsTransform(D, 3, [7, -1, 0]),
    };

    [Theory]
    [MemberData(nameof(Transforms))]
    public void A_transforms_file_is_read_by_both_FaissNet_and_Python(string name)
    {
        using var transform = Create(name);
        if (transform is not LinearTransform { IsTrained: true })
            transform.Train(Vectors);

        var path = _folder.File("transform");
        transform.Save(path);
        using var loaded = VectorTransform.Load(path);
        using var forward = VectorTransform.Load(new Serialization.ForwardStream(File.ReadAllBytes(path)));
        var (expected, actual) = (new float[10 * transform.DOut], new float[10 * transform.DOut]);
        transform.Apply(Vectors.AsSpan(0, 10 * D), expected);
        loaded.Apply(Vectors.AsSpan(0, 10 * D), actual);
        Assert.Equal(expected, actual);
        // FAISS writes an OPQ as the matrix that it is.
        var type = transform is OPQMatrix ? typeof(LinearTransform) : transform.GetType();
        Assert.Equal((type, type), (loaded.GetType(), forward.GetType()));
        File.WriteAllBytes(_folder.File("x"), MemoryMarshal.AsBytes(Vectors.AsSpan(0, 10 * D)).ToArray());

        Witness.RunScript(_folder, $$"""
            t = faiss.read_VectorTransform(folder + "/transform")
            x = np.fromfile(folder + "/x", dtype="<f4").reshape(-1, {{D}})
            t.apply_py(x).tofile(folder + "/y")
            """);

        Assert.Equal(MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_folder.File("y"))).ToArray(), actual, (a, b) => Math.Abs(a - b) < 1e-3f);
    }

    [Theory]
    [MemberData(nameof(Transforms))]
    public void A_damaged_file_is_refused_or_harmless(string name)
    {
        using var transform = Create(name);
        if (transform is not LinearTransform { IsTrained: true })
            transform.Train(Vectors);

        using var stream = new MemoryStream();
        transform.Save(stream);
        var bytes = stream.ToArray();
        for (var length = 0; length < bytes.Length; length += 1 + bytes.Length / 30)
            Assert.Throws<InvalidDataException>(() => VectorTransform.Load(new MemoryStream(bytes, 0, length)));

        var random = new Random(3);
        for (var i = 0; i < 100; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[random.Next(random.Next(2) == 0 ? Math.Min(40, bytes.Length) : bytes.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                using var loaded = VectorTransform.Load(new MemoryStream(damaged));
                if (loaded.DIn <= 64 && loaded.DOut <= 64 && loaded.IsTrained)
                    loaded.Apply(new float[loaded.DIn], new float[loaded.DOut]);
            }
            catch (Exception e) when (e is InvalidDataException or NotSupportedException)
            {
                Assert.NotEqual("", e.Message);
            }
        }
    }

    [Theory]
    [InlineData("rotation")]
    [InlineData("pca")]
    [InlineData("itq matrix")]
    [InlineData("opq")]
    [InlineData("centering")]
    [InlineData("remap")]
    public void Undoing_gives_the_vectors_back(string name)
    {
        using var transform = Create(name);
        transform.Train(Vectors);
        var (there, back) = (new float[Count * transform.DOut], new float[Vectors.Length]);

        transform.Apply(Vectors, there);
        transform.ReverseTransform(there, back);

        Assert.Equal(Vectors, back, (a, b) => Math.Abs(a - b) < 1e-3f);
    }

    [Fact]
    public void The_managed_engine_learns_the_same_principal_components()
    {
        using var native = new PCAMatrix(D, 3);
        var managed = new M.PCAMatrix(D, 3);
        native.Train(Vectors);
        managed.Train(Vectors);

        Assert.Equal(managed.Mean.ToArray(), native.Mean.ToArray(), (a, b) => Math.Abs(a - b) < 1e-3f);
        Assert.Equal(managed.Eigenvalues.ToArray(), native.Eigenvalues.ToArray(), (a, b) => Math.Abs(a - b) < 1e-3f * Math.Max(1, Math.Abs(a)));
        for (var row = 0; row < 3; row++)
        {
            // A component may point either way.
            var (a, b) = (managed.A.Slice(row * D, D).ToArray(), native.A.Slice(row * D, D).ToArray());
            Assert.Equal(1, Math.Abs(a.Zip(b, (x, y) => x * y).Sum()), 1e-3);
        }
    }

    [Fact]
    public void Values_and_settings()
    {
        using var linear = new LinearTransform(2, 2, [0, 1, -1, 0], [10, 20]);
        var y = new float[2];
        linear.Apply([3, 4], y);
        Assert.Equal([14, 17], y);
        Assert.True(linear is { IsOrthonormal: true, HaveBias: true });
        Assert.Equal([0, 1, -1, 0], linear.A.ToArray());
        Assert.Equal([10, 20], linear.B.ToArray());
        using var pca = (PCAMatrix)Create("pca whitened");
        Assert.True(pca is { EigenPower: -0.5f, RandomRotation: true, Epsilon: 1e-3f, BalancedBins: 0 });
        using var map = (RemapDimensionsTransform)Create("remap map");
        Assert.Equal([7, -1, 0], map.Map.ToArray());
        using RandomRotationMatrix one = new(D, D), other = new(D, D), third = new(D, D);
        one.Initialize(7);
        other.Initialize(7);
        third.Initialize(8);
        Assert.Equal(one.A.ToArray(), other.A.ToArray());
        Assert.NotEqual(one.A.ToArray(), third.A.ToArray());
        using var itq = new ITQTransform(D, 4, doPca: true);
        itq.Train(Vectors);
        Assert.Equal((D, 16, 4 * D), (itq.Mean.Length, itq.ItqA.Length, itq.PcaThenItqA.Length));
    }

    [Fact]
    public void OPQ_reports_and_stops()
    {
        using var opq = new OPQMatrix(D, 4) { NIter = 3, NIterPQ = 2, NIterPQ0 = 4 };
        var recorder = new Recorder();
        opq.Train(Vectors, recorder);
        Assert.Equal((IndexStage.TrainingTransform, recorder.Reports[^1].Total), (recorder.Reports[^1].Stage, recorder.Reports[^1].Completed));
        Assert.Equal(recorder.Reports.Select(report => report.Completed).Order(), recorder.Reports.Select(report => report.Completed));
        using var stop = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() => opq.Train(Vectors, new Recorder(_ => stop.Cancel()), stop.Token));

        Assert.False(opq.IsTrained);
        opq.Train(Vectors);
        Assert.True(opq.IsTrained);
    }

    [Fact]
    public void Wrong_use_of_a_transform_is_named()
    {
        using var pca = new PCAMatrix(D, 4);
        var y = new float[4];
        Assert.Throws<InvalidOperationException>(() => pca.Apply(Vectors.AsSpan(0, D), y));
        Assert.Throws<ArgumentException>(() => new PCAMatrix(4, 8));
        Assert.Throws<ArgumentException>(() => new OPQMatrix(8, 3));
        Assert.Throws<ArgumentException>(() => new ITQTransform(8, 4));
        Assert.Throws<ArgumentException>(() => new RemapDimensionsTransform(4, 2, [4, 0]));
        Assert.Throws<ArgumentException>(() => new LinearTransform(2, 2, [1, 2, 3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CenteringTransform(0));
        pca.Train(Vectors);
        Assert.Throws<ArgumentException>(() => pca.Apply(Vectors.AsSpan(0, D), new float[3]));
        Assert.Throws<ArgumentException>(() => pca.Apply(new float[D + 1], y));
        var shared = new float[2 * D];
        Assert.Throws<ArgumentException>(() => pca.Apply(shared.AsSpan(0, D), shared.AsSpan(4)));
        using var whitened = (PCAMatrix)Create("pca whitened");
        whitened.Train(Vectors);
        Assert.Throws<NotSupportedException>(() => whitened.ReverseTransform(y, new float[D]));
        pca.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pca.Apply(Vectors.AsSpan(0, D), y));
    }

    [Fact]
    public void The_product_quantizer_is_Pythons_and_the_managed_engines()
    {
        using var pq = new ProductQuantizer(D, 4, 6);
        var recorder = new Recorder();
        pq.Train(Vectors, recorder);
        Assert.Equal(new IndexProgress(IndexStage.TrainingCodes, 100, 100), recorder.Reports[^1]);
        var codes = new byte[Count * pq.CodeSize];
        pq.Encode(Vectors, codes);
        File.WriteAllBytes(_folder.File("x"), MemoryMarshal.AsBytes(Vectors.AsSpan()).ToArray());

        Witness.RunScript(_folder, $$"""
            x = np.fromfile(folder + "/x", dtype="<f4").reshape(-1, {{D}})
            pq = faiss.ProductQuantizer({{D}}, 4, 6)
            pq.train(x)
            faiss.vector_to_array(pq.centroids).tofile(folder + "/centroids")
            pq.compute_codes(x).tofile(folder + "/codes")
            open(folder + "/version", "w").write(faiss.__version__)
            """);

        var centroids = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_folder.File("centroids"))).ToArray();
        if (File.ReadAllText(_folder.File("version")) == FaissRuntime.FaissVersion)
        {
            Assert.Equal(centroids, pq.Centroids.ToArray(), (a, b) => Math.Abs(a - b) < 1e-4f);
        }
        else
        {
            // Where two centroids are as near, another FAISS may learn from the other.
            pq.SetCentroids(centroids);
            pq.Encode(Vectors, codes);
        }

        Assert.Equal(File.ReadAllBytes(_folder.File("codes")), codes);
        var managed = new M.ProductQuantizer(D, 4, 6);
        managed.SetCentroids(pq.Centroids);
        using var copy = new ProductQuantizer(D, 4, 6);
        Assert.Throws<InvalidOperationException>(() => copy.Encode(Vectors, codes));
        copy.SetCentroids(managed.Centroids);
        var (ours, theirs) = (new float[Vectors.Length], new float[Vectors.Length]);
        copy.Decode(codes, ours);
        managed.Decode(codes, theirs);
        Assert.Equal(theirs, ours);
        var (table, managedTable) = (new float[3 * pq.TableSize], new float[pq.TableSize]);
        pq.ComputeDistanceTable(Vectors.AsSpan(0, 3 * D), table);
        managed.ComputeDistanceTable(Vectors.AsSpan(2 * D, D), managedTable);
        Assert.Equal(managedTable, table.AsSpan(2 * pq.TableSize).ToArray(), (a, b) => Math.Abs(a - b) < 1e-2f);
        var expected = BruteForce.Distance(MetricType.L2, Vectors.AsSpan(2 * D, D), ours.AsSpan(5 * D, D));
        Assert.Equal(expected, pq.AsymmetricDistance(table.AsSpan(2 * pq.TableSize), codes.AsSpan(5 * pq.CodeSize)), 0.01);
        pq.ComputeInnerProductTable(Vectors.AsSpan(0, D), managedTable);
        Assert.Equal(BruteForce.Distance(MetricType.InnerProduct, Vectors.AsSpan(0, D), ours.AsSpan(0, D)), pq.AsymmetricDistance(managedTable, codes), 0.01);
    }

    [Fact]
    public void Symmetric_distances_are_those_between_what_codes_stand_for()
    {
        using var pq = new ProductQuantizer(D, 4, 6);
        var codes = new byte[20 * pq.CodeSize];
        Assert.Throws<InvalidOperationException>(() => pq.SymmetricDistance(codes, codes));
        // Twice: a table from before the second training would be seen.
        foreach (var count in new[] { 300, Count })
        {
            pq.Train(Vectors.AsSpan(0, count * D));
            pq.Encode(Vectors.AsSpan(0, 20 * D), codes);
            var decoded = new float[20 * D];
            pq.Decode(codes, decoded);
            var managed = new M.ProductQuantizer(D, 4, 6);
            managed.SetCentroids(pq.Centroids);
            for (var i = 0; i < 19; i++)
            {
                var a = codes.AsSpan(i * pq.CodeSize);
                var b = codes.AsSpan((i + 1) * pq.CodeSize);
                var expected = BruteForce.Distance(MetricType.L2, decoded.AsSpan(i * D, D), decoded.AsSpan((i + 1) * D, D));
                Assert.Equal(expected, pq.SymmetricDistance(a, b), 1e-3 * (1 + expected));
                Assert.Equal(managed.SymmetricDistance(a, b), pq.SymmetricDistance(a, b), 1e-3 * (1 + expected));
            }
        }

        Assert.Throws<ArgumentException>(() => pq.SymmetricDistance(codes, codes.AsSpan(0, pq.CodeSize - 1)));
        using var large = new ProductQuantizer(4, 4, 16);
        Assert.Throws<NotSupportedException>(() => large.SymmetricDistance(new byte[8], new byte[8]));
    }

    [Theory]
    [InlineData(ScalarQuantizerType.QT_8bit, ScalarQuantizerRangeStat.RS_minmax, 0)]
    [InlineData(ScalarQuantizerType.QT_4bit, ScalarQuantizerRangeStat.RS_meanstd, 2)]
    [InlineData(ScalarQuantizerType.QT_6bit, ScalarQuantizerRangeStat.RS_quantiles, 0.1)]
    [InlineData(ScalarQuantizerType.QT_8bit_uniform, ScalarQuantizerRangeStat.RS_optim, 0)]
    [InlineData(ScalarQuantizerType.QT_4bit_uniform, ScalarQuantizerRangeStat.RS_minmax, 0.25)]
    [InlineData(ScalarQuantizerType.QT_fp16, ScalarQuantizerRangeStat.RS_minmax, 0)]
    public void The_scalar_quantizer_is_Pythons_and_the_managed_engines(ScalarQuantizerType type, ScalarQuantizerRangeStat stat, float argument)
    {
        using var sq = new ScalarQuantizer(D, type) { RangeStat = stat, RangeStatArg = argument };
        sq.Train(Vectors);
        Assert.True(sq.IsTrained);
        var codes = new byte[Count * sq.CodeSize];
        sq.Encode(Vectors, codes);
        var decoded = new float[Vectors.Length];
        sq.Decode(codes, decoded);
        File.WriteAllBytes(_folder.File("x"), MemoryMarshal.AsBytes(Vectors.AsSpan()).ToArray());

        Witness.RunScript(_folder, $$"""
            x = np.fromfile(folder + "/x", dtype="<f4").reshape(-1, {{D}})
            sq = faiss.ScalarQuantizer({{D}}, {{(int)type}})
            sq.rangestat = {{(int)stat}}
            sq.rangestat_arg = {{argument.ToString(System.Globalization.CultureInfo.InvariantCulture)}}
            sq.train(x)
            codes = sq.compute_codes(x)
            faiss.vector_to_array(sq.trained).tofile(folder + "/trained")
            codes.tofile(folder + "/codes")
            sq.decode(codes).tofile(folder + "/decoded")
            """);

        Assert.Equal(Floats("trained"), sq.Trained.ToArray(), (a, b) => Math.Abs(a - b) <= 1e-5f * (1 + Math.Abs(a)));
        Assert.Equal(File.ReadAllBytes(_folder.File("codes")), codes);
        Assert.Equal(Floats("decoded"), decoded, (a, b) => Math.Abs(a - b) <= 1e-5f * (1 + Math.Abs(a)));
        var managed = new M.ScalarQuantizer(D, type) { RangeStat = stat, RangeStatArg = argument };
        managed.Train(Vectors);
        Assert.Equal((managed.CodeSize, managed.Bits), (sq.CodeSize, sq.Bits));
        using var copy = new ScalarQuantizer(D, type);
        copy.SetTrained(managed.Trained);
        var again = new byte[codes.Length];
        copy.Encode(Vectors, again);
        Assert.True(codes.AsSpan().CommonPrefixLength(again) == codes.Length);

        float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_folder.File(name))).ToArray();
    }

    [Fact]
    public void Wrong_use_of_a_scalar_quantizer_is_named()
    {
        using var sq = new ScalarQuantizer(D, ScalarQuantizerType.QT_8bit);
        Assert.Equal("qtype", Assert.Throws<ArgumentOutOfRangeException>(() => new ScalarQuantizer(D, (ScalarQuantizerType)99)).ParamName);
        Assert.Equal("d", Assert.Throws<ArgumentOutOfRangeException>(() => new ScalarQuantizer(0, ScalarQuantizerType.QT_8bit)).ParamName);
        Assert.Throws<InvalidOperationException>(() => sq.Encode(Vectors, new byte[Vectors.Length]));
        Assert.Throws<InvalidOperationException>(() => sq.Decode(new byte[D], new float[D]));
        Assert.Throws<ArgumentException>(() => sq.Train([]));
        Assert.Throws<ArgumentException>(() => sq.Train(new float[D + 1]));
        Assert.Contains("16", Assert.Throws<ArgumentException>(() => sq.SetTrained(new float[3])).Message, StringComparison.Ordinal);
        Assert.False(sq.IsTrained);
        sq.Train(Vectors);
        Assert.Throws<ArgumentException>(() => sq.Encode(Vectors, new byte[Vectors.Length - 1]));
        Assert.Throws<ArgumentException>(() => sq.Decode(new byte[D - 1], new float[D]));
        using var odd = new ScalarQuantizer(D, ScalarQuantizerType.QT_8bit) { RangeStatArg = float.NaN };
        Assert.Throws<ArgumentException>(() => odd.Train(Vectors));
        sq.Dispose();
        Assert.Throws<ObjectDisposedException>(() => sq.Train(Vectors));
    }

    [Fact]
    public void An_index_is_made_of_transforms_and_keeps_what_they_learnt()
    {
        using var pca = new PCAMatrix(D, 4);
        pca.Train(Vectors.AsSpan(0, 300 * D));
        var transformed = new float[Count * 4];
        pca.Apply(Vectors, transformed);
        using var flat = new IndexFlatL2(4);
        flat.Add(transformed);
        var expected = flat.Search(transformed.AsSpan(0, 10 * 4), 5);

        using var index = new IndexPreTransform(pca, new IndexFlatL2(4));
        Assert.Equal((D, true), (index.Dimension, index.IsTrained));
        pca.Train(Vectors);
        // What has been trained stays, however often the index is.
        index.Train(Vectors);
        index.Train(Vectors);
        index.Add(Vectors);
        var found = index.Search(Vectors.AsSpan(0, 10 * D), 5);

        Assert.Equal(expected.Labels, found.Labels);
        Assert.Equal(expected.Distances, found.Distances, (a, b) => Math.Abs(a - b) <= 1e-3f * (1 + a));
    }

    [Fact]
    public void Transforms_that_have_not_learnt_do_so_with_their_index()
    {
        using VectorTransform opq = new OPQMatrix(D, 2, 4) { NIter = 2, NIterPQ0 = 5 }, centering = new CenteringTransform(D);
        using var index = new IndexPreTransform([centering, opq], new IndexPQ(4, 2, 4));
        Assert.False(index.IsTrained);
        opq.Dispose();
        index.Train(Vectors);
        index.Add(Vectors);

        Assert.True(index.IsTrained);
        Assert.False(centering.IsTrained);
        Assert.True(index.Search(Vectors.AsSpan(0, D), 1).Labels[0] >= 0);
        using var stream = new MemoryStream();
        index.Save(stream);
        stream.Position = 0;
        using var loaded = FaissIndex.Load(stream);
        Assert.Equal(index.Search(Vectors.AsSpan(0, 20 * D), 3).Labels, loaded.Search(Vectors.AsSpan(0, 20 * D), 3).Labels);
    }

    [Fact]
    public void Wrong_chains_are_named()
    {
        using var flat = new IndexFlatL2(4);
        using var pca = new PCAMatrix(D, 4);
        Assert.Throws<ArgumentException>(() => new IndexPreTransform([], flat));
        Assert.Throws<ArgumentException>(() => new IndexPreTransform([pca, null!], flat));
        Assert.Throws<ArgumentNullException>(() => new IndexPreTransform(pca, null!));
        Assert.Contains("dimension 8", Assert.Throws<ArgumentException>(() => new IndexPreTransform([pca, pca], flat)).Message, StringComparison.Ordinal);
        pca.Dispose();
        Assert.Throws<ObjectDisposedException>(() => new IndexPreTransform(pca, flat));
        // None of these took the index.
        flat.Add(Vectors.AsSpan(0, 4));
        Assert.Equal(1, flat.Count);
    }

    [Fact]
    public void Wrong_use_of_a_quantizer_is_named()
    {
        using var pq = new ProductQuantizer(D, 4, 4);
        Assert.Equal("m", Assert.Throws<ArgumentOutOfRangeException>(() => new ProductQuantizer(D, 3)).ParamName);
        Assert.Equal("nbits", Assert.Throws<ArgumentOutOfRangeException>(() => new ProductQuantizer(D, 4, 17)).ParamName);
        Assert.Contains("ksub", Assert.Throws<ArgumentException>(() => pq.Train(Vectors.AsSpan(0, 15 * D))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => pq.SetCentroids(new float[3]));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => pq.Train(Vectors, new Recorder(_ => stop.Cancel()), stop.Token));
        Assert.Throws<InvalidOperationException>(() => pq.Encode(Vectors, new byte[Count * 2]));
        pq.Train(Vectors);
        Assert.Throws<ArgumentException>(() => pq.Encode(Vectors, new byte[Count * 2 - 1]));
        Assert.Throws<ArgumentException>(() => pq.Decode(new byte[3], new float[D * 2]));
    }
}
