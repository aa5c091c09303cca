using System.Runtime.InteropServices;

namespace FaissNet.Managed;

/// <summary>
/// Centroids in groups of <see cref="GroupSize"/>, each group component by component, [k / 8][d][8], with what each score starts from: -‖c‖²/2
/// for L2, 0 for the inner product, and -∞ for what must never win: the padding of the last group, and centroids equal to an earlier one.
/// </summary>
/// <remarks>On request the same in 16 bits, two components to an int, [k / 8][d / 2][8]: see <see cref="NearestCentroidInt16"/>.</remarks>
internal sealed unsafe class PackedCentroids : IDisposable
{
    public const int GroupSize = 8;

    private readonly AlignedFloats _groups;
    private readonly AlignedFloats _starts;
    private readonly AlignedFloats? _pairs;
    private readonly int[] _buckets;

    /// <param name="k">The number of centroids.</param>
    /// <param name="d">Components per centroid.</param>
    /// <param name="pairs">Whether to pack in 16 bits as well, where this machine has a kernel for them.</param>
    public PackedCentroids(int k, int d, bool pairs = false)
    {
        (Count, Dimension) = (k, d);
        Groups = (k + GroupSize - 1) / GroupSize;
        _groups = new AlignedFloats((long)Groups * d * GroupSize);
        _starts = new AlignedFloats((long)Groups * GroupSize);
        _buckets = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(k, 1 << 29) * 2)];
        if (pairs && NearestCentroidInt16.IsSupported)
            _pairs = new AlignedFloats((long)Groups * ((d + 1) / 2) * GroupSize);
    }

    public int Count { get; }

    public int Dimension { get; }

    public int Groups { get; }

    public MetricType Metric { get; private set; }

    public float* Components => _groups.Pointer;

    public float* Starts => _starts.Pointer;

    /// <summary>The length of the longest centroid.</summary>
    public float MaxNorm { get; private set; }

    public bool HasPairs => _pairs is not null;

    public int* Pairs => (int*)_pairs!.Pointer;

    /// <summary>What the components were multiplied by before they were rounded to 16 bits.</summary>
    public float PairScale { get; private set; }

    /// <summary>The length of the longest rounding error: of <see cref="PairScale"/>·c less what stands in <see cref="Pairs"/>.</summary>
    public float PairError { get; private set; }

    /// <summary>How far below zero the start of a score is at most, but for those that must never win.</summary>
    public double MaxStart { get; private set; }

    /// <summary>Takes over k·d floats.</summary>
    public void Pack(ReadOnlySpan<float> centroids, MetricType metric)
    {
        int k = Count, d = Dimension;
        float* to = Components, starts = Starts;
        Metric = metric;
        Array.Fill(_buckets, -1);
        var longest = 0.0;
        for (var i = 0; i < Groups * GroupSize; i++)
        {
            var column = to + (long)(i / GroupSize) * d * GroupSize + i % GroupSize;
            var norm = 0.0;
            for (var j = 0; j < d; j++)
            {
                var value = i < k ? centroids[i * d + j] : 0;
                column[(long)j * GroupSize] = value;
                norm += (double)value * value;
            }

            if (i >= k || IsRepeated(centroids, i))
            {
                starts[i] = float.NegativeInfinity;
                continue;
            }

            longest = Math.Max(longest, norm);
            starts[i] = metric == MetricType.InnerProduct ? 0 : (float)(-norm / 2);
        }

        MaxNorm = (float)Math.Sqrt(longest) * 1.000001f;
        MaxStart = metric == MetricType.InnerProduct ? 0 : longest / 2;
        if (HasPairs)
            PackPairs(centroids);
    }

    public void Dispose()
    {
        _groups.Dispose();
        _starts.Dispose();
        _pairs?.Dispose();
    }

    // Equal centroids are common: k-means on data with few distinct vectors makes many. The first of them stands for all.
    private bool IsRepeated(ReadOnlySpan<float> centroids, int i)
    {
        var d = Dimension;
        var centroid = centroids.Slice(i * d, d);
        var hash = 14695981039346656037UL;
        foreach (var value in MemoryMarshal.Cast<float, uint>(centroid))
            hash = (hash ^ value) * 1099511628211UL;

        var mask = _buckets.Length - 1;
        for (var bucket = (int)(hash >> 20) & mask; ; bucket = (bucket + 1) & mask)
        {
            var other = _buckets[bucket];
            if (other < 0)
            {
                _buckets[bucket] = i;
                return false;
            }

            if (centroid.SequenceEqual(centroids.Slice(other * d, d)))
                return true;
        }
    }

    private void PackPairs(ReadOnlySpan<float> centroids)
    {
        int d = Dimension, steps = (d + 1) / 2;
        var scale = NearestCentroidInt16.Scale(MaxNorm);
        var largest = 0.0;
        for (var i = 0; i < Groups * GroupSize; i++)
        {
            // Of two shorts in an int the first is the lower, whatever the machine's byte order is.
            var column = Pairs + (long)(i / GroupSize) * steps * GroupSize + i % GroupSize;
            var isUsed = !float.IsNegativeInfinity(Starts[i]);
            var error = 0.0;
            for (var j = 0; j < steps; j++)
            {
                if (!isUsed)
                {
                    column[(long)j * GroupSize] = 0;
                    continue;
                }

                var first = centroids[i * d + 2 * j] * scale;
                var second = 2 * j + 1 < d ? centroids[i * d + 2 * j + 1] * scale : 0;
                float low = MathF.Round(first), high = MathF.Round(second);
                error += (double)(first - low) * (first - low) + (double)(second - high) * (second - high);
                column[(long)j * GroupSize] = (ushort)(short)low | (int)high << 16;
            }

            largest = Math.Max(largest, error);
        }

        // In excess of the rounding of the products themselves, a unit in the last place of 16 bits' 24.
        (PairScale, PairError) = (scale, (float)Math.Sqrt(largest) + 0.01f);
    }
}
