using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>Assigns points to their nearest centroids; each point's result depends on nothing else, least of all on the thread count.</summary>
internal static unsafe class Assignment
{
    private const int Tile = PackedPoints.TileSize;

    // So many tiles share the tile that takes what is doubtful.
    private const int TilesPerTask = 64;

    /// <summary>Packed points, in float32.</summary>
    /// <param name="points">n points.</param>
    /// <param name="centroids">The centroids.</param>
    /// <param name="metric">L2 or inner product, that of <paramref name="centroids"/>.</param>
    /// <param name="assignment">Receives n centroid numbers.</param>
    /// <param name="distances">Receives n distances, squared with L2; empty if they are not wanted.</param>
    /// <param name="precision">Float32 or exact.</param>
    /// <param name="cancellationToken">Ends the assignment early.</param>
    public static void Find(
        PackedPoints points, PackedCentroids centroids, MetricType metric, int[] assignment, float[] distances,
        AssignmentPrecision precision = AssignmentPrecision.Exact, CancellationToken cancellationToken = default)
    {
        System.Diagnostics.Debug.Assert(metric == centroids.Metric);
        var tiles = points.Tiles;
        ForTiles(tiles, centroids, (start, end) =>
        {
            fixed (int* numbers = assignment)
            fixed (float* squares = points.SquaredNorms, found = distances)
            {
                for (var tile = start; tile < end; tile++)
                {
                    var first = tile * Tile;
                    TileAssignment.FindTile(
                        points.Tile(tile), Math.Min(Tile, points.Count - first), centroids, squares + first, precision, numbers + first,
                        found is null ? null : found + first);
                }
            }
        }, cancellationToken);
    }

    /// <summary>Rows that were packed in 16 bits.</summary>
    /// <param name="rows">n·d floats.</param>
    /// <param name="n">The number of rows.</param>
    /// <param name="points">The same packed.</param>
    /// <param name="centroids">The centroids, with pairs.</param>
    /// <param name="precision">How sure to be.</param>
    /// <param name="assignment">Receives n centroid numbers.</param>
    /// <param name="cancellationToken">Ends the assignment early.</param>
    public static void Find(
        float* rows, int n, QuantizedPoints points, PackedCentroids centroids, AssignmentPrecision precision, int[] assignment,
        CancellationToken cancellationToken) =>
        ForTiles((n + Tile - 1) / Tile, centroids, (start, end) =>
        {
            fixed (int* numbers = assignment)
            fixed (float* norms = points.Norms, errors = points.Errors)
            {
                using var scratch = Scratch.Rent();
                var starts = scratch.Ints((long)centroids.Groups * PackedCentroids.GroupSize);
                var pending = new DoubtfulPoints(scratch, rows, centroids.Dimension, centroids, precision, numbers);
                for (var tile = start; tile < end; tile++)
                {
                    var first = tile * Tile;
                    var count = Math.Min(Tile, n - first);
                    var isScored = NearestCentroidInt16.CanScore(centroids, points.Scale(tile));
                    var doubtful = TileAssignment.FindPairs(
                        points.Tile(tile), points.Scale(tile), norms + first, errors + first, count, centroids, starts, numbers + first);
                    if (precision != AssignmentPrecision.Rounded || !isScored)
                        pending.Add(first, doubtful);
                }

                pending.Decide();
            }
        }, cancellationToken);

    /// <summary>Rows of vectors as they come, for instance those that are added to an inverted file: exactly, on all threads.</summary>
    /// <param name="rows">n vectors, <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">From one vector to the next.</param>
    /// <param name="n">The number of vectors.</param>
    /// <param name="centroids">The centroids, best with pairs.</param>
    /// <param name="assignment">Receives n centroid numbers.</param>
    /// <param name="distances">Receives n distances, squared with L2, or inner products; may be null, which is faster.</param>
    /// <param name="scores">The same centroids, for rows most of whose components are zero; without it the result is the same.</param>
    /// <param name="cancellationToken">Ends the search between tiles.</param>
    public static void Find(
        float* rows, long stride, int n, PackedCentroids centroids, int* assignment, float* distances, CentroidScores? scores = null,
        CancellationToken cancellationToken = default)
    {
        ForTiles((n + Tile - 1) / Tile, centroids, (start, end) =>
        {
            var first = start * Tile;
            FindHere(
                rows + first * stride, stride, Math.Min(n, end * Tile) - first, centroids, assignment + first,
                distances is null ? null : distances + first, scores);
        }, cancellationToken);
    }

    /// <summary>The same on this thread alone; allocates nothing.</summary>
    public static void FindHere(
        float* rows, long stride, int n, PackedCentroids centroids, int* assignment, float* distances, CentroidScores? scores = null)
    {
        using var scratch = Scratch.Rent();
        var d = centroids.Dimension;
        if (!centroids.HasPairs || distances is not null)
        {
            var tile = scratch.Floats((long)d * Tile);
            var squares = stackalloc float[Tile];
            for (var first = 0; first < n; first += Tile)
            {
                var count = Math.Min(Tile, n - first);
                var from = rows + first * stride;
                TilePacking.Pack(from, stride, null, count, d, null, null, tile);
                for (var i = 0; i < count; i++)
                    squares[i] = TensorPrimitives.SumOfSquares(new ReadOnlySpan<float>(from + i * stride, d));

                TileAssignment.FindTile(
                    tile, count, centroids, squares, AssignmentPrecision.Exact, assignment + first, distances is null ? null : distances + first);
            }

            return;
        }

        var pairs = scratch.Ints((long)(d + 1) / 2 * Tile);
        var starts = scratch.Ints((long)centroids.Groups * PackedCentroids.GroupSize);
        float* norms = stackalloc float[Tile], errors = stackalloc float[Tile];
        var pending = new DoubtfulPoints(scratch, rows, stride, centroids, AssignmentPrecision.Exact, assignment);
        for (var first = 0; first < n; first += Tile)
        {
            var count = Math.Min(Tile, n - first);
            var from = rows + first * stride;
            if (scores is null || !scores.TryFindNearest(from, stride, count, assignment + first, out var doubtful))
            {
                var scale = TilePacking.PackPairs(from, stride, count, d, pairs, norms, errors);
                doubtful = TileAssignment.FindPairs(pairs, scale, norms, errors, count, centroids, starts, assignment + first);
            }

            pending.Add(first, doubtful);
        }

        pending.Decide();
    }

    private static void ForTiles(int tiles, PackedCentroids centroids, Action<int, int> body, CancellationToken cancellationToken)
    {
        // Enough tiles that what is doubtful in them fills one of float32; few enough that all threads have work, and that a
        // cancellation is noticed soon.
        var work = Math.Max(1L, (long)Tile * centroids.Count * centroids.Dimension);
        var perTask = (int)Math.Clamp((1L << 29) / work, TilesPerTask / 4, TilesPerTask);
        if (ManagedThreads.Count > 1)
            perTask = Math.Clamp(tiles / (4 * ManagedThreads.Count), 1, perTask);

        ManagedThreads.For(
            (tiles + perTask - 1) / perTask, task => body(task * perTask, Math.Min(tiles, (task + 1) * perTask)), cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
