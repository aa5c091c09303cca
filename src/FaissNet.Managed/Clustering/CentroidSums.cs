using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// The sums of the vectors of each centroid, in double and in the order of the rows, whatever the thread count. From one assignment to the
/// next only the vectors that moved are subtracted and added: after a few iterations of k-means those are few.
/// </summary>
internal sealed unsafe class CentroidSums(int k, int d)
{
    private readonly double[] _sums = new double[checked(k * d)];
    private int[] _assignment = [];
    private readonly int[] _sizes = new int[k];

    /// <summary>k·d sums.</summary>
    public ReadOnlySpan<double> Sums => _sums;

    /// <summary>The number of vectors of each centroid.</summary>
    public ReadOnlySpan<int> Sizes => _sizes;

    /// <param name="rows">n·d floats, the same in each call after <see cref="Reset"/>.</param>
    /// <param name="assignment">The centroid of each vector.</param>
    public void Update(float* rows, int[] assignment)
    {
        var n = assignment.Length;
        if (_assignment.Length != n)
        {
            _assignment = new int[n];
            Reset();
        }

        var moved = 0;
        for (var i = 0; i < n; i++)
            moved += assignment[i] == _assignment[i] ? 0 : 1;

        // To subtract and to add costs two passes for each that moved, to start over one for all.
        if (moved > n / 2)
            Reset();

        // Each task owns a range of centroids and passes over all rows.
        var tasks = (int)Math.Min(Math.Min(k, ManagedThreads.Count), Math.Max(1, (long)moved * d >> 17));
        ManagedThreads.For(tasks, task =>
        {
            int first = (int)((long)k * task / tasks), end = (int)((long)k * (task + 1) / tasks);
            fixed (double* sums = _sums)
            {
                for (var i = 0; i < n; i++)
                {
                    int from = _assignment[i], to = assignment[i];
                    if (from == to)
                        continue;

                    if (from >= first && from < end)
                    {
                        _sizes[from]--;
                        Subtract(sums + (long)from * d, rows + (long)i * d, d);
                    }

                    if (to >= first && to < end)
                    {
                        _sizes[to]++;
                        Add(sums + (long)to * d, rows + (long)i * d, d);
                    }
                }
            }
        });
        assignment.CopyTo(_assignment, 0);
    }

    /// <summary>Σ‖x - c‖² over all vectors and the centroids they are assigned to, or Σ⟨x,c⟩, from the sums alone: Σ‖x‖² - 2Σ⟨c,Σx⟩ + Σ n·‖c‖².</summary>
    public double Objective(ReadOnlySpan<float> centroids, MetricType metric, double squaredNorms)
    {
        double products = 0, squares = 0;
        for (var c = 0; c < k; c++)
        {
            double product = 0, square = 0;
            var centroid = centroids.Slice(c * d, d);
            var sum = _sums.AsSpan(c * d, d);
            for (var j = 0; j < centroid.Length; j++)
            {
                product += centroid[j] * sum[j];
                square += (double)centroid[j] * centroid[j];
            }

            products += product;
            squares += _sizes[c] * square;
        }

        return metric == MetricType.InnerProduct ? products : Math.Max(0, squaredNorms - 2 * products + squares);
    }

    /// <summary>The means; of an empty cluster zero.</summary>
    public void Means(Span<float> centroids)
    {
        for (var c = 0; c < k; c++)
        {
            var scale = _sizes[c] > 0 ? 1.0 / _sizes[c] : 0;
            var mean = centroids.Slice(c * d, d);
            var sum = _sums.AsSpan(c * d, d);
            for (var j = 0; j < mean.Length; j++)
                mean[j] = (float)(sum[j] * scale);
        }
    }

    /// <summary>Forgets all vectors.</summary>
    public void Reset()
    {
        Array.Clear(_sums);
        Array.Clear(_sizes);
        Array.Fill(_assignment, -1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(double* sum, float* row, int d)
    {
        var j = 0;
        if (Avx512F.IsSupported)
        {
            for (; j <= d - 8; j += 8)
                (Vector512.Load(sum + j) + Avx512F.ConvertToVector512Double(Vector256.Load(row + j))).Store(sum + j);
        }
        else if (Avx.IsSupported)
        {
            for (; j <= d - 4; j += 4)
                (Vector256.Load(sum + j) + Avx.ConvertToVector256Double(Vector128.Load(row + j))).Store(sum + j);
        }

        for (; j < d; j++)
            sum[j] += row[j];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Subtract(double* sum, float* row, int d)
    {
        var j = 0;
        if (Avx512F.IsSupported)
        {
            for (; j <= d - 8; j += 8)
                (Vector512.Load(sum + j) - Avx512F.ConvertToVector512Double(Vector256.Load(row + j))).Store(sum + j);
        }
        else if (Avx.IsSupported)
        {
            for (; j <= d - 4; j += 4)
                (Vector256.Load(sum + j) - Avx.ConvertToVector256Double(Vector128.Load(row + j))).Store(sum + j);
        }

        for (; j < d; j++)
            sum[j] -= row[j];
    }
}
