namespace FaissNet;

/// <summary>Checks of what an index is made from, where FAISS accepts anything and fails later or not at all.</summary>
internal static class IndexArguments
{
    /// <summary>FAISS's newer readers refuse files above it.</summary>
    public const int MaxDimension = 1 << 20;

    public static void RequireDimension(int d)
    {
        if (d is < 1 or > MaxDimension)
            throw new ArgumentOutOfRangeException(nameof(d), d, $"d is {d}: expected 1 to {MaxDimension}.");
    }

    public static void RequireMetric(MetricType metric)
    {
        if (!Enum.IsDefined(metric))
            throw new ArgumentOutOfRangeException(nameof(metric), metric, $"metric is {(int)metric}: expected one of {nameof(MetricType)}'s values.");
    }

    public static void RequireIvf(int d, int nlist, MetricType metric)
    {
        RequireDimension(d);
        if (nlist < 1)
            throw new ArgumentOutOfRangeException(nameof(nlist), nlist, $"nlist is {nlist}: expected at least 1.");

        if (metric is not (MetricType.L2 or MetricType.InnerProduct))
        {
            throw new ArgumentOutOfRangeException(
                nameof(metric), metric, $"metric is {metric}: this index type knows {MetricType.L2} and {MetricType.InnerProduct}.");
        }
    }
}
