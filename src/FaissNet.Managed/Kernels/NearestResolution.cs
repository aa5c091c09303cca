using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>
/// From the group of centroids that a kernel found to the centroid. The result is the one with the smallest Σ(x - c)² in float32, or the
/// largest Σx·c, and of equals the first: whatever kernel came before, for what it cannot tell apart for sure is computed in just that way.
/// </summary>
/// <remarks>
/// Each score of <see cref="NearestCentroid"/> is off by at most (d + 2)·u·(‖x‖‖c‖ + ‖c‖²/2), u = 2⁻²⁴, as d + 1 roundings of partial sums go;
/// each half distance computed directly by (d + 2)·u·(‖x‖ + ‖c‖)²/2. So two centroids whose scores differ by more than
/// 2·(d + 2)·u·(‖x‖ + max ‖c‖)² have distances in the same order. <see cref="Margin(int, float, float)"/> is above that.
/// </remarks>
internal static unsafe class NearestResolution
{
    private const int Group = PackedCentroids.GroupSize;
    private const float Rounding = 1f / (1 << 24);

    /// <inheritdoc cref="Margin(int, float, float)"/>
    public static float Margin(PackedCentroids centroids, float norm) => Margin(centroids.Dimension, norm, centroids.MaxNorm);

    /// <summary>The difference of scores up to which two centroids count as equally near.</summary>
    /// <param name="d">Components.</param>
    /// <param name="norm">‖x‖.</param>
    /// <param name="maxNorm">max ‖c‖.</param>
    public static float Margin(int d, float norm, float maxNorm)
    {
        var norms = norm + maxNorm;
        return 2 * (d + 8) * Rounding * norms * norms;
    }

    /// <summary>Whether two points are the same.</summary>
    public static bool AreEqual(float* x, float* y, long componentStep, int d)
    {
        for (var j = 0; j < d; j++)
        {
            if (x[j * componentStep] != y[j * componentStep])
                return false;
        }

        return true;
    }

    /// <summary>Points whose best group is not better than the others for sure, as a bit each.</summary>
    public static ulong Doubtful(float* best, float* second, float* squaredNorms, int count, PackedCentroids centroids)
    {
        var doubtful = 0UL;
        for (var i = 0; i < count; i++)
        {
            if (best[i] - second[i] <= Margin(centroids, MathF.Sqrt(squaredNorms[i])))
                doubtful |= 1UL << i;
        }

        return doubtful;
    }

    /// <summary>Finds the centroid of each point in its group, and marks in <paramref name="doubtful"/> where there are several.</summary>
    /// <param name="points">The points.</param>
    /// <param name="pointStep">Floats from one point to the next.</param>
    /// <param name="componentStep">Floats from one component to the next.</param>
    /// <param name="count">1 to 48 points.</param>
    /// <param name="centroids">The centroids.</param>
    /// <param name="winners">The group of each point.</param>
    /// <param name="squaredNorms">‖x‖² of each point.</param>
    /// <param name="doubtful">A bit for each point that <see cref="FindDirectly"/> has to decide.</param>
    /// <param name="numbers">Receives the number of each point's centroid; may be <paramref name="winners"/>.</param>
    /// <param name="scores">Receives each point's score.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FindInGroups(
        float* points, long pointStep, long componentStep, int count, PackedCentroids centroids, int* winners, float* squaredNorms,
        ref ulong doubtful, int* numbers, float* scores)
    {
        var d = centroids.Dimension;
        float* components = centroids.Components, starts = centroids.Starts;
        var maxNorm = centroids.MaxNorm;
        var factor = 2 * (d + 8) * Rounding;
        var marks = doubtful;
        for (var i = 0; i < count; i++)
        {
            var x = points + i * pointStep;
            var group = winners[i];
            var y = components + (long)group * d * Group;
            var sum = Vector256.Load(starts + (long)group * Group);
            var j = 0;
            if (d >= 16)
            {
                // Four chains, for an addition waits for the one before.
                Vector256<float> sum1 = default, sum2 = default, sum3 = default;
                for (; j <= d - 4; j += 4, x += 4 * componentStep, y += 4 * Group)
                {
                    sum = Vector256.MultiplyAddEstimate(Vector256.Create(x[0]), Vector256.Load(y), sum);
                    sum1 = Vector256.MultiplyAddEstimate(Vector256.Create(x[componentStep]), Vector256.Load(y + Group), sum1);
                    sum2 = Vector256.MultiplyAddEstimate(Vector256.Create(x[2 * componentStep]), Vector256.Load(y + 2 * Group), sum2);
                    sum3 = Vector256.MultiplyAddEstimate(Vector256.Create(x[3 * componentStep]), Vector256.Load(y + 3 * Group), sum3);
                }

                sum += sum1 + (sum2 + sum3);
            }

            for (; j < d; j++, x += componentStep, y += Group)
                sum = Vector256.MultiplyAddEstimate(Vector256.Create(x[0]), Vector256.Load(y), sum);

            var half = Vector128.MaxNative(sum.GetLower(), sum.GetUpper());
            half = Vector128.MaxNative(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
            half = Vector128.MaxNative(half, Vector128.Shuffle(half, Vector128.Create(1, 0, 3, 2)));
            var best = half.ToScalar();
            var norms = MathF.Sqrt(squaredNorms[i]) + maxNorm;
            var near = Vector256.GreaterThanOrEqual(sum, Vector256.Create(best - factor * norms * norms)).ExtractMostSignificantBits();
            if ((near & (near - 1)) != 0)
                marks |= 1UL << i;

            // With a margin of nothing the only one near is the best itself.
            var equal = Vector256.Equals(sum, Vector256.Create(best)).ExtractMostSignificantBits();
            var number = group * Group + BitOperations.TrailingZeroCount(equal);
            // No lane equals what is no number, and the first that does may be padding where all scores are infinite.
            if (equal == 0 || number >= centroids.Count)
            {
                number = group * Group;
                marks |= 1UL << i;
            }

            numbers[i] = number;
            scores[i] = best;
        }

        doubtful = marks;
    }

    /// <summary>The nearest centroid by the distances or inner products themselves.</summary>
    /// <param name="x">The point.</param>
    /// <param name="componentStep">Floats from one component to the next.</param>
    /// <param name="centroids">The centroids.</param>
    /// <param name="distance">Receives the squared distance, or the inner product.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int FindDirectly(float* x, long componentStep, PackedCentroids centroids, out float distance)
    {
        int d = centroids.Dimension, groups = centroids.Groups;
        var innerProduct = centroids.Metric == MetricType.InnerProduct;
        float* y = centroids.Components, starts = centroids.Starts;
        var best = Vector256.Create(float.PositiveInfinity);
        var winners = Vector256<int>.Zero;
        for (var group = 0; group < groups; group++, starts += Group)
        {
            var sum = Vector256<float>.Zero;
            var component = x;
            if (innerProduct)
            {
                for (var j = 0; j < d; j++, component += componentStep, y += Group)
                    sum = Vector256.MultiplyAddEstimate(Vector256.Create(-component[0]), Vector256.Load(y), sum);
            }
            else
            {
                for (var j = 0; j < d; j++, component += componentStep, y += Group)
                {
                    var difference = Vector256.Create(component[0]) - Vector256.Load(y);
                    sum = Vector256.MultiplyAddEstimate(difference, difference, sum);
                }
            }

            // Not what must never win.
            sum = Vector256.ConditionalSelect(
                Vector256.Equals(Vector256.Load(starts), Vector256.Create(float.NegativeInfinity)), Vector256.Create(float.PositiveInfinity), sum);
            var better = Vector256.LessThan(sum, best);
            best = Vector256.ConditionalSelect(better, sum, best);
            winners = Vector256.ConditionalSelect(better.AsInt32(), Vector256.Create(group), winners);
        }

        var number = int.MaxValue;
        var least = float.PositiveInfinity;
        for (var lane = 0; lane < Group; lane++)
        {
            var candidate = winners[lane] * Group + lane;
            if (best[lane] < least || (best[lane] == least && candidate < number))
                (least, number) = (best[lane], candidate);
        }

        distance = innerProduct ? -least : least;
        return number;
    }
}
