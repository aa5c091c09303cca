namespace FaissNet.Managed;

/// <summary>Points in lanes with components of 16 bits, [n / 48][d / 2][48] pairs, and how exact they are: see
/// <see cref="NearestCentroidInt16"/>. Packed once per training run.</summary>
internal sealed unsafe class QuantizedPoints : IDisposable
{
    private const int TileSize = PackedPoints.TileSize;

    private readonly UnmanagedBuffer _tiles = new();
    private float[] _scales = [];
    private long _tileLength;

    /// <summary>The length of each point.</summary>
    public float[] Norms { get; private set; } = [];

    /// <summary>The length of each point's rounding error, scaled.</summary>
    public float[] Errors { get; private set; } = [];

    /// <summary>Packs n rows of d floats in place of those before.</summary>
    public void Pack(float* rows, int n, int d, CancellationToken cancellationToken = default)
    {
        var tiles = (n + TileSize - 1) / TileSize;
        _tileLength = (long)(d + 1) / 2 * TileSize;
        _tiles.Reserve(tiles * _tileLength * sizeof(int), amortize: false);
        if (_scales.Length < tiles)
        {
            _scales = new float[tiles];
            Norms = new float[tiles * TileSize];
            Errors = new float[tiles * TileSize];
        }

        const int perTask = 64;
        ManagedThreads.For((tiles + perTask - 1) / perTask, task =>
        {
            fixed (float* norms = Norms, errors = Errors)
            {
                for (var tile = task * perTask; tile < Math.Min(tiles, (task + 1) * perTask); tile++)
                {
                    var first = tile * TileSize;
                    var count = Math.Min(TileSize, n - first);
                    _scales[tile] = TilePacking.PackPairs(rows + (long)first * d, d, count, d, Tile(tile), norms + first, errors + first);
                }
            }
        }, cancellationToken);
    }

    public int* Tile(int tile) => (int*)_tiles.Pointer + tile * _tileLength;

    /// <summary>What the points of a tile were multiplied by.</summary>
    public float Scale(int tile) => _scales[tile];

    public void Dispose() => _tiles.Dispose();
}
