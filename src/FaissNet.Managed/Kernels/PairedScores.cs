using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>
/// The scores of <see cref="CentroidScores"/>, nearly, for where there are no vectors: of components rounded to whole numbers, two centroids to a
/// double, so that one multiplication and one addition serve both. Tiles of 16 centroids, [tile][d][8 doubles].
/// </summary>
/// <remarks>
/// <para>A double holds lo + hi·2²⁶ exactly while |lo| and |hi| are below 2²⁵. Query and centroids are scaled and rounded so that no length exceeds
/// L = 5792, and L² is below 2²⁵. By Cauchy and Schwarz no partial sum of the products of two of them is larger: every product and every sum that
/// is computed is a whole number without rounding, in whatever order.</para>
/// <para>With x = x̂/s + e and c = ĉ/t + f, ⟨x,c⟩ - ⟨x̂,ĉ⟩/(st) = ⟨x̂/s,f⟩ + ⟨e,c⟩ is at most (‖x‖ + ‖e‖)·max‖f‖ + ‖e‖·max‖c‖, and a score as a
/// float misses 2⁻²⁴ of itself besides. Twice that, and what computed distances may miss (<see cref="NearestResolution"/>), is the margin of a query:
/// of two centroids whose scores differ by more, that with the larger score has the smaller computed distance.</para>
/// </remarks>
internal sealed unsafe class PairedScores : IDisposable
{
    /// <summary>Centroids per tile.</summary>
    public const int Tile = 2 * Pairs;

    private const int Pairs = 8;

    // Queries that meet a tile before the next one comes.
    private const int Group = 32;
    private const double Upper = 1 << 26;
    private const double LargestLength = 5792;

    // Squares of what is longer could exceed float32.
    private const double LongestVector = 1e18;

    // Added and taken away again, it leaves a whole number, the nearest.
    private const double Rounder = 3L << 51;

    private readonly AlignedFloats _tiles;
    private readonly double[] _starts;
    private readonly double _scale;
    private readonly double _maxNorm;
    private readonly double _maxError;

    // A rounded vector is longer by half the diagonal of a cube at most.
    private readonly double _length;

    /// <param name="centroids">count·d floats.</param>
    /// <param name="count">The number of centroids.</param>
    /// <param name="d">Components of each.</param>
    /// <param name="metric">L2 or inner product.</param>
    public PairedScores(float* centroids, int count, int d, MetricType metric)
    {
        (Dimension, Tiles) = (d, (count + Tile - 1) / Tile);
        _length = LargestLength - 1 - Math.Sqrt(d) / 2;
        _starts = new double[Tiles * Tile];
        for (var i = 0; i < _starts.Length; i++)
        {
            var square = i < count ? SquaredNorm(centroids + (long)i * d, d) : 0;
            // What is not a number stays.
            _maxNorm = Math.Max(_maxNorm, Math.Sqrt(square));
            _starts[i] = i >= count ? double.NegativeInfinity : metric == MetricType.InnerProduct ? 0 : -square / 2;
        }

        IsUsable = _maxNorm <= LongestVector && _length > LargestLength / 2;
        _tiles = new AlignedFloats(IsUsable ? (long)Tiles * d * Tile : 0);
        _scale = _maxNorm > 0 ? _length / _maxNorm : 1;
        for (var i = 0; IsUsable && i < count; i++)
        {
            var pair = (double*)_tiles.Pointer + (long)(i / Tile) * d * Pairs + i % Tile / 2;
            var error = 0.0;
            for (var j = 0; j < d; j++)
            {
                double value = centroids[(long)i * d + j], rounded = Round(value * _scale), missed = value - rounded / _scale;
                pair[(long)j * Pairs] += i % 2 == 0 ? rounded : rounded * Upper;
                error += missed * missed;
            }

            _maxError = Math.Max(_maxError, Math.Sqrt(error));
        }
    }

    /// <summary>Whether this is faster here than <see cref="CentroidScores"/>.</summary>
    public static bool IsFaster => !Vector128.IsHardwareAccelerated;

    /// <summary>Whether the centroids could be rounded: they are finite, not too long, and have not millions of components.</summary>
    public bool IsUsable { get; }

    /// <summary>Components of each.</summary>
    public int Dimension { get; }

    /// <summary>Tiles of 16.</summary>
    public int Tiles { get; }

    /// <summary>Floats from one query's scores to the next one's; those behind the last centroid's are -∞.</summary>
    public int Stride => Tiles * Tile;

    /// <summary>Bytes of memory that this takes.</summary>
    public long Bytes => _tiles.Length * sizeof(float) + (long)_starts.Length * sizeof(double);

    public void Dispose() => _tiles.Dispose();

    /// <summary>Scores queries.</summary>
    /// <param name="queries">n·d floats.</param>
    /// <param name="n">The number of queries.</param>
    /// <param name="scores">Receives n rows of <see cref="Stride"/> floats.</param>
    /// <param name="margins">Receives n floats: between two centroids whose scores differ by more, the larger decides. +∞ for a query that is too long,
    /// whose scores mean nothing.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Score(float* queries, int n, float* scores, float* margins)
    {
        var d = Dimension;
        using var scratch = Scratch.Rent();
        var offsets = scratch.Ints((long)Group * d);
        var components = scratch.Floats(d);
        var rounded = scratch.Take<double>((long)Group * d);
        var counts = stackalloc int[Group];
        var factors = stackalloc double[Group];
        for (; n > 0; n -= Group, queries += (long)Group * d, scores += (long)Group * Stride, margins += Group)
        {
            var group = Math.Min(Group, n);
            for (var i = 0; i < group; i++)
            {
                counts[i] = NonzeroComponents.Compress(queries + (long)i * d, d, Pairs, offsets + (long)i * d, components);
                margins[i] = RoundQuery(components, counts[i], rounded + (long)i * d, out factors[i]);
                if (float.IsPositiveInfinity(margins[i]))
                    (counts[i], factors[i]) = (0, 0);
            }

            // Tile by tile: it stays in the nearest cache while several queries meet it.
            var tile = (double*)_tiles.Pointer;
            for (var t = 0; t < Tiles; t++, tile += (long)d * Pairs)
            {
                for (var i = 0; i < group; i++)
                    ScoreTile(tile, t, offsets + (long)i * d, rounded + (long)i * d, counts[i], factors[i], scores + (long)i * Stride + t * Tile);
            }
        }
    }

    // Of the components that are not zero; answers the margin.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float RoundQuery(float* components, int count, double* rounded, out double factor)
    {
        var norm = Math.Sqrt(SquaredNorm(components, count));
        factor = 0;
        if (!(norm <= LongestVector))
            return float.PositiveInfinity;

        double scale = norm > 0 ? _length / norm : 1, inverse = 1 / scale, square = 0;
        for (var j = 0; j < count; j++)
        {
            double value = components[j], whole = Round(value * scale), missed = value - whole * inverse;
            rounded[j] = whole;
            square += missed * missed;
        }

        factor = inverse / _scale;
        var error = Math.Sqrt(square);
        var largest = norm * _maxNorm + _maxNorm * _maxNorm / 2;
        // Products and scores that underflow miss as much as the least float, each.
        var missing = (norm + error) * _maxError + error * _maxNorm + largest * (1.0 / (1 << 23)) + (Dimension + 1) * (double)float.Epsilon;
        // The last factor covers what is lost in computing this.
        return MathF.BitIncrement((float)((2 * missing + NearestResolution.Margin(Dimension, (float)norm, (float)_maxNorm)) * 1.0001));
    }

    /// <summary>The sums of eight pairs of centroids, taken apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScoreTile(double* tile, int number, int* offsets, double* values, int count, double factor, float* scores)
    {
        double a = 0, b = 0, c = 0, e = 0, f = 0, g = 0, h = 0, i = 0;
        for (nint j = 0; j < count; j++)
        {
            var x = tile + offsets[j];
            var y = values[j];
            a += x[0] * y;
            b += x[1] * y;
            c += x[2] * y;
            e += x[3] * y;
            f += x[4] * y;
            g += x[5] * y;
            h += x[6] * y;
            i += x[7] * y;
        }

        fixed (double* first = _starts)
        {
            var starts = first + number * Tile;
            Split(a, factor, starts, scores);
            Split(b, factor, starts + 2, scores + 2);
            Split(c, factor, starts + 4, scores + 4);
            Split(e, factor, starts + 6, scores + 6);
            Split(f, factor, starts + 8, scores + 8);
            Split(g, factor, starts + 10, scores + 10);
            Split(h, factor, starts + 12, scores + 12);
            Split(i, factor, starts + 14, scores + 14);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(double sum, double factor, double* starts, float* scores)
    {
        var high = Round(sum * (1 / Upper));
        scores[0] = (float)(starts[0] + (sum - high * Upper) * factor);
        scores[1] = (float)(starts[1] + high * factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Round(double x) => x + Rounder - Rounder;

    private static double SquaredNorm(float* x, int d)
    {
        double a = 0, b = 0;
        var j = 0;
        for (; j <= d - 2; j += 2)
        {
            a += (double)x[j] * x[j];
            b += (double)x[j + 1] * x[j + 1];
        }

        return a + b + (j < d ? (double)x[j] * x[j] : 0);
    }
}
