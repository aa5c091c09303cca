using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>Squared distance and inner product of two vectors.</summary>
internal static unsafe class DistanceKernels
{
    /// <summary>Accumulates one pair of components after the other, on whatever width.</summary>
    internal interface IAccumulate
    {
        static abstract float Invoke(float x, float y, float sum);

        static abstract Vector128<float> Invoke(Vector128<float> x, Vector128<float> y, Vector128<float> sum);

        static abstract Vector256<float> Invoke(Vector256<float> x, Vector256<float> y, Vector256<float> sum);

        static abstract Vector512<float> Invoke(Vector512<float> x, Vector512<float> y, Vector512<float> sum);
    }

    /// <summary>‖x - y‖²</summary>
    internal readonly struct SquaredDifference : IAccumulate
    {
        public static float Invoke(float x, float y, float sum) => sum + (x - y) * (x - y);

        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y, Vector128<float> sum) =>
            Vector128.MultiplyAddEstimate(x - y, x - y, sum);

        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y, Vector256<float> sum) =>
            Vector256.MultiplyAddEstimate(x - y, x - y, sum);

        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y, Vector512<float> sum) =>
            Vector512.MultiplyAddEstimate(x - y, x - y, sum);
    }

    /// <summary>⟨x, y⟩</summary>
    internal readonly struct Product : IAccumulate
    {
        public static float Invoke(float x, float y, float sum) => sum + x * y;

        public static Vector128<float> Invoke(Vector128<float> x, Vector128<float> y, Vector128<float> sum) =>
            Vector128.MultiplyAddEstimate(x, y, sum);

        public static Vector256<float> Invoke(Vector256<float> x, Vector256<float> y, Vector256<float> sum) =>
            Vector256.MultiplyAddEstimate(x, y, sum);

        public static Vector512<float> Invoke(Vector512<float> x, Vector512<float> y, Vector512<float> sum) =>
            Vector512.MultiplyAddEstimate(x, y, sum);
    }

    /// <summary>The squared distance of two vectors of d components.</summary>
    public static float SquaredL2(float* x, float* y, int d) => Accumulate<SquaredDifference>(x, y, d);

    /// <summary>The inner product of two vectors of d components.</summary>
    public static float InnerProduct(float* x, float* y, int d) => Accumulate<Product>(x, y, d);

    /// <summary>What heaps compare by: the squared distance, or the inner product negated.</summary>
    public static float Compare(MetricType metric, float* x, float* y, int d) =>
        metric == MetricType.InnerProduct ? -InnerProduct(x, y, d) : SquaredL2(x, y, d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Accumulate<T>(float* x, float* y, int d)
        where T : struct, IAccumulate =>
        Vector512.IsHardwareAccelerated ? Accumulate512<T>(x, y, d)
        : Vector256.IsHardwareAccelerated ? Accumulate256<T>(x, y, d)
        : Vector128.IsHardwareAccelerated ? Accumulate128<T>(x, y, d)
        : AccumulateScalar<T>(x, y, d);

    /// <summary>What the other forms compute, up to the order of the sum.</summary>
    internal static float AccumulateScalar<T>(float* x, float* y, int d)
        where T : struct, IAccumulate
    {
        var sum = 0f;
        for (var i = 0; i < d; i++)
            sum = T.Invoke(x[i], y[i], sum);

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Accumulate128<T>(float* x, float* y, int d)
        where T : struct, IAccumulate
    {
        Vector128<float> a = default, b = default;
        var i = 0;
        for (; i <= d - 8; i += 8)
        {
            a = T.Invoke(Vector128.Load(x + i), Vector128.Load(y + i), a);
            b = T.Invoke(Vector128.Load(x + i + 4), Vector128.Load(y + i + 4), b);
        }

        var sum = Vector128.Sum(a + b);
        for (; i < d; i++)
            sum = T.Invoke(x[i], y[i], sum);

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Accumulate256<T>(float* x, float* y, int d)
        where T : struct, IAccumulate
    {
        Vector256<float> a = default, b = default, c = default, e = default;
        var i = 0;
        for (; i <= d - 32; i += 32)
        {
            a = T.Invoke(Vector256.Load(x + i), Vector256.Load(y + i), a);
            b = T.Invoke(Vector256.Load(x + i + 8), Vector256.Load(y + i + 8), b);
            c = T.Invoke(Vector256.Load(x + i + 16), Vector256.Load(y + i + 16), c);
            e = T.Invoke(Vector256.Load(x + i + 24), Vector256.Load(y + i + 24), e);
        }

        for (; i <= d - 8; i += 8)
            a = T.Invoke(Vector256.Load(x + i), Vector256.Load(y + i), a);

        var sum = Vector256.Sum((a + b) + (c + e));
        for (; i < d; i++)
            sum = T.Invoke(x[i], y[i], sum);

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Accumulate512<T>(float* x, float* y, int d)
        where T : struct, IAccumulate
    {
        Vector512<float> a = default, b = default, c = default, e = default;
        var i = 0;
        for (; i <= d - 64; i += 64)
        {
            a = T.Invoke(Vector512.Load(x + i), Vector512.Load(y + i), a);
            b = T.Invoke(Vector512.Load(x + i + 16), Vector512.Load(y + i + 16), b);
            c = T.Invoke(Vector512.Load(x + i + 32), Vector512.Load(y + i + 32), c);
            e = T.Invoke(Vector512.Load(x + i + 48), Vector512.Load(y + i + 48), e);
        }

        for (; i <= d - 16; i += 16)
            a = T.Invoke(Vector512.Load(x + i), Vector512.Load(y + i), a);

        var sum = Vector512.Sum((a + b) + (c + e));
        for (; i < d; i++)
            sum = T.Invoke(x[i], y[i], sum);

        return sum;
    }
}
