using System.Numerics;
using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>Rows that 16 bits left undecided, collected from many tiles until they fill one of float32.</summary>
internal unsafe ref struct DoubtfulPoints
{
    private const int Tile = PackedPoints.TileSize;

    private readonly float* _rows;
    private readonly long _stride;
    private readonly PackedCentroids _centroids;
    private readonly AssignmentPrecision _precision;
    private readonly int* _assignment;
    private readonly int* _waiting;
    private readonly float* _copies;
    private readonly float* _tile;
    private int _count;

    public DoubtfulPoints(
        Scratch scratch, float* rows, long stride, PackedCentroids centroids, AssignmentPrecision precision, int* assignment)
    {
        _rows = rows;
        _stride = stride;
        _assignment = assignment;
        _centroids = centroids;
        _precision = precision;
        _waiting = scratch.Ints(Tile);
        _copies = scratch.Floats((long)Tile * centroids.Dimension);
        _tile = scratch.Floats((long)Tile * centroids.Dimension);
    }

    /// <summary>Takes the rows from <paramref name="first"/> on whose bit is set.</summary>
    public void Add(int first, ulong doubtful)
    {
        for (; doubtful != 0; doubtful &= doubtful - 1)
        {
            _waiting[_count++] = first + BitOperations.TrailingZeroCount(doubtful);
            if (_count == Tile)
                Decide();
        }
    }

    /// <summary>Decides those that wait.</summary>
    public void Decide()
    {
        if (_count == 0)
            return;

        var d = _centroids.Dimension;
        var squares = stackalloc float[Tile];
        var numbers = stackalloc int[Tile];
        for (var i = 0; i < _count; i++)
        {
            var row = new ReadOnlySpan<float>(_rows + _waiting[i] * _stride, d);
            row.CopyTo(new Span<float>(_copies + (long)i * d, d));
            squares[i] = TensorPrimitives.SumOfSquares(row);
        }

        TilePacking.Pack(_copies, d, null, _count, d, null, null, _tile);
        TileAssignment.FindTile(_tile, _count, _centroids, squares, _precision, numbers, null);
        for (var i = 0; i < _count; i++)
            _assignment[_waiting[i]] = numbers[i];

        _count = 0;
    }
}
