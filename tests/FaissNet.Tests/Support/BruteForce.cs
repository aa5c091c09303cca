namespace FaissNet.Tests.Support;

/// <summary>The definitions of the metrics and of "nearest", as plain as they can be said: what searches are measured by.</summary>
internal static class BruteForce
{
    public static bool IsSimilarity(MetricType metric) => metric == MetricType.InnerProduct;

    public static double Distance(MetricType metric, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (var i = 0; i < a.Length; i++)
        {
            var difference = (double)a[i] - b[i];
            sum += metric switch
            {
                MetricType.InnerProduct => (double)a[i] * b[i],
                MetricType.L2 => difference * difference,
                MetricType.L1 => Math.Abs(difference),
                _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "no definition here"),
            };
        }

        return sum;
    }

    /// <summary>The distances of one query to all vectors.</summary>
    public static double[] Distances(MetricType metric, ReadOnlySpan<float> query, ReadOnlySpan<float> vectors)
    {
        var d = query.Length;
        var distances = new double[vectors.Length / d];
        for (var i = 0; i < distances.Length; i++)
            distances[i] = Distance(metric, query, vectors.Slice(i * d, d));

        return distances;
    }

    /// <summary>The positions of the k nearest vectors, nearest first, ties by position.</summary>
    public static int[] Nearest(MetricType metric, double[] distances, int k) =>
        [.. Enumerable.Range(0, distances.Length)
            .OrderBy(i => IsSimilarity(metric) ? -distances[i] : distances[i])
            .ThenBy(i => i)
            .Take(k)];

    /// <summary>The share of the true k nearest that a search returned, over all queries. A vector exactly as far as the k-th
    /// counts as one of them.</summary>
    public static double Recall(MetricType metric, float[] vectors, float[] queries, int d, int k, long[] labels)
    {
        var found = 0;
        var n = queries.Length / d;
        for (var q = 0; q < n; q++)
        {
            var distances = Distances(metric, queries.AsSpan(q * d, d), vectors);
            var last = distances[Nearest(metric, distances, k)[^1]];
            found += labels.AsSpan(q * k, k).ToArray()
                .Count(id => id >= 0 && (IsSimilarity(metric) ? distances[id] >= last : distances[id] <= last));
        }

        return (double)found / (n * k);
    }
}
