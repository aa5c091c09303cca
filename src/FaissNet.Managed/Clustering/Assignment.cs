namespace FaissNet.Managed;

/// <summary>Assigns packed points to their nearest centroids, on all threads; each point's result depends on nothing else.</summary>
internal static class Assignment
{
    /// <param name="points">n points.</param>
    /// <param name="centroids">The centroids.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="assignment">Receives n centroid numbers.</param>
    /// <param name="distances">Receives n distances, squared with L2; empty if they are not wanted.</param>
    public static void Find(PackedPoints points, PackedCentroids centroids, MetricType metric, int[] assignment, float[] distances)
    {
        // A task is about a quarter of a million multiplications at least, so that handing it out costs nothing.
        var work = Math.Max(1L, (long)PackedPoints.TileSize * centroids.Count * points.Dimension);
        var tilesPerTask = (int)Math.Clamp((1 << 18) / work, 1, Math.Max(1, points.Tiles));
        var tasks = (points.Tiles + tilesPerTask - 1) / tilesPerTask;
        ManagedThreads.For(tasks, task =>
        {
            var end = Math.Min(points.Tiles, (task + 1) * tilesPerTask);
            for (var tile = task * tilesPerTask; tile < end; tile++)
                FindTile(points, centroids, metric, tile, assignment, distances);
        });
    }

    private static unsafe void FindTile(
        PackedPoints points, PackedCentroids centroids, MetricType metric, int tile, int[] assignment, float[] distances)
    {
        var scores = stackalloc float[PackedPoints.TileSize];
        var indices = stackalloc int[PackedPoints.TileSize];
        NearestCentroid.Find(points.Tile(tile), centroids, scores, indices);
        var first = tile * PackedPoints.TileSize;
        var count = Math.Min(PackedPoints.TileSize, points.Count - first);
        for (var i = 0; i < count; i++)
        {
            assignment[first + i] = indices[i];
            if (distances.Length > 0)
            {
                // ‖x‖² - 2(⟨x,c⟩ - ‖c‖²/2); rounding can take it below zero, which FAISS clamps as well.
                distances[first + i] = metric == MetricType.InnerProduct
                    ? scores[i]
                    : Math.Max(0, points.SquaredNorms[first + i] - 2 * scores[i]);
            }
        }
    }
}
