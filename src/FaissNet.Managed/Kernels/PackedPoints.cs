using System.Runtime.InteropServices;

namespace FaissNet.Managed;

/// <summary>Memory for kernels: aligned to cache lines, outside the garbage collector's heap, zeroed.</summary>
internal sealed unsafe class AlignedFloats : IDisposable
{
    private float* _pointer;

    public AlignedFloats(long length)
    {
        Length = length;
        _pointer = (float*)NativeMemory.AlignedAlloc(checked((nuint)Math.Max(1, length) * sizeof(float)), 64);
        NativeMemory.Clear(_pointer, (nuint)length * sizeof(float));
    }

    ~AlignedFloats() => Release();

    public long Length { get; }

    public float* Pointer => _pointer is null ? throw new ObjectDisposedException(nameof(AlignedFloats)) : _pointer;

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
    }
}

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
        var to = _tiles.Pointer;
        fixed (float* from = rows)
        {
            for (var i = 0; i < n; i++)
            {
                var row = from + (long)i * stride + offset;
                var column = to + (long)(i / TileSize) * d * TileSize + i % TileSize;
                var norm = 0f;
                for (var j = 0; j < d; j++)
                {
                    column[(long)j * TileSize] = row[j];
                    norm += row[j] * row[j];
                }

                SquaredNorms[i] = norm;
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

/// <summary>
/// Centroids in groups of <see cref="GroupSize"/>, each group component by component, [k / 8][d][8], with what each score starts from: -‖c‖²/2
/// for L2, 0 for the inner product, and -∞ for the padding of the last group, which therefore never wins.
/// </summary>
internal sealed unsafe class PackedCentroids : IDisposable
{
    public const int GroupSize = 8;

    private readonly AlignedFloats _groups;
    private readonly AlignedFloats _starts;

    public PackedCentroids(int k, int d)
    {
        (Count, Dimension) = (k, d);
        Groups = (k + GroupSize - 1) / GroupSize;
        _groups = new AlignedFloats((long)Groups * d * GroupSize);
        _starts = new AlignedFloats((long)Groups * GroupSize);
    }

    public int Count { get; }

    public int Dimension { get; }

    public int Groups { get; }

    public float* Components => _groups.Pointer;

    public float* Starts => _starts.Pointer;

    /// <summary>Takes over k·d floats.</summary>
    public void Pack(ReadOnlySpan<float> centroids, MetricType metric)
    {
        int k = Count, d = Dimension;
        float* to = Components, starts = Starts;
        for (var i = 0; i < Groups * GroupSize; i++)
        {
            var column = to + (long)(i / GroupSize) * d * GroupSize + i % GroupSize;
            var norm = 0f;
            for (var j = 0; j < d; j++)
            {
                var value = i < k ? centroids[i * d + j] : 0;
                column[(long)j * GroupSize] = value;
                norm += value * value;
            }

            starts[i] = i >= k ? float.NegativeInfinity : metric == MetricType.InnerProduct ? 0 : -norm / 2;
        }
    }

    public void Dispose()
    {
        _groups.Dispose();
        _starts.Dispose();
    }
}
