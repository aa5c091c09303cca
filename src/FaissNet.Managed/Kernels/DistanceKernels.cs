using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>Squared distance and inner product of two vectors, and of one vector with many.</summary>
/// <remarks>
/// A form adds up four sums of every fourth vector of components, then whole vectors, then a last vector that overlaps the one before and
/// counts only what is new. It needs at least one whole vector: shorter ones go to the next narrower form. Both entries compute a distance
/// by the same operations in the same order, so that a search finds the same bits whichever way it goes.
/// </remarks>
internal static unsafe class DistanceKernels
{
    /// <summary>Accumulates one pair of components after the other, on whatever width.</summary>
    internal interface IAccumulate
    {
        /// <summary>What the sum is multiplied by so that smaller is nearer.</summary>
        static abstract float Sign { get; }

        static abstract float Invoke(float x, float y, float sum);

        static abstract Vector128<float> Invoke(Vector128<float> x, Vector128<float> y, Vector128<float> sum);

        static abstract Vector256<float> Invoke(Vector256<float> x, Vector256<float> y, Vector256<float> sum);

        static abstract Vector512<float> Invoke(Vector512<float> x, Vector512<float> y, Vector512<float> sum);
    }

    /// <summary>‖x - y‖²</summary>
    internal readonly struct SquaredDifference : IAccumulate
    {
        public static float Sign => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Invoke(float x, float y, float sum) => sum + (x - y) * (x - y);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y, Vector128<float> sum) =>
            Vector128.MultiplyAddEstimate(x - y, x - y, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y, Vector256<float> sum) =>
            Vector256.MultiplyAddEstimate(x - y, x - y, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y, Vector512<float> sum) =>
            Vector512.MultiplyAddEstimate(x - y, x - y, sum);
    }

    /// <summary>⟨x, y⟩</summary>
    internal readonly struct Product : IAccumulate
    {
        public static float Sign => -1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Invoke(float x, float y, float sum) => sum + x * y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y, Vector128<float> sum) =>
            Vector128.MultiplyAddEstimate(x, y, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y, Vector256<float> sum) =>
            Vector256.MultiplyAddEstimate(x, y, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y, Vector512<float> sum) =>
            Vector512.MultiplyAddEstimate(x, y, sum);
    }

    /// <summary>The squared distance of two vectors of d components.</summary>
    public static float SquaredL2(float* x, float* y, int d)
    {
        float distance;
        Rows<SquaredDifference>(x, y, 1, d, &distance);
        return distance;
    }

    /// <summary>The inner product of two vectors of d components.</summary>
    public static float InnerProduct(float* x, float* y, int d)
    {
        float distance;
        Rows<Product>(x, y, 1, d, &distance);
        return -distance;
    }

    /// <summary>‖x‖²</summary>
    public static float SquaredNorm(ReadOnlySpan<float> x)
    {
        fixed (float* first = x)
            return InnerProduct(first, first, x.Length);
    }

    /// <summary>What heaps compare by: the squared distance, or the inner product negated.</summary>
    public static float Compare(MetricType metric, float* x, float* y, int d)
    {
        float distance;
        CompareRows(metric, x, y, 1, d, &distance);
        return distance;
    }

    /// <summary>What heaps compare by, for rows that lie one after the other.</summary>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="query">d floats.</param>
    /// <param name="rows">count·d floats.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="d">Components per row.</param>
    /// <param name="distances">Receives count distances.</param>
    public static void CompareRows(MetricType metric, float* query, float* rows, int count, int d, float* distances)
    {
        if (metric == MetricType.InnerProduct)
            Rows<Product>(query, rows, count, d, distances);
        else
            Rows<SquaredDifference>(query, rows, count, d, distances);
    }

    /// <summary>‖x‖² of rows that lie one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SquaredNorms(float* rows, int count, int d, float* norms)
    {
        if (!Vector256.IsHardwareAccelerated || d < Vector256<float>.Count)
        {
            for (var i = 0; i < count; i++)
                norms[i] = InnerProduct(rows + (long)i * d, rows + (long)i * d, d);

            return;
        }

        const int width = 8;
        var fresh = Vector256.GreaterThan(Vector256<int>.Indices, Vector256.Create(width - 1 - d % width)).AsSingle();
        for (var i = 0; i < count; i++, rows += d)
        {
            var last = Vector256.Load(rows + d - width) & fresh;
            Vector256<float> a = last * last, b = default, c = default, e = default;
            var j = 0;
            for (; j <= d - 4 * width; j += 4 * width)
            {
                var x = Vector256.Load(rows + j);
                a = Vector256.MultiplyAddEstimate(x, x, a);
                x = Vector256.Load(rows + j + width);
                b = Vector256.MultiplyAddEstimate(x, x, b);
                x = Vector256.Load(rows + j + 2 * width);
                c = Vector256.MultiplyAddEstimate(x, x, c);
                x = Vector256.Load(rows + j + 3 * width);
                e = Vector256.MultiplyAddEstimate(x, x, e);
            }

            for (; j <= d - width; j += width)
            {
                var x = Vector256.Load(rows + j);
                b = Vector256.MultiplyAddEstimate(x, x, b);
            }

            norms[i] = Vector256.Sum((a + b) + (c + e));
        }
    }

    private static void Rows<T>(float* query, float* rows, int count, int d, float* distances)
        where T : struct, IAccumulate
    {
        if (Vector512.IsHardwareAccelerated && d >= Vector512<float>.Count)
            Rows512<T>(query, rows, count, d, distances);
        else if (Vector256.IsHardwareAccelerated && d >= Vector256<float>.Count)
            Rows256<T>(query, rows, count, d, distances);
        else if (Vector128.IsHardwareAccelerated && d >= Vector128<float>.Count)
            Rows128<T>(query, rows, count, d, distances);
        else
            RowsScalar<T>(query, rows, count, d, distances);
    }

    /// <summary>What the other forms compute, up to the order of the sum. Four sums, for an addition waits for the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void RowsScalar<T>(float* query, float* rows, int count, int d, float* distances)
        where T : struct, IAccumulate
    {
        for (var i = 0; i < count; i++, rows += d)
        {
            float a = 0, b = 0, c = 0, e = 0;
            var j = 0;
            for (; j <= d - 4; j += 4)
            {
                a = T.Invoke(query[j], rows[j], a);
                b = T.Invoke(query[j + 1], rows[j + 1], b);
                c = T.Invoke(query[j + 2], rows[j + 2], c);
                e = T.Invoke(query[j + 3], rows[j + 3], e);
            }

            for (; j < d; j++)
                a = T.Invoke(query[j], rows[j], a);

            distances[i] = T.Sign * ((a + b) + (c + e));
        }
    }

    /// <inheritdoc cref="DistanceKernels" path="/remarks"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Rows128<T>(float* query, float* rows, int count, int d, float* distances)
        where T : struct, IAccumulate
    {
        const int width = 4;
        var fresh = Vector128.GreaterThan(Vector128<int>.Indices, Vector128.Create(width - 1 - d % width)).AsSingle();
        for (var i = 0; i < count; i++, rows += d)
        {
            Vector128<float> a = default, b = default, c = default, e = default;
            var j = 0;
            for (; j <= d - 4 * width; j += 4 * width)
            {
                a = T.Invoke(Vector128.Load(query + j), Vector128.Load(rows + j), a);
                b = T.Invoke(Vector128.Load(query + j + width), Vector128.Load(rows + j + width), b);
                c = T.Invoke(Vector128.Load(query + j + 2 * width), Vector128.Load(rows + j + 2 * width), c);
                e = T.Invoke(Vector128.Load(query + j + 3 * width), Vector128.Load(rows + j + 3 * width), e);
            }

            for (; j <= d - width; j += width)
                a = T.Invoke(Vector128.Load(query + j), Vector128.Load(rows + j), a);

            if (j < d)
                b = T.Invoke(Vector128.Load(query + d - width) & fresh, Vector128.Load(rows + d - width) & fresh, b);

            distances[i] = T.Sign * Vector128.Sum((a + b) + (c + e));
        }
    }

    /// <inheritdoc cref="DistanceKernels" path="/remarks"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Rows256<T>(float* query, float* rows, int count, int d, float* distances)
        where T : struct, IAccumulate
    {
        const int width = 8;
        var fresh = Vector256.GreaterThan(Vector256<int>.Indices, Vector256.Create(width - 1 - d % width)).AsSingle();
        for (var i = 0; i < count; i++, rows += d)
        {
            Vector256<float> a = default, b = default, c = default, e = default;
            var j = 0;
            for (; j <= d - 4 * width; j += 4 * width)
            {
                a = T.Invoke(Vector256.Load(query + j), Vector256.Load(rows + j), a);
                b = T.Invoke(Vector256.Load(query + j + width), Vector256.Load(rows + j + width), b);
                c = T.Invoke(Vector256.Load(query + j + 2 * width), Vector256.Load(rows + j + 2 * width), c);
                e = T.Invoke(Vector256.Load(query + j + 3 * width), Vector256.Load(rows + j + 3 * width), e);
            }

            for (; j <= d - width; j += width)
                a = T.Invoke(Vector256.Load(query + j), Vector256.Load(rows + j), a);

            if (j < d)
                b = T.Invoke(Vector256.Load(query + d - width) & fresh, Vector256.Load(rows + d - width) & fresh, b);

            distances[i] = T.Sign * Vector256.Sum((a + b) + (c + e));
        }
    }

    /// <inheritdoc cref="DistanceKernels" path="/remarks"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Rows512<T>(float* query, float* rows, int count, int d, float* distances)
        where T : struct, IAccumulate
    {
        const int width = 16;
        var fresh = Vector512.GreaterThan(Vector512<int>.Indices, Vector512.Create(width - 1 - d % width)).AsSingle();
        for (var i = 0; i < count; i++, rows += d)
        {
            Vector512<float> a = default, b = default, c = default, e = default;
            var j = 0;
            for (; j <= d - 4 * width; j += 4 * width)
            {
                a = T.Invoke(Vector512.Load(query + j), Vector512.Load(rows + j), a);
                b = T.Invoke(Vector512.Load(query + j + width), Vector512.Load(rows + j + width), b);
                c = T.Invoke(Vector512.Load(query + j + 2 * width), Vector512.Load(rows + j + 2 * width), c);
                e = T.Invoke(Vector512.Load(query + j + 3 * width), Vector512.Load(rows + j + 3 * width), e);
            }

            for (; j <= d - width; j += width)
                a = T.Invoke(Vector512.Load(query + j), Vector512.Load(rows + j), a);

            if (j < d)
                b = T.Invoke(Vector512.Load(query + d - width) & fresh, Vector512.Load(rows + d - width) & fresh, b);

            distances[i] = T.Sign * Vector512.Sum((a + b) + (c + e));
        }
    }
}
