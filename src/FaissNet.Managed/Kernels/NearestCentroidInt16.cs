using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// <see cref="NearestCentroid"/> on components rounded to 16 bits, two of them multiplied and added by one instruction: up to twice as fast.
/// Its scores are whole numbers and off by a known bound, so that what they cannot decide is left to float32.
/// </summary>
/// <remarks>
/// Points are scaled to a length of at most <see cref="TargetNorm"/> per tile, centroids all alike. By Cauchy and Schwarz every partial sum of
/// a product is then within <see cref="TargetNorm"/>² = 9e8 of its start, which is never below -<see cref="MaxStart"/>: nothing overflows.
/// </remarks>
internal static unsafe class NearestCentroidInt16
{
    /// <summary>The length to which points and centroids are scaled.</summary>
    public const float TargetNorm = 30000;

    /// <summary>The largest ‖c‖²/2, scaled, of a centroid.</summary>
    public const double MaxStart = 1.2e9;

    // Below everything, even less the largest product of the others: those of what never wins are zero.
    private const int NeverWins = int.MinValue + 128;

    private const int Tile = PackedPoints.TileSize;
    private const int Group = PackedCentroids.GroupSize;

    public static bool IsSupported => Avx2.IsSupported;

    /// <summary>What brings a vector to <see cref="TargetNorm"/>. Where it would be huge the vector is so short that its squares lose their
    /// precision, and rounds to zero.</summary>
    public static float Scale(float norm) => MathF.Min(TargetNorm / (norm * 1.00001f), 1e18f);

    /// <summary>Whether the kernel compares each centroid rather than the best of each group. With many components comparing is nothing, and
    /// to look up a point's components once more, far apart as they are in a tile, is not.</summary>
    public static bool ComparesEach(int d) => d >= 64;

    /// <summary>Whether the centroids are not so much longer than the points that the scores would overflow.</summary>
    public static bool CanScore(PackedCentroids centroids, float scale) =>
        centroids.MaxStart * ((double)scale * centroids.PairScale) <= MaxStart && float.IsFinite(scale * centroids.PairScale);

    /// <summary>Scores all centroids but keeps those of each point's best group and of the best other group, or of the two best centroids.</summary>
    /// <param name="tile">[d / 2][48] pairs of 16 bits.</param>
    /// <param name="scale">What the points were multiplied by.</param>
    /// <param name="centroids">The centroids, with pairs.</param>
    /// <param name="starts">Room for a number per centroid, padding included.</param>
    /// <param name="best">Receives 48 scores.</param>
    /// <param name="second">Receives for each the best of the other groups.</param>
    /// <param name="winners">Receives 48 group numbers, or those of centroids: see <see cref="ComparesEach"/>.</param>
    /// <returns>False, and nothing found, if not <see cref="CanScore"/>.</returns>
    public static bool TryFind(int* tile, float scale, PackedCentroids centroids, int* starts, int* best, int* second, int* winners)
    {
        if (!CanScore(centroids, scale))
            return false;

        FillStarts(centroids, scale * centroids.PairScale, starts);
        for (var i = 0; i < Tile; i++)
            (best[i], second[i], winners[i]) = (int.MinValue, int.MinValue, 0);

        int steps = (centroids.Dimension + 1) / 2, groups = centroids.Groups;
        var each = ComparesEach(centroids.Dimension);
        if (Vector512.IsHardwareAccelerated && Avx512BW.IsSupported)
            Find512(tile, steps, groups, centroids.Pairs, starts, each, best, second, winners);
        else
            Find256(tile, steps, groups, centroids.Pairs, starts, each, best, second, winners);

        return true;
    }

    /// <summary>By how much the scores of two centroids must differ for their distances, as <see cref="NearestResolution"/> computes them,
    /// to be in the same order.</summary>
    /// <param name="centroids">The centroids.</param>
    /// <param name="scale">What the points were multiplied by.</param>
    /// <param name="norms">The length of each.</param>
    /// <param name="errors">The length of each one's rounding error, scaled.</param>
    /// <param name="count">1 to 48 points.</param>
    /// <param name="margins">Receives one for each.</param>
    /// <remarks>With s·x = x̂ + a and t·c = ĉ + b: s·t·⟨x,c⟩ - ⟨x̂,ĉ⟩ = ⟨s·x,b⟩ + ⟨a,t·c⟩ - ⟨a,b⟩, of which each is bounded by the lengths. The start is
    /// off by three roundings of at most 1.2e9 and one to a whole number: less than 256.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FillMargins(PackedCentroids centroids, float scale, float* norms, float* errors, int count, int* margins)
    {
        float c = centroids.MaxNorm * centroids.PairScale, unit = scale * centroids.PairScale;
        for (var i = 0; i < count; i++)
        {
            var bound = norms[i] * scale * 1.0001f * centroids.PairError + errors[i] * (c + centroids.PairError) + 256;
            margins[i] = (int)MathF.Min(1e9f, 2 * bound + unit * NearestResolution.Margin(centroids, norms[i]));
        }
    }

    /// <summary>Points whose best group is not better than the others for sure, as a bit each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong Doubtful(int* best, int* second, int* margins, int count)
    {
        var doubtful = 0UL;
        for (var i = 0; i < count; i++)
        {
            // As unsigned numbers, for the difference may take all 32 bits.
            if ((uint)(best[i] - second[i]) <= (uint)margins[i])
                doubtful |= 1UL << i;
        }

        return doubtful;
    }

    /// <summary>Finds the centroid of each point in its group, of equals the first, and marks where another of the group is about as near.</summary>
    /// <param name="tile">[d / 2][48] pairs of 16 bits.</param>
    /// <param name="count">1 to 48 points.</param>
    /// <param name="centroids">The centroids.</param>
    /// <param name="starts">What <see cref="TryFind"/> left there.</param>
    /// <param name="winners">The group of each point.</param>
    /// <param name="margins">By how much another score must be less to be less for sure.</param>
    /// <param name="doubtful">Receives a bit for each point with several centroids within the margin, beside those it has.</param>
    /// <param name="numbers">Receives the number of each point's centroid; may be <paramref name="winners"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FindInGroups(
        int* tile, int count, PackedCentroids centroids, int* starts, int* winners, int* margins, ref ulong doubtful, int* numbers)
    {
        var steps = (centroids.Dimension + 1) / 2;
        var pairs = centroids.Pairs;
        var marks = doubtful;
        for (var i = 0; i < count; i++)
        {
            var x = tile + i;
            var group = winners[i];
            var y = pairs + (long)group * steps * Group;
            var sum = Vector256.Load(starts + (long)group * Group);
            var j = 0;
            if (steps >= 8)
            {
                Vector256<int> sum1 = default;
                for (; j <= steps - 2; j += 2, x += 2 * Tile, y += 2 * Group)
                {
                    sum += Avx2.MultiplyAddAdjacent(Vector256.Create(x[0]).AsInt16(), Vector256.Load(y).AsInt16());
                    sum1 += Avx2.MultiplyAddAdjacent(Vector256.Create(x[Tile]).AsInt16(), Vector256.Load(y + Group).AsInt16());
                }

                sum += sum1;
            }

            for (; j < steps; j++, x += Tile, y += Group)
                sum += Avx2.MultiplyAddAdjacent(Vector256.Create(x[0]).AsInt16(), Vector256.Load(y).AsInt16());

            var half = Vector128.Max(sum.GetLower(), sum.GetUpper());
            half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
            half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(1, 0, 3, 2)));
            var best = half.ToScalar();
            var threshold = (int)Math.Max((long)best - margins[i], int.MinValue);
            var near = Vector256.GreaterThanOrEqual(sum, Vector256.Create(threshold)).ExtractMostSignificantBits();
            if ((near & (near - 1)) != 0)
                marks |= 1UL << i;

            var equal = Vector256.Equals(sum, Vector256.Create(best)).ExtractMostSignificantBits();
            numbers[i] = group * Group + BitOperations.TrailingZeroCount(equal);
        }

        doubtful = marks;
    }

    /// <summary>What the other forms compute.</summary>
    internal static void FindScalar(
        int* tile, int steps, int groups, int* pairs, int* starts, bool each, int* best, int* second, int* winners)
    {
        for (var i = 0; i < Tile; i++)
        {
            for (var group = 0; group < groups; group++)
            {
                var largest = int.MinValue;
                for (var c = 0; c < Group; c++)
                {
                    var score = starts[group * Group + c];
                    for (var j = 0; j < steps; j++)
                    {
                        int x = tile[(long)j * Tile + i], y = pairs[((long)group * steps + j) * Group + c];
                        score += (short)x * (short)y + (x >> 16) * (y >> 16);
                    }

                    largest = Math.Max(largest, score);
                    if (each)
                        Keep(i, score, group * Group + c);
                }

                if (!each)
                    Keep(i, largest, group);
            }
        }

        void Keep(int i, int score, int number)
        {
            second[i] = Math.Max(second[i], Math.Min(best[i], score));
            if (score > best[i])
                (best[i], winners[i]) = (score, number);
        }
    }

    /// <summary>48 points × 8 centroids: 24 accumulators, 3 registers of points, 1 of a centroid's pair, and the products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Find512(
        int* tile, int steps, int groups, int* pairs, int* starts, bool each, int* best, int* second, int* winners)
    {
        for (var group = 0; group < groups; group++, starts += Group)
        {
            Vector512<int> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2, e0, e1, e2, f0, f1, f2, g0, g1, g2, h0, h1, h2;
            a0 = a1 = a2 = Vector512.Create(starts[0]);
            b0 = b1 = b2 = Vector512.Create(starts[1]);
            c0 = c1 = c2 = Vector512.Create(starts[2]);
            d0 = d1 = d2 = Vector512.Create(starts[3]);
            e0 = e1 = e2 = Vector512.Create(starts[4]);
            f0 = f1 = f2 = Vector512.Create(starts[5]);
            g0 = g1 = g2 = Vector512.Create(starts[6]);
            h0 = h1 = h2 = Vector512.Create(starts[7]);

            var x = tile;
            for (var j = 0; j < steps; j++, x += Tile, pairs += Group)
            {
                var x0 = Vector512.Load(x).AsInt16();
                var x1 = Vector512.Load(x + 16).AsInt16();
                var x2 = Vector512.Load(x + 32).AsInt16();
                var y = Vector512.Create(pairs[0]).AsInt16();
                a0 += Avx512BW.MultiplyAddAdjacent(x0, y);
                a1 += Avx512BW.MultiplyAddAdjacent(x1, y);
                a2 += Avx512BW.MultiplyAddAdjacent(x2, y);
                y = Vector512.Create(pairs[1]).AsInt16();
                b0 += Avx512BW.MultiplyAddAdjacent(x0, y);
                b1 += Avx512BW.MultiplyAddAdjacent(x1, y);
                b2 += Avx512BW.MultiplyAddAdjacent(x2, y);
                y = Vector512.Create(pairs[2]).AsInt16();
                c0 += Avx512BW.MultiplyAddAdjacent(x0, y);
                c1 += Avx512BW.MultiplyAddAdjacent(x1, y);
                c2 += Avx512BW.MultiplyAddAdjacent(x2, y);
                y = Vector512.Create(pairs[3]).AsInt16();
                d0 += Avx512BW.MultiplyAddAdjacent(x0, y);
                d1 += Avx512BW.MultiplyAddAdjacent(x1, y);
                d2 += Avx512BW.MultiplyAddAdjacent(x2, y);
                y = Vector512.Create(pairs[4]).AsInt16();
                e0 += Avx512BW.MultiplyAddAdjacent(x0, y);
                e1 += Avx512BW.MultiplyAddAdjacent(x1, y);
                e2 += Avx512BW.MultiplyAddAdjacent(x2, y);
                y = Vector512.Create(pairs[5]).AsInt16();
                f0 += Avx512BW.MultiplyAddAdjacent(x0, y);
                f1 += Avx512BW.MultiplyAddAdjacent(x1, y);
                f2 += Avx512BW.MultiplyAddAdjacent(x2, y);
                y = Vector512.Create(pairs[6]).AsInt16();
                g0 += Avx512BW.MultiplyAddAdjacent(x0, y);
                g1 += Avx512BW.MultiplyAddAdjacent(x1, y);
                g2 += Avx512BW.MultiplyAddAdjacent(x2, y);
                y = Vector512.Create(pairs[7]).AsInt16();
                h0 += Avx512BW.MultiplyAddAdjacent(x0, y);
                h1 += Avx512BW.MultiplyAddAdjacent(x1, y);
                h2 += Avx512BW.MultiplyAddAdjacent(x2, y);
            }

            if (each)
            {
                var first = group * Group;
                KeepEach512(a0, b0, c0, d0, e0, f0, g0, h0, first, best, second, winners);
                KeepEach512(a1, b1, c1, d1, e1, f1, g1, h1, first, best + 16, second + 16, winners + 16);
                KeepEach512(a2, b2, c2, d2, e2, f2, g2, h2, first, best + 32, second + 32, winners + 32);
                continue;
            }

            Keep512(Max512(a0, b0, c0, d0, e0, f0, g0, h0), group, best, second, winners);
            Keep512(Max512(a1, b1, c1, d1, e1, f1, g1, h1), group, best + 16, second + 16, winners + 16);
            Keep512(Max512(a2, b2, c2, d2, e2, f2, g2, h2), group, best + 32, second + 32, winners + 32);
        }
    }

    /// <summary>16 points × 4 centroids at a time: 8 accumulators, 2 registers of points, 1 of a centroid's pair, and the products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Find256(
        int* tile, int steps, int groups, int* pairs, int* starts, bool each, int* best, int* second, int* winners)
    {
        for (var part = 0; part < groups * 2; part++)
        {
            var first = part * 4;
            var from = pairs + (long)(part / 2) * steps * Group + part % 2 * 4;
            for (var lane = 0; lane < Tile; lane += 16)
            {
                Vector256<int> a0, a1, b0, b1, c0, c1, d0, d1;
                a0 = a1 = Vector256.Create(starts[first]);
                b0 = b1 = Vector256.Create(starts[first + 1]);
                c0 = c1 = Vector256.Create(starts[first + 2]);
                d0 = d1 = Vector256.Create(starts[first + 3]);

                int* x = tile + lane, y = from;
                for (var j = 0; j < steps; j++, x += Tile, y += Group)
                {
                    var x0 = Vector256.Load(x).AsInt16();
                    var x1 = Vector256.Load(x + 8).AsInt16();
                    var y0 = Vector256.Create(y[0]).AsInt16();
                    a0 += Avx2.MultiplyAddAdjacent(x0, y0);
                    a1 += Avx2.MultiplyAddAdjacent(x1, y0);
                    y0 = Vector256.Create(y[1]).AsInt16();
                    b0 += Avx2.MultiplyAddAdjacent(x0, y0);
                    b1 += Avx2.MultiplyAddAdjacent(x1, y0);
                    y0 = Vector256.Create(y[2]).AsInt16();
                    c0 += Avx2.MultiplyAddAdjacent(x0, y0);
                    c1 += Avx2.MultiplyAddAdjacent(x1, y0);
                    y0 = Vector256.Create(y[3]).AsInt16();
                    d0 += Avx2.MultiplyAddAdjacent(x0, y0);
                    d1 += Avx2.MultiplyAddAdjacent(x1, y0);
                }

                if (each)
                {
                    KeepEach256(a0, b0, c0, d0, first, best + lane, second + lane, winners + lane);
                    KeepEach256(a1, b1, c1, d1, first, best + lane + 8, second + lane + 8, winners + lane + 8);
                    continue;
                }

                Keep256(Max256(a0, b0, c0, d0), part / 2, best + lane, second + lane, winners + lane);
                Keep256(Max256(a1, b1, c1, d1), part / 2, best + lane + 8, second + lane + 8, winners + lane + 8);
            }
        }
    }

    // Minus infinity becomes what never wins.
    private static void FillStarts(PackedCentroids centroids, float unit, int* starts)
    {
        var from = centroids.Starts;
        for (var c = 0; c < centroids.Groups * Group; c += Group)
        {
            var start = Vector256.MaxNative(Vector256.Load(from + c) * unit, Vector256.Create((float)NeverWins));
            Vector256.ConvertToInt32Native(start).Store(starts + c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Max512(
        Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d,
        Vector512<int> e, Vector512<int> f, Vector512<int> g, Vector512<int> h) =>
        Vector512.Max(Vector512.Max(Vector512.Max(a, b), Vector512.Max(c, d)), Vector512.Max(Vector512.Max(e, f), Vector512.Max(g, h)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Max256(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d) =>
        Vector256.Max(Vector256.Max(a, b), Vector256.Max(c, d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep512(Vector512<int> score, int group, int* best, int* second, int* winners)
    {
        var before = Vector512.Load(best);
        var better = Vector512.GreaterThan(score, before);
        Vector512.Max(Vector512.Load(second), Vector512.Min(before, score)).Store(second);
        Vector512.Max(before, score).Store(best);
        Vector512.ConditionalSelect(better, Vector512.Create(group), Vector512.Load(winners)).Store(winners);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep256(Vector256<int> score, int group, int* best, int* second, int* winners)
    {
        var before = Vector256.Load(best);
        var better = Vector256.GreaterThan(score, before);
        Vector256.Max(Vector256.Load(second), Vector256.Min(before, score)).Store(second);
        Vector256.Max(before, score).Store(best);
        Vector256.ConditionalSelect(better, Vector256.Create(group), Vector256.Load(winners)).Store(winners);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeepEach512(
        Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d,
        Vector512<int> e, Vector512<int> f, Vector512<int> g, Vector512<int> h, int first, int* best, int* second, int* winners)
    {
        Vector512<int> most = Vector512.Load(best), next = Vector512.Load(second), numbers = Vector512.Load(winners);
        Keep512(a, first, ref most, ref next, ref numbers);
        Keep512(b, first + 1, ref most, ref next, ref numbers);
        Keep512(c, first + 2, ref most, ref next, ref numbers);
        Keep512(d, first + 3, ref most, ref next, ref numbers);
        Keep512(e, first + 4, ref most, ref next, ref numbers);
        Keep512(f, first + 5, ref most, ref next, ref numbers);
        Keep512(g, first + 6, ref most, ref next, ref numbers);
        Keep512(h, first + 7, ref most, ref next, ref numbers);
        most.Store(best);
        next.Store(second);
        numbers.Store(winners);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep512(
        Vector512<int> score, int number, ref Vector512<int> most, ref Vector512<int> next, ref Vector512<int> numbers)
    {
        next = Vector512.Max(next, Vector512.Min(most, score));
        numbers = Vector512.ConditionalSelect(Vector512.GreaterThan(score, most), Vector512.Create(number), numbers);
        most = Vector512.Max(most, score);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeepEach256(
        Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, int first, int* best, int* second, int* winners)
    {
        Vector256<int> most = Vector256.Load(best), next = Vector256.Load(second), numbers = Vector256.Load(winners);
        Keep256(a, first, ref most, ref next, ref numbers);
        Keep256(b, first + 1, ref most, ref next, ref numbers);
        Keep256(c, first + 2, ref most, ref next, ref numbers);
        Keep256(d, first + 3, ref most, ref next, ref numbers);
        most.Store(best);
        next.Store(second);
        numbers.Store(winners);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep256(
        Vector256<int> score, int number, ref Vector256<int> most, ref Vector256<int> next, ref Vector256<int> numbers)
    {
        next = Vector256.Max(next, Vector256.Min(most, score));
        numbers = Vector256.ConditionalSelect(Vector256.GreaterThan(score, most), Vector256.Create(number), numbers);
        most = Vector256.Max(most, score);
    }
}
