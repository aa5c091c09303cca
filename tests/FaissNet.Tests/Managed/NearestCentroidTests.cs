using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

/// <summary>Every form of the kernel against a search in the test, on whole numbers, whose sums every form gets exactly.</summary>
public sealed unsafe class NearestCentroidTests
{
    private delegate void Form(float* tile, int d, int groups, float* components, float* starts, float* scores, int* indices);

    [Fact]
    public void Every_form_finds_the_first_of_the_nearest() => CheckForms([]);

    [Theory]
    [InlineData("DOTNET_EnableAVX512", "512")]
    [InlineData("DOTNET_EnableAVX2", "256")]
    [InlineData("DOTNET_EnableHWIntrinsic", "128")]
    public void Without_an_instruction_set(string knob, string absent) =>
        ChildProcess.Run(CheckForms, [absent], new Dictionary<string, string?> { [knob] = "0" }).RequireSuccess();

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
        var points = Enumerable.Range(0, 60 * d).Select(_ => (float)random.Next(-3, 4)).ToArray();
        var centroids = Enumerable.Range(0, k * d).Select(_ => (float)random.Next(-1, 2)).ToArray();
        using var packed = new PackedPoints(points, 60, d, d);
        using var groups = new PackedCentroids(k, d);
        groups.Pack(centroids, metric);

        CheckForm("scalar", NearestCentroid.FindScalar);
        CheckForm("128", NearestCentroid.Find128);
        CheckForm("256", NearestCentroid.Find256);
        if (Avx512F.IsSupported)
            CheckForm("512", NearestCentroid.Find512);

        var (assignment, distances) = (new int[60], new float[60]);
        Assignment.Find(packed, groups, metric, assignment, distances);
        for (var i = 0; i < 60; i++)
            Assert.Equal(Expected(i), (assignment[i], distances[i]));

        void CheckForm(string name, Form form)
        {
            var scores = stackalloc float[PackedPoints.TileSize];
            var indices = stackalloc int[PackedPoints.TileSize];
            for (var tile = 0; tile < packed.Tiles; tile++)
            {
                for (var i = 0; i < PackedPoints.TileSize; i++)
                    (scores[i], indices[i]) = (float.NegativeInfinity, 0);

                form(packed.Tile(tile), d, groups.Groups, groups.Components, groups.Starts, scores, indices);
                for (var i = tile * PackedPoints.TileSize; i < Math.Min(60, (tile + 1) * PackedPoints.TileSize); i++)
                {
                    var actual = indices[i % PackedPoints.TileSize];
                    Assert.True(Expected(i).Centroid == actual, $"{name}, d = {d}, k = {k}, {metric}, point {i}: {actual}");
                }
            }
        }

        (int Centroid, float Distance) Expected(int i)
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
