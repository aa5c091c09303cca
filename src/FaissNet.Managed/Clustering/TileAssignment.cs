using System.Numerics;

namespace FaissNet.Managed;

/// <summary>The nearest centroids of up to 48 points in lanes.</summary>
internal static unsafe class TileAssignment
{
    private const int Tile = PackedPoints.TileSize;

    /// <summary>By 16 bits.</summary>
    /// <param name="tile">[d / 2][48] pairs.</param>
    /// <param name="scale">What the points were multiplied by.</param>
    /// <param name="norms">The length of each.</param>
    /// <param name="errors">The length of each one's rounding error.</param>
    /// <param name="count">1 to 48.</param>
    /// <param name="centroids">The centroids, with pairs.</param>
    /// <param name="starts">Room for a number per centroid, padding included.</param>
    /// <param name="numbers">Receives the number of each point's centroid.</param>
    /// <returns>A bit for each point that 16 bits do not decide.</returns>
    public static ulong FindPairs(
        int* tile, float scale, float* norms, float* errors, int count, PackedCentroids centroids, int* starts, int* numbers)
    {
        int* best = stackalloc int[Tile], second = stackalloc int[Tile], winners = stackalloc int[Tile], margins = stackalloc int[Tile];
        if (!NearestCentroidInt16.TryFind(tile, scale, centroids, starts, best, second, winners))
            return (1UL << count) - 1;

        NearestCentroidInt16.FillMargins(centroids, scale, norms, errors, count, margins);
        var doubtful = NearestCentroidInt16.Doubtful(best, second, margins, count);
        if (NearestCentroidInt16.ComparesEach(centroids.Dimension))
            new ReadOnlySpan<int>(winners, count).CopyTo(new Span<int>(numbers, count));
        else
            NearestCentroidInt16.FindInGroups(tile, count, centroids, starts, winners, margins, ref doubtful, numbers);

        return doubtful;
    }

    /// <summary>By float32.</summary>
    /// <param name="tile">[d][48] floats.</param>
    /// <param name="count">1 to 48.</param>
    /// <param name="centroids">The centroids.</param>
    /// <param name="squares">‖x‖² of each.</param>
    /// <param name="precision">Float32, or exact: then what float32 does not decide is decided by the distances.</param>
    /// <param name="numbers">Receives the number of each point's centroid.</param>
    /// <param name="distances">Receives the squared distances, or the inner products; may be null.</param>
    public static void FindTile(
        float* tile, int count, PackedCentroids centroids, float* squares, AssignmentPrecision precision, int* numbers, float* distances)
    {
        float* best = stackalloc float[Tile], second = stackalloc float[Tile], scores = stackalloc float[Tile];
        var winners = stackalloc int[Tile];
        NearestCentroid.Find(tile, centroids, best, second, winners);
        var doubtful = NearestResolution.Doubtful(best, second, squares, count, centroids);
        NearestResolution.FindInGroups(tile, 1, Tile, count, centroids, winners, squares, ref doubtful, numbers, scores);
        if (distances is not null)
            ToDistances(scores, squares, count, centroids.Metric, distances);

        if (precision == AssignmentPrecision.Exact && doubtful != 0)
            FindDirectly(tile, centroids, doubtful, numbers, distances);
    }

    // Many doubtful points are the same: those where little is stored, such as the border of an image.
    private static void FindDirectly(float* tile, PackedCentroids centroids, ulong doubtful, int* numbers, float* distances)
    {
        var last = -1;
        var (number, distance) = (0, 0f);
        for (; doubtful != 0; doubtful &= doubtful - 1)
        {
            var i = BitOperations.TrailingZeroCount(doubtful);
            if (last < 0 || !NearestResolution.AreEqual(tile + i, tile + last, Tile, centroids.Dimension))
                number = NearestResolution.FindDirectly(tile + i, Tile, centroids, out distance);

            last = i;
            numbers[i] = number;
            if (distances is not null)
                distances[i] = distance;
        }
    }

    // ‖x‖² - 2(⟨x,c⟩ - ‖c‖²/2); rounding can take it below zero, which FAISS clamps as well.
    private static void ToDistances(float* scores, float* squares, int count, MetricType metric, float* distances)
    {
        for (var i = 0; i < count; i++)
            distances[i] = metric == MetricType.InnerProduct ? scores[i] : MathF.Max(0, squares[i] - 2 * scores[i]);
    }
}
