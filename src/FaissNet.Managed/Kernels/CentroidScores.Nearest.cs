using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

// The nearest centroids of vectors most of whose components are zero, such as images.
internal sealed unsafe partial class CentroidScores
{
    private const int Lanes = 8;

    // Tiles that the widest form scores at once.
    private const int MostTiles = 3;

    // So many rows tell what the others are like.
    private const int Sampled = 6;

    /// <summary>Whether <see cref="TryFindNearest"/> is likely to find something: whether most components are zero.</summary>
    /// <param name="rows">Vectors, <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">From one vector to the next.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="d">Components of each.</param>
    public static bool AreSparse(float* rows, long stride, int count, int d)
    {
        long zeros = 0, all = 0;
        for (var i = 0; i < count; i += (count + Sampled - 1) / Sampled, all += d)
            zeros += NonzeroComponents.CountZeros(rows + i * stride, d);

        return zeros > all - all / SparseRatio;
    }

    /// <summary>Finds the centroids with the largest scores, if most components are zero: where they are not, other kernels are faster.</summary>
    /// <param name="rows">Vectors, <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">From one vector to the next.</param>
    /// <param name="count">1 to 48 vectors.</param>
    /// <param name="numbers">Receives the number of each one's centroid.</param>
    /// <param name="doubtful">Receives a bit for each vector that scores do not decide for sure: by <see cref="NearestResolution.Margin(int, float, float)"/>,
    /// twice, for the norms that scores start from are sums of floats too.</param>
    /// <returns>Whether they were sought.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryFindNearest(float* rows, long stride, int count, int* numbers, out ulong doubtful)
    {
        doubtful = 0;
        if (!_isFinite || !AreSparse(rows, stride, count, Dimension))
            return false;

        var d = Dimension;
        using var scratch = Scratch.Rent();
        var nonzero = new NonzeroRows(scratch, count, d, PartSize);
        var best = scratch.Floats(count * Lanes);
        var second = scratch.Floats(count * Lanes);
        var winners = scratch.Ints(count * Lanes);
        var scores = scratch.Floats(count * MostTiles * Tile);
        for (var i = 0; i < count; i++)
            Compress(rows + i * stride, i, nonzero);

        new Span<float>(best, count * Lanes).Fill(float.NegativeInfinity);
        new Span<float>(second, count * Lanes).Fill(float.NegativeInfinity);
        new Span<int>(winners, count * Lanes).Clear();
        for (int tile = 0, tiles; tile < Tiles; tile += tiles)
        {
            tiles = TilesAtOnce(tile);
            ScoreTiles(tile, tiles, nonzero, count, scores, MostTiles * Tile);
            for (var i = 0; i < count; i++)
                Keep(scores + i * MostTiles * Tile, tiles * Tile, tile * Tile, best + i * Lanes, second + i * Lanes, winners + i * Lanes);
        }

        for (var i = 0; i < count; i++)
        {
            var (lane, lead) = Lead(best + i * Lanes, second + i * Lanes);
            numbers[i] = winners[i * Lanes + lane];
            var norm = MathF.Sqrt(TensorPrimitives.SumOfSquares(new ReadOnlySpan<float>(nonzero.Values(i), nonzero.First(i, nonzero.Parts))));
            // Not a number is never more.
            if (!(lead > 2 * NearestResolution.Margin(d, norm, MaxNorm)))
                doubtful |= 1UL << i;
        }

        return true;
    }

    // The two largest scores of each lane, and whose the largest is.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Keep(float* scores, int count, int first, float* best, float* second, int* winners)
    {
        Vector256<float> largest = Vector256.Load(best), next = Vector256.Load(second);
        var winner = Vector256.Load(winners);
        var number = Vector256<int>.Indices + Vector256.Create(first);
        for (var i = 0; i < count; i += Lanes, number += Vector256.Create(Lanes))
        {
            var score = Vector256.Load(scores + i);
            var isLarger = Vector256.GreaterThan(score, largest);
            next = Vector256.MaxNative(next, Vector256.ConditionalSelect(isLarger, largest, score));
            largest = Vector256.ConditionalSelect(isLarger, score, largest);
            winner = Vector256.ConditionalSelect(isLarger.AsInt32(), number, winner);
        }

        largest.Store(best);
        next.Store(second);
        winner.Store(winners);
    }

    // In which lane the largest of all is, and by how much it is larger than the next.
    private static (int Lane, float Lead) Lead(float* best, float* second)
    {
        var lane = 0;
        for (var i = 1; i < Lanes; i++)
            lane = best[i] > best[lane] ? i : lane;

        var next = second[lane];
        for (var i = 0; i < Lanes; i++)
            next = i != lane && best[i] > next ? best[i] : next;

        return (lane, best[lane] - next);
    }
}
