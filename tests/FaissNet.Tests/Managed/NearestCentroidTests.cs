using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

/// <summary>Every form of the kernels against a search in the test, on whole numbers, whose sums every form gets exactly.</summary>
public sealed unsafe class NearestCentroidTests
{
    private const int Tile = PackedPoints.TileSize;
    private const int Points = 60;

    private delegate void Form(
        float* tile, int d, int groups, float* components, float* starts, float* best, float* second, int* winners);

    private delegate void PairForm(
        int* tile, int steps, int groups, int* pairs, int* starts, bool each, int* best, int* second, int* winners);

    [Fact]
    public void Every_form_finds_the_first_of_the_nearest() => CheckForms([]);

    [Theory]
    [InlineData("DOTNET_EnableAVX512", "512")]
    [InlineData("DOTNET_EnableAVX2", "256")]
    [InlineData("DOTNET_EnableHWIntrinsic", "128")]
    public void Without_an_instruction_set(string knob, string absent) =>
        ChildProcess.Run(CheckForms, [absent], new Dictionary<string, string?> { [knob] = "0" }).RequireSuccess();

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(3e38f)]
    public void What_is_no_number_gets_a_number_of_a_centroid(float component)
    {
        foreach (var (k, damaged) in new[] { (4, false), (4, true), (40, false), (40, true) })
        {
            foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
            {
                const int d = 20;
                float[] points = Scaled(100, d, 0, seed: 1), centroids = Scaled(k, d, 0, seed: 2);
                for (var i = 3; i < points.Length; i += damaged ? 7 * d : d)
                    points[i] = i % 2 == 0 ? component : -component;
                for (var i = 5; damaged && i < centroids.Length; i += d)
                    centroids[i] = component;

                foreach (var pairs in new[] { false, true })
                {
                    using var packed = new PackedCentroids(k, d, pairs);
                    packed.Pack(centroids, metric);
                    var numbers = new int[100];
                    fixed (float* rows = points, c = centroids)
                    fixed (int* to = numbers)
                    {
                        Assignment.FindHere(rows, d, 100, packed, to, null);
                        Assert.All(numbers, number => Assert.InRange(number, 0, k - 1));
                        using var scores = new CentroidScores(c, k, d, metric);
                        KeepOneOf(points, 4, d);
                        Assignment.FindHere(rows, d, 100, packed, to, null, scores);
                    }

                    Assert.All(numbers, number => Assert.InRange(number, 0, k - 1));
                }
            }
        }
    }

    [Fact]
    public void Sixteen_bits_decide_as_float32_does_whatever_the_lengths()
    {
        // From vectors of one length to some a million times longer than others, where 16 bits tell little apart.
        foreach (var (d, k, spread) in new[] { (1, 3, 0f), (2, 9, 1f), (5, 40, 0f), (24, 70, 2f), (100, 33, 0f), (101, 64, 6f) })
        {
            foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
            {
                var points = Scaled(300, d, spread, seed: 1);
                var centroids = Scaled(k, d, spread, seed: 2);
                using var narrow = new PackedCentroids(k, d, pairs: true);
                using var wide = new PackedCentroids(k, d);
                narrow.Pack(centroids, metric);
                wide.Pack(centroids, metric);
                var (actual, expected) = (new int[300], new int[300]);
                fixed (float* rows = points)
                fixed (int* to = actual, other = expected)
                {
                    Assignment.FindHere(rows, d, 300, narrow, to, null);
                    Assignment.FindHere(rows, d, 300, wide, other, null);
                }

                Assert.Equal(expected, actual);
                for (var i = 0; i < 300; i++)
                {
                    var best = Enumerable.Range(0, k).Max(c => Closeness(c));
                    Assert.True(Closeness(actual[i]) >= best - 1e-5 * Math.Abs(best), $"d = {d}, k = {k}, {metric}, point {i}");

                    double Closeness(int c)
                    {
                        var product = BruteForce.Distance(metric, points.AsSpan(i * d, d), centroids.AsSpan(c * d, d));
                        return metric == MetricType.L2 ? -product : product;
                    }
                }
            }
        }
    }

    [Fact]
    public void Components_that_are_not_zero_decide_as_all_do_whatever_the_lengths()
    {
        foreach (var (d, k, spread) in new[] { (4, 3, 0f), (7, 40, 0f), (24, 70, 2f), (100, 33, 0f), (101, 300, 6f), (784, 256, 0f) })
        {
            foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
            {
                float[] points = Scaled(300, d, spread, seed: 1), centroids = Scaled(k, d, spread, seed: 2);
                // Some rows are dense, some nothing but zeros, and some centroids the same: of these the first counts.
                KeepOneOf(points, 4, d);
                Scaled(10, d, spread, seed: 3).CopyTo(points, 200 * d);
                points.AsSpan(100 * d, 10 * d).Clear();
                centroids.AsSpan(0, d).CopyTo(centroids.AsSpan((k - 1) * d));
                using var packed = new PackedCentroids(k, d, pairs: true);
                packed.Pack(centroids, metric);
                var (actual, expected) = (new int[300], new int[300]);
                fixed (float* rows = points, c = centroids)
                fixed (int* to = actual, other = expected)
                {
                    using var scores = new CentroidScores(c, k, d, metric);
                    Assert.True(scores.TryFindNearest(rows, d, 48, to, out _));
                    Assignment.FindHere(rows, d, 300, packed, to, null, scores);
                    Assignment.FindHere(rows, d, 300, packed, other, null);
                }

                Assert.Equal(expected, actual);
                Assert.DoesNotContain(k - 1, actual);
            }
        }
    }

    // Of each row, but not the same ones.
    private static void KeepOneOf(float[] vectors, int number, int d)
    {
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] = (i % d + i / d) % number == 0 ? vectors[i] : 0;
    }

    private static float[] Scaled(int n, int d, float spread, int seed)
    {
        var vectors = new float[n * d];
        FaissRandom.FillNormal(vectors, seed);
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] *= MathF.Pow(10, spread * (i / d % 5 - 2) / 2);

        return vectors;
    }

    private static void CheckForms(string[] absent)
    {
        // The knob must have taken effect, or this would test the same form again.
        foreach (var width in absent)
        {
            Assert.False(width switch
            {
                "512" => Avx512F.IsSupported || Vector512.IsHardwareAccelerated,
                "256" => Avx2.IsSupported,
                _ => Vector128.IsHardwareAccelerated,
            });
        }

        foreach (var d in new[] { 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 256 })
        {
            foreach (var k in new[] { 1, 2, 7, 8, 9, 16, 23, 40 })
            {
                Check(d, k, MetricType.L2);
                Check(d, k, MetricType.InnerProduct);
            }
        }
    }

    private static void Check(int d, int k, MetricType metric)
    {
        var random = new Random(d * 1000 + k);
        // Few values, so that many centroids are equal and ties must go to the first.
        float[] points = [.. Enumerable.Range(0, Points * d).Select(_ => (float)random.Next(-2, 3))];
        float[] centroids = [.. Enumerable.Range(0, k * d).Select(_ => (float)random.Next(-1, 2))];
        using var packed = new PackedPoints(points, Points, d, d);
        using var groups = new PackedCentroids(k, d, pairs: true);
        groups.Pack(centroids, metric);

        // Equal centroids count once.
        var distinct = Enumerable.Range(0, k)
            .Where(c => !Enumerable.Range(0, c).Any(b => centroids.AsSpan(b * d, d).SequenceEqual(centroids.AsSpan(c * d, d)))).ToArray();

        CheckForm("scalar", NearestCentroid.FindScalar);
        CheckForm("128", NearestCentroid.Find128);
        CheckForm("256", NearestCentroid.Find256);
        if (Avx512F.IsSupported)
            CheckForm("512", NearestCentroid.Find512);

        if (groups.HasPairs)
        {
            foreach (var each in new[] { false, true })
            {
                CheckPairs("256", NearestCentroidInt16.Find256, each);
                if (Avx512BW.IsSupported)
                    CheckPairs("512", NearestCentroidInt16.Find512, each);
            }
        }

        var (assignment, distances) = (new int[Points], new float[Points]);
        Assignment.Find(packed, groups, metric, assignment, distances);
        for (var i = 0; i < Points; i++)
            Assert.Equal(Nearest(i), (assignment[i], distances[i]));

        fixed (float* rows = points)
        fixed (int* numbers = assignment)
        {
            Array.Clear(assignment);
            Assignment.FindHere(rows, d, Points, groups, numbers, null);
        }

        for (var i = 0; i < Points; i++)
            Assert.Equal(Nearest(i).Centroid, assignment[i]);

        // The kernels: the best group, its score, and that of the best other group or of a part of the same.
        void CheckForm(string name, Form form)
        {
            float* best = stackalloc float[Tile], second = stackalloc float[Tile];
            var winners = stackalloc int[Tile];
            for (var tile = 0; tile < packed.Tiles; tile++)
            {
                for (var i = 0; i < Tile; i++)
                    (best[i], second[i], winners[i]) = (float.NegativeInfinity, float.NegativeInfinity, 0);

                form(packed.Tile(tile), d, groups.Groups, groups.Components, groups.Starts, best, second, winners);
                for (var i = tile * Tile; i < Math.Min(Points, (tile + 1) * Tile); i++)
                {
                    var scores = GroupScores(i);
                    var expected = (Best: scores.Max(), Winner: Array.IndexOf(scores, scores.Max()));
                    Assert.True(
                        expected == (best[i % Tile], winners[i % Tile]), $"{name}, d = {d}, k = {k}, {metric}, point {i}: {best[i % Tile]}");
                    var others = scores.Where((_, g) => g != expected.Winner).DefaultIfEmpty(float.NegativeInfinity).Max();
                    Assert.InRange(second[i % Tile], others, expected.Best);
                }
            }
        }

        void CheckPairs(string name, PairForm form, bool each)
        {
            var steps = (d + 1) / 2;
            var tile = new int[steps * Tile];
            float* norms = stackalloc float[Tile], errors = stackalloc float[Tile];
            var starts = new int[groups.Groups * PackedCentroids.GroupSize];
            int* best = stackalloc int[Tile], second = stackalloc int[Tile], winners = stackalloc int[Tile];
            int[] expected = new int[3 * Tile], actual = new int[3 * Tile];
            fixed (float* rows = points)
            fixed (int* from = tile, start = starts, left = expected, right = actual)
            {
                var scale = TilePacking.PackPairs(rows, d, Tile, d, from, norms, errors);
                Assert.True(NearestCentroidInt16.TryFind(from, scale, groups, start, best, second, winners));
                NearestCentroidInt16.FindScalar(from, steps, groups.Groups, groups.Pairs, start, each, Clear(left), left + Tile, left + 2 * Tile);
                form(from, steps, groups.Groups, groups.Pairs, start, each, Clear(right), right + Tile, right + 2 * Tile);
            }

            for (var i = 0; i < Tile; i++)
            {
                Assert.True(
                    (expected[i], expected[i + 2 * Tile]) == (actual[i], actual[i + 2 * Tile]), $"16 bits, {name}, d = {d}, k = {k}, point {i}");
                Assert.InRange(actual[i + Tile], expected[i + Tile], expected[i]);
            }
        }

        static int* Clear(int* results)
        {
            for (var i = 0; i < Tile; i++)
                (results[i], results[i + Tile], results[i + 2 * Tile]) = (int.MinValue, int.MinValue, 0);

            return results;
        }

        float[] GroupScores(int i)
        {
            var scores = Enumerable.Repeat(float.NegativeInfinity, groups.Groups).ToArray();
            foreach (var c in distinct)
            {
                var score = Enumerable.Range(0, d).Sum(j =>
                    points[i * d + j] * centroids[c * d + j] - (metric == MetricType.L2 ? centroids[c * d + j] * centroids[c * d + j] / 2 : 0));
                scores[c / PackedCentroids.GroupSize] = Math.Max(scores[c / PackedCentroids.GroupSize], score);
            }

            return scores;
        }

        (int Centroid, float Distance) Nearest(int i)
        {
            var all = Enumerable.Range(0, k).Select(c => (Centroid: c, Distance: Enumerable.Range(0, d).Sum(j =>
            {
                var (x, y) = (points[i * d + j], centroids[c * d + j]);
                return metric == MetricType.L2 ? (x - y) * (x - y) : x * y;
            })));
            return metric == MetricType.L2 ? all.MinBy(pair => pair.Distance) : all.MaxBy(pair => pair.Distance);
        }
    }
}
