namespace FaissNet.Managed;

/// <summary>Rows into lanes: up to 48 vectors become one tile [d][48], as <see cref="PackedPoints"/> describes.</summary>
internal static unsafe class TilePacking
{
    private const int Tile = PackedPoints.TileSize;

    /// <param name="rows">The vectors, <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">From one vector to the next.</param>
    /// <param name="count">1 to 48 vectors; the lanes behind them become zero.</param>
    /// <param name="d">Components of each.</param>
    /// <param name="coarse">Centroids to subtract, d floats each, or null.</param>
    /// <param name="assignment">Which centroid to subtract from each vector.</param>
    /// <param name="tile">Receives d·48 floats.</param>
    public static void Pack(float* rows, long stride, int count, int d, float* coarse, int* assignment, float* tile)
    {
        for (var i = 0; i < Tile; i++)
        {
            var row = rows + i * stride;
            for (var j = 0; j < d; j++)
            {
                tile[(long)j * Tile + i] = i >= count ? 0
                    : coarse is null ? row[j]
                    : row[j] - coarse[(long)assignment[i] * d + j];
            }
        }
    }
}
