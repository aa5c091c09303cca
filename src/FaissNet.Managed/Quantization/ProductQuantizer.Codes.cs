using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>Vectors to codes and back.</summary>
public sealed unsafe partial class ProductQuantizer
{
    private PackedCentroids[]? _packed;

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes)
    {
        fixed (float* from = vectors)
        fixed (byte* to = codes)
            EncodeInParallel(from, n, to);
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors)
    {
        fixed (byte* from = codes)
        fixed (float* to = vectors)
        {
            for (var i = 0; i < n; i++)
                Decode(from + (long)i * CodeSize, to + (long)i * Dimension);
        }
    }

    /// <summary>Decodes one code.</summary>
    internal void Decode(byte* code, float* vector)
    {
        var dsub = SubDimension;
        fixed (float* centroids = _centroids)
        {
            var reader = new BitReader(code, NBits);
            for (var m = 0; m < M; m++)
                Copy(centroids + (((long)m << NBits) + reader.Next()) * dsub, vector + m * dsub, dsub);
        }
    }

    // So few floats that a call would take longer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* from, float* to, int count)
    {
        var j = 0;
        for (; j <= count - 4; j += 4)
            Vector128.Load(from + j).Store(to + j);

        for (; j < count; j++)
            to[j] = from[j];
    }

    /// <summary>Encodes n vectors that lie one after the other.</summary>
    internal void EncodeInParallel(float* vectors, int n, byte* codes)
    {
        // Whole tiles per task, so that no thread count changes what is packed together.
        const int perTask = 8 * PackedPoints.TileSize;
        ManagedThreads.For((n + perTask - 1) / perTask, task =>
        {
            var first = task * perTask;
            Encode(vectors + (long)first * Dimension, Dimension, Math.Min(perTask, n - first), codes + (long)first * CodeSize);
        });
    }

    /// <summary>Encodes n vectors, <paramref name="stride"/> floats apart, on this thread.</summary>
    internal void Encode(float* vectors, long stride, int n, byte* codes) => Encode(vectors, stride, null, n, null, null, codes);

    /// <summary>
    /// Encodes what is left of n vectors after their centroids are subtracted, on this thread, a tile at a time: the residuals of a whole
    /// batch are never held.
    /// </summary>
    /// <param name="vectors">n vectors, <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">From one vector to the next.</param>
    /// <param name="order">Which vector each code is of; null for the order in which they come.</param>
    /// <param name="n">The number of codes.</param>
    /// <param name="coarse">The coarse centroids, d floats each; null to encode the vectors as they are.</param>
    /// <param name="assignment">The coarse centroid of each vector.</param>
    /// <param name="codes">Receives n·<see cref="CodeSize"/> bytes.</param>
    internal void Encode(float* vectors, long stride, int* order, int n, float* coarse, int* assignment, byte* codes)
    {
        var packed = Packed();
        int d = Dimension, dsub = SubDimension;
        using var scratch = Scratch.Rent();
        var tile = scratch.Floats((long)d * PackedPoints.TileSize);
        var numbers = scratch.Ints((long)M * PackedPoints.TileSize);
        var squares = stackalloc float[PackedPoints.TileSize];
        for (var first = 0; first < n; first += PackedPoints.TileSize)
        {
            var count = Math.Min(PackedPoints.TileSize, n - first);
            if (order is null)
                TilePacking.Pack(vectors + first * stride, stride, null, count, d, coarse, assignment + (coarse is null ? 0 : first), tile);
            else
                TilePacking.Pack(vectors, stride, order + first, count, d, coarse, assignment, tile);

            for (var m = 0; m < M; m++)
            {
                var part = tile + (long)m * dsub * PackedPoints.TileSize;
                TilePacking.SquaredNorms(part, dsub, squares);
                TileAssignment.FindTile(part, count, packed[m], squares, AssignmentPrecision.Exact, numbers + (long)m * PackedPoints.TileSize, null);
            }

            for (var i = 0; i < count; i++)
                BitPacking.Write(numbers + i, M, PackedPoints.TileSize, NBits, codes + (long)(first + i) * CodeSize);
        }

        GC.KeepAlive(packed);
    }

    // The centroids as the encoder's kernel reads them. Two threads may both pack them: they make the same.
    private PackedCentroids[] Packed()
    {
        if (Volatile.Read(ref _packed) is { } ready)
            return ready;

        int dsub = SubDimension, size = KSub * dsub;
        var packed = new PackedCentroids[M];
        for (var m = 0; m < M; m++)
        {
            packed[m] = new PackedCentroids(KSub, dsub);
            packed[m].Pack(_centroids.AsSpan(m * size, size), MetricType.L2);
        }

        Volatile.Write(ref _packed, packed);
        return packed;
    }
}
