using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>Distances of a query to rows that lie far apart.</summary>
internal static unsafe class RowDistances
{
    // Rows are fetched from memory while those before them are computed: so many bytes ahead.
    private const int BytesAhead = 4096;

    private const int Line = 64;

    /// <param name="metric">How vectors are compared.</param>
    /// <param name="query">d floats.</param>
    /// <param name="rows">All rows, one after the other.</param>
    /// <param name="d">Components of each.</param>
    /// <param name="ids">Which rows.</param>
    /// <param name="count">How many.</param>
    /// <param name="distances">Receives what is compared by: squared distances, or inner products negated.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(MetricType metric, float* query, float* rows, int d, long* ids, int count, float* distances)
    {
        var bytes = d * sizeof(float);
        var ahead = Math.Max(1, (BytesAhead + bytes - 1) / bytes);
        for (var i = 0; i < Math.Min(ahead, count); i++)
            Prefetch(rows + ids[i] * d, bytes);

        for (var i = 0; i < count; i++)
        {
            if (i + ahead < count)
                Prefetch(rows + ids[i + ahead] * d, bytes);

            distances[i] = DistanceKernels.Compare(metric, query, rows + ids[i] * d, d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* row, int bytes)
    {
        if (!Sse.IsSupported)
            return;

        for (var offset = 0; offset < bytes + Line; offset += Line)
            Sse.Prefetch0((byte*)row + offset);
    }
}
