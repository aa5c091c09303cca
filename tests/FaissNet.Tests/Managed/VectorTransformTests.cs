using System.Buffers.Binary;
using FaissNet.Managed;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;
using ManagedCenteringTransform = FaissNet.Managed.CenteringTransform;
using ManagedClustering = FaissNet.Managed.Clustering;
using ManagedClusteringParameters = FaissNet.Managed.ClusteringParameters;
using ManagedITQTransform = FaissNet.Managed.ITQTransform;
using ManagedLinearTransform = FaissNet.Managed.LinearTransform;
using ManagedNormalizationTransform = FaissNet.Managed.NormalizationTransform;
using ManagedOPQMatrix = FaissNet.Managed.OPQMatrix;
using ManagedPCAMatrix = FaissNet.Managed.PCAMatrix;
using ManagedRandomRotationMatrix = FaissNet.Managed.RandomRotationMatrix;
using ManagedRemapDimensionsTransform = FaissNet.Managed.RemapDimensionsTransform;

namespace FaissNet.Tests.Managed;


/// <summary>Transforms against FAISS's, as they stand in the files of its indexes.</summary>
public sealed class VectorTransformTests
{
    [Theory]
    [InlineData(24, 24)]
    [InlineData(24, 10)]
    [InlineData(10, 24)]
    [InlineData(130, 130)]
    public void A_random_rotation_is_FAISSs(int dIn, int dOut)
    {
        var faiss = Faiss(dIn, $"RR{dOut},Flat", TestVectors.Uniform(10, dIn, 9, seed: 1));
        var ours = new ManagedRandomRotationMatrix(dIn, dOut);
        ours.Train(TestVectors.Uniform(10, dIn, 9, seed: 1));

        AssertClose(faiss.A, ours.A, 2e-6f);
        Assert.True(ours.IsOrthonormal);
        AssertUndoes(ours, Math.Min(dIn, dOut) == dIn);
    }

    [Theory]
    [InlineData("PCA6", 500)]
    [InlineData("PCA6", 15)] // fewer vectors than components
    [InlineData("PCAW6", 500)]
    public void Principal_components_are_FAISSs_up_to_their_sign(string word, int n)
    {
        const int d = 20;
        var vectors = Stretched(n, d);
        var faiss = Faiss(d, $"{word},Flat", vectors);
        var ours = new ManagedPCAMatrix(d, 6, word.Contains('W', StringComparison.Ordinal) ? -0.5f : 0);
        ours.Train(vectors);

        AssertClose(faiss.Mean, ours.Mean, 1e-5f);
        for (var i = 0; i < Math.Min(n, d); i++)
            Assert.Equal(faiss.Eigenvalues[i], ours.Eigenvalues[i], 1e-4f * faiss.Eigenvalues[i] + 1e-6f * faiss.Eigenvalues[0]);

        for (var i = 0; i < 6; i++)
        {
            var row = ours.A.Slice(i * d, d).ToArray();
            var sign = Math.Sign(BruteForce.Distance(MetricType.InnerProduct, row, faiss.A.AsSpan(i * d, d)));
            var scale = row.Max(MathF.Abs);
            AssertClose(faiss.A.AsSpan(i * d, d), Array.ConvertAll(row, value => sign * value), 1e-3f * scale);
            Assert.Equal(faiss.B[i], sign * ours.B[i], 1e-3f * Math.Max(1, Math.Abs(faiss.B[i])));
        }

        Assert.Equal(word == "PCA6", ours.IsOrthonormal);
    }

    [Theory]
    [InlineData("PCAR6", 0f)]
    [InlineData("PCAWR6", -0.5f)]
    public void A_rotated_projection_keeps_what_FAISSs_keeps(string word, float power)
    {
        // The signs of the components differ, and with them what the rotation mixes: lengths and products stay the same.
        const int d = 20, n = 400;
        var vectors = Stretched(n, d);
        var faiss = Faiss(d, $"{word},Flat", vectors);
        var theirs = new ManagedLinearTransform(d, 6, faiss.A, faiss.B);
        var ours = new ManagedPCAMatrix(d, 6, power, randomRotation: true);
        ours.Train(vectors);

        var (expected, actual) = (new float[n * 6], new float[n * 6]);
        theirs.Apply(vectors, expected);
        ours.Apply(vectors, actual);
        for (var i = 0; i < n - 1; i++)
        {
            var product = BruteForce.Distance(MetricType.L2, expected.AsSpan(i * 6, 6), expected.AsSpan(i * 6 + 6, 6));
            Assert.Equal(product, BruteForce.Distance(MetricType.L2, actual.AsSpan(i * 6, 6), actual.AsSpan(i * 6 + 6, 6)), 1e-3 * product + 1e-6);
        }
    }

    [Fact]
    public void A_projection_explains_as_much_variance_as_FAISSs()
    {
        const int d = 64, n = 3000;
        var vectors = TestVectors.Clustered(n, d, seed: 4);
        var faiss = Faiss(d, "PCA16,Flat", vectors);
        var ours = new ManagedPCAMatrix(d, 16);
        ours.Train(vectors);

        var theirs = new ManagedLinearTransform(d, 16, faiss.A, faiss.B);
        Assert.Equal(1, Variance(ours, vectors) / Variance(theirs, vectors), 1e-4);
    }

    [Fact]
    public void Balanced_bins_hold_the_components_dealt_out_by_variance()
    {
        const int d = 8;
        var vectors = Stretched(500, d);
        var plain = new ManagedPCAMatrix(d, 8);
        plain.Train(vectors);
        var balanced = new ManagedPCAMatrix(d, 8) { BalancedBins = 2 };
        balanced.Train(vectors);

        // Variances fall fast: the first component alone outweighs the next three, then the other bin is full.
        int[] order = [0, 5, 6, 7, 1, 2, 3, 4];
        var sums = new float[2];
        var bins = new List<int>[] { [], [] };
        for (var i = 0; i < d; i++)
        {
            var bin = bins[0].Count == 4 ? 1 : bins[1].Count == 4 ? 0 : sums[1] < sums[0] ? 1 : 0;
            bins[bin].Add(i);
            sums[bin] += plain.Eigenvalues[i];
        }

        order = [.. bins[0], .. bins[1]];
        for (var i = 0; i < d; i++)
            AssertClose(plain.A.Slice(order[i] * d, d), balanced.A.Slice(i * d, d), 1e-6f);
    }

    [Fact]
    public void Optimized_rotations_serve_quantizers_as_well_as_FAISSs()
    {
        // Each training ends in some local minimum, FAISS's as ours, and a rounding decides which: what they reach on average is the same.
        var ratios = new List<double>();
        foreach (var (d, dOut, m) in new[] { (16, 16, 4), (20, 12, 3), (10, 12, 4) })
        {
            var vectors = Mixed(9984, d);
            var faiss = Faiss(d, $"OPQ{m}_{dOut},Flat", vectors);
            var ours = new ManagedOPQMatrix(d, m, dOut);
            ours.Train(vectors);

            Assert.True(ours.IsOrthonormal);
            AssertUndoes(ours, dOut >= d);
            var random = new ManagedRandomRotationMatrix(d, dOut);
            random.Initialize(1234);
            var error = Error(ours, vectors, m);
            Assert.True(error < Error(random, vectors, m));
            ratios.Add(error / Error(new ManagedLinearTransform(d, dOut, faiss.A), vectors, m));
        }

        Assert.True(ratios.Average() <= 1.01 && ratios.Max() <= 1.03, string.Join(", ", ratios));
    }

    [Fact]
    public void Training_an_optimized_rotation_can_be_cancelled()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        var opq = new ManagedOPQMatrix(8, 2);
        Assert.Throws<OperationCanceledException>(() => opq.Train(Mixed(300, 8), source.Token));
        Assert.False(opq.IsTrained);
        Assert.Throws<InvalidOperationException>(() => opq.Apply(new float[8], new float[8]));
    }

    [Fact]
    public void Normalized_vectors_have_length_1()
    {
        float[] vectors = [3, 4, 0, 0, -1e-3f, 0];
        var normalized = new float[6];
        new ManagedNormalizationTransform(2).Apply(vectors, normalized);
        AssertClose([0.6f, 0.8f, 0, 0, -1, 0], normalized, 1e-7f);
    }

    [Fact]
    public void Centred_vectors_have_mean_0()
    {
        var centering = new ManagedCenteringTransform(2);
        centering.Train([1, 10, 3, 30]);
        Assert.Equal([2, 20], centering.Mean.ToArray());
        var centred = new float[2];
        centering.Apply([5, 5], centred);
        Assert.Equal([3, -15], centred);
        centering.ReverseTransform(centred, centred = new float[2]);
        Assert.Equal([5, 5], centred);
    }

    [Theory]
    [InlineData(3, 5, false, new float[] { 1, 2, 3, 0, 0 })]
    [InlineData(3, 6, true, new float[] { 1, 0, 2, 0, 3, 0 })]
    [InlineData(3, 2, false, new float[] { 1, 2 })]
    [InlineData(4, 2, true, new float[] { 1, 3 })]
    public void Components_are_moved(int dIn, int dOut, bool uniform, float[] expected)
    {
        float[] vector = [1, 2, 3, 4];
        var remapped = new float[dOut];
        var transform = new ManagedRemapDimensionsTransform(dIn, dOut, uniform);
        transform.Apply(vector.AsSpan(0, dIn), remapped);
        Assert.Equal(expected, remapped);

        var back = new float[dIn];
        transform.ReverseTransform(remapped, back);
        Assert.Equal(vector.Take(dIn).Select(value => expected.Contains(value) ? value : 0), back);
    }

    [Fact]
    public void Padding_is_FAISSs()
    {
        const int d = 5;
        var vectors = TestVectors.Uniform(3, d, 9, seed: 1);
        var bytes = Save(d, "Pad8,Flat", vectors);
        using var index = (M.IndexPreTransform)FaissNet.Managed.IndexFactory.Create(d, "Pad8,Flat");
        var map = ((ManagedRemapDimensionsTransform)index.Chain[0]).Map;
        Assert.Equal("RmDT"u8.ToArray(), bytes.AsSpan(41, 4).ToArray());
        for (var i = 0; i < 8; i++)
            Assert.Equal(map[i], BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(53 + 4 * i)));
    }

    [Theory]
    [InlineData(12, 12, false)]
    [InlineData(20, 8, true)]
    public void Signs_after_iterative_quantization_keep_more_than_after_a_random_rotation(int dIn, int dOut, bool doPca)
    {
        var vectors = Mixed(1500, dIn);
        var itq = new ManagedITQTransform(dIn, dOut, doPca);
        itq.Train(vectors);

        // Against the same projection, not rotated: ITQ minimizes the distance to the nearest corner of the cube.
        var transformed = new float[1500 * dOut];
        itq.Apply(vectors, transformed);
        var rotation = itq.Itq;
        Assert.True(rotation.IsOrthonormal);
        var projected = new float[transformed.Length];
        rotation.ReverseTransform(transformed, projected);
        var random = new ManagedRandomRotationMatrix(dOut, dOut);
        random.Initialize(rotation.Seed);
        var rotated = new float[transformed.Length];
        random.Apply(projected, rotated);

        // A rotation keeps lengths: then the nearest corner is as near as the sum of magnitudes is large.
        Assert.True(transformed.Sum(MathF.Abs) > rotated.Sum(MathF.Abs));
    }

    [Fact]
    public void Arguments_are_checked()
    {
        var transform = new ManagedLinearTransform(3, 2, [1, 2, 3, 4, 5, 6], [1, 1]);
        var y = new float[2];
        transform.Apply([1, 1, 1], y);
        Assert.Equal([7, 16], y);

        Assert.False(transform.IsOrthonormal);
        Assert.Throws<NotSupportedException>(() => transform.ReverseTransform(y, new float[3]));
        Assert.Throws<ArgumentException>(() => transform.Apply(new float[4], y));
        Assert.Throws<ArgumentException>(() => transform.Apply(new float[6], y));
        var shared = new float[6];
        Assert.Contains("overlaps", Assert.Throws<ArgumentException>(() => transform.Apply(shared.AsSpan(0, 3), shared.AsSpan(2))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => transform.ReverseTransform(shared.AsSpan(0, 2), shared.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => new ManagedLinearTransform(3, 2, new float[5]));
        Assert.Throws<ArgumentException>(() => new ManagedLinearTransform(3, 2, new float[6], new float[3]));
        Assert.Throws<ArgumentException>(() => new ManagedLinearTransform(1, 1, [float.NaN]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManagedNormalizationTransform(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ManagedPCAMatrix(4, 5));
        Assert.Throws<ArgumentException>(() => new ManagedPCAMatrix(4, 3).Train(new float[8]));
        Assert.Throws<ArgumentException>(() => new ManagedOPQMatrix(4, 3));
        Assert.Throws<ArgumentException>(() => new ManagedOPQMatrix(4, 2).Train(new float[400]));
        Assert.Throws<ArgumentException>(() => new ManagedRemapDimensionsTransform(2, 2, [0, 2]));
        Assert.Throws<ArgumentException>(() => new ManagedITQTransform(4, 3));
        Assert.Throws<ArgumentException>(() => new ManagedCenteringTransform(2).Train([]));
    }

    // What stands in the file of an index over one linear transform.
    private sealed record Content(float[] Mean, float[] Eigenvalues, float[] A, float[] B);

    private static Content Faiss(int d, string description, float[] vectors)
    {
        // "IxPT", 33 bytes of header, the count of the transforms.
        var bytes = Save(d, description, vectors);
        var at = 4 + 33 + 4;
        var name = System.Text.Encoding.ASCII.GetString(bytes, at, 4);
        at += 4;
        var (mean, eigenvalues) = (Array.Empty<float>(), Array.Empty<float>());
        if (name == "Pcam")
        {
            at += 4 + 4 + 1 + 4;
            (mean, eigenvalues) = (Next(), Next());
            Next();
        }

        at++;
        return new Content(mean, eigenvalues, Next(), Next());

        float[] Next()
        {
            var values = new float[BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at))];
            at += 8;
            for (var i = 0; i < values.Length; i++, at += 4)
                values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at));

            return values;
        }
    }

    private static byte[] Save(int d, string description, float[] vectors)
    {
        TestEngine.RequireNative();
        using var index = FaissNet.IndexFactory.Create(d, description);
        index.Train(vectors);
        using var file = new MemoryStream();
        index.Save(file);
        return file.ToArray();
    }

    // Uncorrelated components, each of half the spread of the one before, in a random basis.
    private static float[] Stretched(int n, int d)
    {
        var vectors = new float[n * d];
        FaissRandom.FillNormal(vectors, 7);
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] = 3 + vectors[i] * MathF.Pow(0.8f, i % d) * 10;

        var rotation = new ManagedRandomRotationMatrix(d, d);
        rotation.Initialize(9);
        var rotated = new float[vectors.Length];
        rotation.Apply(vectors, rotated);
        return rotated;
    }

    private static float[] Mixed(int n, int d)
    {
        var vectors = Stretched(n, d);
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] = MathF.Round(vectors[i] * 8) / 8;

        return vectors;
    }

    // What is lost of the centred vectors, on average: what the rotation leaves out, and what codebooks of 256 entries, trained on all
    // vectors, leave of the rest.
    private static double Error(ManagedLinearTransform rotation, float[] vectors, int m)
    {
        var (n, d) = (vectors.Length / rotation.DIn, rotation.DOut / m);
        var rotated = new float[n * rotation.DOut];
        rotation.Apply(vectors, rotated);
        var total = CentredSquares(vectors, rotation.DIn) - CentredSquares(rotated, rotation.DOut);
        for (var part = 0; part < m; part++)
        {
            var slice = new float[n * d];
            for (var i = 0; i < n; i++)
                rotated.AsSpan(i * rotation.DOut + part * d, d).CopyTo(slice.AsSpan(i * d));

            var clustering = new ManagedClustering(d, 256, new ManagedClusteringParameters { NIter = 40 });
            clustering.Train(slice);
            total += clustering.Iterations[^1].Objective;
        }

        return total / n;
    }

    private static double CentredSquares(float[] vectors, int d)
    {
        var (n, total) = (vectors.Length / d, 0.0);
        for (var j = 0; j < d; j++)
        {
            var column = Enumerable.Range(0, n).Select(i => (double)vectors[i * d + j]).ToArray();
            var mean = column.Average();
            total += column.Sum(value => (value - mean) * (value - mean));
        }

        return total;
    }

    private static double Variance(ManagedLinearTransform transform, float[] vectors)
    {
        // Centred by the bias: squares are variances.
        var y = new float[vectors.Length / transform.DIn * transform.DOut];
        transform.Apply(vectors, y);
        return y.Sum(value => (double)value * value);
    }

    private static void AssertUndoes(ManagedLinearTransform transform, bool completely)
    {
        var x = TestVectors.Uniform(11, transform.DIn, 9, seed: 3);
        var (y, back, again) = (new float[11 * transform.DOut], new float[x.Length], new float[11 * transform.DOut]);
        transform.Apply(x, y);
        transform.ReverseTransform(y, back);
        transform.Apply(back, again);
        AssertClose(y, again, 1e-4f);
        if (completely)
            AssertClose(x, back, 1e-4f);
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(MathF.Abs(expected[i] - actual[i]) <= tolerance, $"value {i} of {expected.Length}: {actual[i]}, expected {expected[i]}");
    }
}
