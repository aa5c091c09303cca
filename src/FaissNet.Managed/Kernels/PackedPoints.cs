using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>
/// Points in lanes: tiles of <see cref="TileSize"/> points, each tile component by component, [n / 48][d][48]. One load then brings the
/// same component of many points, so that a dot product needs no horizontal sum. Packed once per training run.
/// </summary>
internal sealed unsafe class PackedPoints : IDisposable
{
    /// <summary>Three 512-bit, six 256-bit or twelve 128-bit vectors.</summary>
    public const int TileSize = 48;

    private readonly AlignedFloats _tiles;

    /// <summary>Packs the columns from <paramref name="offset"/> up to <paramref name="offset"/> + <paramref name="d"/> of n rows that are
    /// <paramref name="stride"/> floats apart.</summary>
    public PackedPoints(ReadOnlySpan<float> rows, int n, int d, int stride, int offset = 0)
    {
        (Count, Dimension) = (n, d);
        Tiles = (n + TileSize - 1) / TileSize;
        _tiles = new AlignedFloats((long)Tiles * d * TileSize);
        SquaredNorms = new float[n];
        fixed (float* from = rows)
        {
            for (var tile = 0; tile < Tiles; tile++)
            {
                var first = tile * TileSize;
                var count = Math.Min(TileSize, n - first);
                TilePacking.Pack(from + (long)first * stride + offset, stride, null, count, d, null, null, Tile(tile));
                for (var i = first; i < first + count; i++)
                    SquaredNorms[i] = TensorPrimitives.SumOfSquares(new ReadOnlySpan<float>(from + (long)i * stride + offset, d));
            }
        }
    }

    public int Count { get; }

    public int Dimension { get; }

    public int Tiles { get; }

    /// <summary>‖x‖² of each point.</summary>
    public float[] SquaredNorms { get; }

    /// <summary>d·<see cref="TileSize"/> floats; lanes beyond <see cref="Count"/> are zero.</summary>
    public float* Tile(int tile) => _tiles.Pointer + (long)tile * Dimension * TileSize;

    public void Dispose() => _tiles.Dispose();
}
