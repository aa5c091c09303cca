using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>What stands for a component in a code.</summary>
internal enum ScalarCodeKind
{
    /// <summary>A byte.</summary>
    Bytes,

    /// <summary>The lower half of a byte.</summary>
    LowNibbles,

    /// <summary>The upper half of a byte.</summary>
    HighNibbles,

    /// <summary>A half-precision float.</summary>
    Halves,
}

/// <summary>
/// Terms t and scales s for some numbers of a code. Numbers that fill no whole vector are read as the last whole vector of the code, in which
/// those that were summed before are masked out.
/// </summary>
internal readonly unsafe struct ScalarSection
{
    /// <summary>One per number, then a copy for the last vector.</summary>
    public float* Terms { get; private init; }

    /// <summary>One per number, then a copy for the last vector.</summary>
    public float* Scales { get; private init; }

    /// <summary>All bits set where the last vector counts.</summary>
    public float* Mask { get; private init; }

    /// <summary>Numbers per code.</summary>
    public int Length { get; private init; }

    /// <summary>Lanes of the form that sums.</summary>
    public int Width { get; private init; }

    /// <summary>Numbers that fill whole vectors.</summary>
    public int Whole => Length - Length % Width;

    /// <summary>Lays a section over memory.</summary>
    public static ScalarSection At(float* memory, int length, int width) => new()
    {
        Terms = memory,
        Scales = memory + length + ScalarDistances.Slack,
        Mask = memory + 2 * (length + ScalarDistances.Slack),
        Length = length,
        Width = width,
    };

    /// <summary>Fills what is needed for the last vector, once terms and scales are there.</summary>
    public void FillTail()
    {
        if (Length < Width)
            return;

        for (var lane = 0; lane < Width; lane++)
        {
            var from = Length - Width + lane;
            var counts = from >= Whole;
            Terms[Length + lane] = counts ? Terms[from] : 0;
            Scales[Length + lane] = counts ? Scales[from] : 0;
            ((int*)Mask)[lane] = counts ? -1 : 0;
        }
    }
}

/// <summary>Sums over the numbers of codes that lie one after the other: Σ(t + s·c)² or Σ s·c. Four codes at a time share the loads of t and s.</summary>
internal static unsafe partial class ScalarDistances
{
    /// <summary>Floats behind the terms of a section: the widest vector.</summary>
    public const int Slack = 16;

    /// <summary>The lanes of the form that <see cref="Add"/> takes here.</summary>
    public static int Width =>
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? 16
        : Vector256.IsHardwareAccelerated && Avx2.IsSupported ? 8
        : Vector128.IsHardwareAccelerated ? 4
        : 1;

    /// <summary>Adds the sum of each code to its distance.</summary>
    public static void Add(MetricType metric, ScalarCodeKind kind, in ScalarSection section, byte* codes, int codeSize, int n, float* distances)
    {
        if (metric == MetricType.InnerProduct)
            Add<Products>(kind, section, codes, codeSize, n, distances);
        else
            Add<Squares>(kind, section, codes, codeSize, n, distances);
    }

    private static void Add<TSum>(ScalarCodeKind kind, in ScalarSection section, byte* codes, int codeSize, int n, float* distances)
        where TSum : struct, ISum
    {
        switch (kind)
        {
            case ScalarCodeKind.Bytes:
                Add<TSum, ByteNumbers>(section, codes, codeSize, n, distances);
                break;
            case ScalarCodeKind.LowNibbles:
                Add<TSum, LowNibbleNumbers>(section, codes, codeSize, n, distances);
                break;
            case ScalarCodeKind.HighNibbles:
                Add<TSum, HighNibbleNumbers>(section, codes, codeSize, n, distances);
                break;
            default:
                Add<TSum, HalfNumbers>(section, codes, codeSize, n, distances);
                break;
        }
    }

    private static void Add<TSum, TNumbers>(in ScalarSection section, byte* codes, int codeSize, int n, float* distances)
        where TSum : struct, ISum
        where TNumbers : struct, INumbers
    {
        if (section.Width == 16 && section.Length >= 16)
            Add512<TSum, TNumbers>(section, codes, codeSize, n, distances);
        else if (section.Width == 8 && section.Length >= 8)
            Add256<TSum, TNumbers>(section, codes, codeSize, n, distances);
        else if (section.Width == 4 && section.Length >= 4)
            Add128<TSum, TNumbers>(section, codes, codeSize, n, distances);
        else
            AddScalar<TSum, TNumbers>(section, codes, codeSize, n, distances);
    }

    /// <summary>What the other forms compute, up to the order of the sum.</summary>
    private static void AddScalar<TSum, TNumbers>(in ScalarSection section, byte* codes, int codeSize, int n, float* distances)
        where TSum : struct, ISum
        where TNumbers : struct, INumbers
    {
        for (var i = 0; i < n; i++, codes += codeSize)
        {
            var sum = 0f;
            for (var j = 0; j < section.Length; j++)
                sum = TSum.Add(section.Terms[j], section.Scales[j], TNumbers.Load(codes, j), sum);

            distances[i] += sum;
        }
    }


    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add512<TSum, TNumbers>(in ScalarSection section, byte* codes, int codeSize, int n, float* distances)
        where TSum : struct, ISum
        where TNumbers : struct, INumbers
    {
        float* terms = section.Terms, scales = section.Scales;
        int length = section.Length, whole = section.Whole;
        var mask = Vector512.Load(section.Mask);
        var i = 0;
        for (; i + 4 <= n; i += 4, codes += 4L * codeSize)
        {
            byte* code0 = codes, code1 = code0 + codeSize, code2 = code1 + codeSize, code3 = code2 + codeSize;
            Vector512<float> sum0, sum1, sum2, sum3;
            sum0 = sum1 = sum2 = sum3 = Vector512<float>.Zero;
            for (var j = 0; j < whole; j += 16)
            {
                var term = Vector512.Load(terms + j);
                var scale = Vector512.Load(scales + j);
                sum0 = TSum.Add(term, scale, TNumbers.Load512(code0, j), sum0);
                sum1 = TSum.Add(term, scale, TNumbers.Load512(code1, j), sum1);
                sum2 = TSum.Add(term, scale, TNumbers.Load512(code2, j), sum2);
                sum3 = TSum.Add(term, scale, TNumbers.Load512(code3, j), sum3);
            }

            if (whole < length)
            {
                var term = Vector512.Load(terms + length);
                var scale = Vector512.Load(scales + length);
                var last = length - 16;
                sum0 = TSum.Add(term, scale, TNumbers.Load512(code0, last) & mask, sum0);
                sum1 = TSum.Add(term, scale, TNumbers.Load512(code1, last) & mask, sum1);
                sum2 = TSum.Add(term, scale, TNumbers.Load512(code2, last) & mask, sum2);
                sum3 = TSum.Add(term, scale, TNumbers.Load512(code3, last) & mask, sum3);
            }

            distances[i] += Vector512.Sum(sum0);
            distances[i + 1] += Vector512.Sum(sum1);
            distances[i + 2] += Vector512.Sum(sum2);
            distances[i + 3] += Vector512.Sum(sum3);
        }

        for (; i < n; i++, codes += codeSize)
        {
            var sum = Vector512<float>.Zero;
            for (var j = 0; j < whole; j += 16)
                sum = TSum.Add(Vector512.Load(terms + j), Vector512.Load(scales + j), TNumbers.Load512(codes, j), sum);

            if (whole < length)
                sum = TSum.Add(Vector512.Load(terms + length), Vector512.Load(scales + length), TNumbers.Load512(codes, length - 16) & mask, sum);

            distances[i] += Vector512.Sum(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add256<TSum, TNumbers>(in ScalarSection section, byte* codes, int codeSize, int n, float* distances)
        where TSum : struct, ISum
        where TNumbers : struct, INumbers
    {
        float* terms = section.Terms, scales = section.Scales;
        int length = section.Length, whole = section.Whole;
        var mask = Vector256.Load(section.Mask);
        var i = 0;
        for (; i + 4 <= n; i += 4, codes += 4L * codeSize)
        {
            byte* code0 = codes, code1 = code0 + codeSize, code2 = code1 + codeSize, code3 = code2 + codeSize;
            Vector256<float> sum0, sum1, sum2, sum3;
            sum0 = sum1 = sum2 = sum3 = Vector256<float>.Zero;
            for (var j = 0; j < whole; j += 8)
            {
                var term = Vector256.Load(terms + j);
                var scale = Vector256.Load(scales + j);
                sum0 = TSum.Add(term, scale, TNumbers.Load256(code0, j), sum0);
                sum1 = TSum.Add(term, scale, TNumbers.Load256(code1, j), sum1);
                sum2 = TSum.Add(term, scale, TNumbers.Load256(code2, j), sum2);
                sum3 = TSum.Add(term, scale, TNumbers.Load256(code3, j), sum3);
            }

            if (whole < length)
            {
                var term = Vector256.Load(terms + length);
                var scale = Vector256.Load(scales + length);
                var last = length - 8;
                sum0 = TSum.Add(term, scale, TNumbers.Load256(code0, last) & mask, sum0);
                sum1 = TSum.Add(term, scale, TNumbers.Load256(code1, last) & mask, sum1);
                sum2 = TSum.Add(term, scale, TNumbers.Load256(code2, last) & mask, sum2);
                sum3 = TSum.Add(term, scale, TNumbers.Load256(code3, last) & mask, sum3);
            }

            distances[i] += Vector256.Sum(sum0);
            distances[i + 1] += Vector256.Sum(sum1);
            distances[i + 2] += Vector256.Sum(sum2);
            distances[i + 3] += Vector256.Sum(sum3);
        }

        for (; i < n; i++, codes += codeSize)
        {
            var sum = Vector256<float>.Zero;
            for (var j = 0; j < whole; j += 8)
                sum = TSum.Add(Vector256.Load(terms + j), Vector256.Load(scales + j), TNumbers.Load256(codes, j), sum);

            if (whole < length)
                sum = TSum.Add(Vector256.Load(terms + length), Vector256.Load(scales + length), TNumbers.Load256(codes, length - 8) & mask, sum);

            distances[i] += Vector256.Sum(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add128<TSum, TNumbers>(in ScalarSection section, byte* codes, int codeSize, int n, float* distances)
        where TSum : struct, ISum
        where TNumbers : struct, INumbers
    {
        float* terms = section.Terms, scales = section.Scales;
        int length = section.Length, whole = section.Whole;
        var mask = Vector128.Load(section.Mask);
        var i = 0;
        for (; i + 4 <= n; i += 4, codes += 4L * codeSize)
        {
            byte* code0 = codes, code1 = code0 + codeSize, code2 = code1 + codeSize, code3 = code2 + codeSize;
            Vector128<float> sum0, sum1, sum2, sum3;
            sum0 = sum1 = sum2 = sum3 = Vector128<float>.Zero;
            for (var j = 0; j < whole; j += 4)
            {
                var term = Vector128.Load(terms + j);
                var scale = Vector128.Load(scales + j);
                sum0 = TSum.Add(term, scale, TNumbers.Load128(code0, j), sum0);
                sum1 = TSum.Add(term, scale, TNumbers.Load128(code1, j), sum1);
                sum2 = TSum.Add(term, scale, TNumbers.Load128(code2, j), sum2);
                sum3 = TSum.Add(term, scale, TNumbers.Load128(code3, j), sum3);
            }

            if (whole < length)
            {
                var term = Vector128.Load(terms + length);
                var scale = Vector128.Load(scales + length);
                var last = length - 4;
                sum0 = TSum.Add(term, scale, TNumbers.Load128(code0, last) & mask, sum0);
                sum1 = TSum.Add(term, scale, TNumbers.Load128(code1, last) & mask, sum1);
                sum2 = TSum.Add(term, scale, TNumbers.Load128(code2, last) & mask, sum2);
                sum3 = TSum.Add(term, scale, TNumbers.Load128(code3, last) & mask, sum3);
            }

            distances[i] += Vector128.Sum(sum0);
            distances[i + 1] += Vector128.Sum(sum1);
            distances[i + 2] += Vector128.Sum(sum2);
            distances[i + 3] += Vector128.Sum(sum3);
        }

        for (; i < n; i++, codes += codeSize)
        {
            var sum = Vector128<float>.Zero;
            for (var j = 0; j < whole; j += 4)
                sum = TSum.Add(Vector128.Load(terms + j), Vector128.Load(scales + j), TNumbers.Load128(codes, j), sum);

            if (whole < length)
                sum = TSum.Add(Vector128.Load(terms + length), Vector128.Load(scales + length), TNumbers.Load128(codes, length - 4) & mask, sum);

            distances[i] += Vector128.Sum(sum);
        }
    }
}
