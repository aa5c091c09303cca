using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>
/// The centroids of a product quantizer of 4 bits, laid out so that the tables of a query are computed for all 16 centroids of a part at
/// once: [parts][d / M][16], an odd number of parts rounded up by one whose entries are zero.
/// </summary>
internal sealed unsafe class FastScanCodebook
{
    private const int KSub = 16;

    private readonly float[] _components;
    private readonly int _dsub;
    private readonly int _parts;

    public FastScanCodebook(ProductQuantizer quantizer)
    {
        _dsub = quantizer.SubDimension;
        _parts = quantizer.M;
        Rows = quantizer.CodeSize;
        _components = GC.AllocateUninitializedArray<float>(quantizer.Dimension * KSub, pinned: true);
        var centroids = quantizer.Centroids;
        for (var m = 0; m < _parts; m++)
        {
            for (var c = 0; c < KSub; c++)
            {
                for (var j = 0; j < _dsub; j++)
                    _components[(m * _dsub + j) * KSub + c] = centroids[(m * KSub + c) * _dsub + j];
            }
        }
    }

    /// <summary>Bytes per code: two parts to a byte.</summary>
    public int Rows { get; }

    /// <summary>The number of parts.</summary>
    public int M => _parts;

    /// <summary>Floats of the tables of a query: [rows][2][16].</summary>
    public int TableSize => Rows * 2 * KSub;

    /// <summary>Bytes of memory.</summary>
    public long Bytes => (long)_components.Length * sizeof(float);

    /// <summary>The squared distances of the parts of a query to their centroids.</summary>
    public void FillSquared(float* query, float* tables) => Fill<DistanceKernels.SquaredDifference>(query, 1, tables);

    /// <summary>The products of the parts of a query and their centroids, times a factor.</summary>
    public void FillProducts(float* query, float factor, float* tables) => Fill<DistanceKernels.Product>(query, factor, tables);

    private void Fill<T>(float* query, float factor, float* tables)
        where T : struct, DistanceKernels.IAccumulate
    {
        var components = (float*)Unsafe.AsPointer(ref _components[0]);
        if (Vector512.IsHardwareAccelerated)
            Fill512<T>(query, _parts, _dsub, components, factor, tables);
        else if (Vector256.IsHardwareAccelerated)
            Fill256<T>(query, _parts, _dsub, components, factor, tables);
        else if (Vector128.IsHardwareAccelerated)
            Fill128<T>(query, _parts, _dsub, components, factor, tables);
        else
            FillScalar<T>(query, _parts, _dsub, components, factor, tables);

        if (_parts % 2 != 0)
            new Span<float>(tables + _parts * KSub, KSub).Clear();
    }

    /// <summary>What the other forms compute, up to the rounding of fused operations.</summary>
    internal static void FillScalar<T>(float* query, int parts, int dsub, float* components, float factor, float* tables)
        where T : struct, DistanceKernels.IAccumulate
    {
        for (var m = 0; m < parts; m++, query += dsub, components += dsub * KSub, tables += KSub)
        {
            for (var c = 0; c < KSub; c++)
            {
                var sum = 0f;
                for (var j = 0; j < dsub; j++)
                    sum = T.Invoke(query[j], components[j * KSub + c], sum);

                tables[c] = sum * factor;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Fill128<T>(float* query, int parts, int dsub, float* components, float factor, float* tables)
        where T : struct, DistanceKernels.IAccumulate
    {
        for (var m = 0; m < parts; m++, query += dsub, tables += KSub)
        {
            Vector128<float> a = default, b = default, c = default, d = default;
            for (var j = 0; j < dsub; j++, components += KSub)
            {
                var x = Vector128.Create(query[j]);
                a = T.Invoke(x, Vector128.Load(components), a);
                b = T.Invoke(x, Vector128.Load(components + 4), b);
                c = T.Invoke(x, Vector128.Load(components + 8), c);
                d = T.Invoke(x, Vector128.Load(components + 12), d);
            }

            (a * factor).Store(tables);
            (b * factor).Store(tables + 4);
            (c * factor).Store(tables + 8);
            (d * factor).Store(tables + 12);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Fill256<T>(float* query, int parts, int dsub, float* components, float factor, float* tables)
        where T : struct, DistanceKernels.IAccumulate
    {
        for (var m = 0; m < parts; m++, query += dsub, tables += KSub)
        {
            Vector256<float> a = default, b = default;
            for (var j = 0; j < dsub; j++, components += KSub)
            {
                var x = Vector256.Create(query[j]);
                a = T.Invoke(x, Vector256.Load(components), a);
                b = T.Invoke(x, Vector256.Load(components + 8), b);
            }

            (a * factor).Store(tables);
            (b * factor).Store(tables + 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Fill512<T>(float* query, int parts, int dsub, float* components, float factor, float* tables)
        where T : struct, DistanceKernels.IAccumulate
    {
        for (var m = 0; m < parts; m++, query += dsub, tables += KSub)
        {
            Vector512<float> sum = default;
            for (var j = 0; j < dsub; j++, components += KSub)
                sum = T.Invoke(Vector512.Create(query[j]), Vector512.Load(components), sum);

            (sum * factor).Store(tables);
        }
    }
}
