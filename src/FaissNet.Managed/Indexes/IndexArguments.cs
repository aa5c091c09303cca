namespace FaissNet.Managed;

/// <summary>Checks of what an index is made from, and errors that several types share.</summary>
internal static class IndexArguments
{
    /// <summary>FAISS's newer readers refuse files above it.</summary>
    public const int MaxDimension = 1 << 20;

    public static int Dimension(int d) => d is >= 1 and <= MaxDimension
        ? d
        : throw new ArgumentOutOfRangeException(nameof(d), d, $"d is {d}: expected 1 to {MaxDimension}.");

    public static MetricType L2OrInnerProduct(MetricType metric) => metric is MetricType.L2 or MetricType.InnerProduct
        ? metric
        : throw new ArgumentOutOfRangeException(
            nameof(metric), metric, $"metric is {metric}: the managed engine knows {MetricType.L2} and {MetricType.InnerProduct}.");

    public static int ListCount(int nlist) => nlist >= 1
        ? nlist
        : throw new ArgumentOutOfRangeException(nameof(nlist), nlist, $"nlist is {nlist}: expected at least 1.");

    public static int SubQuantizers(int m, int d) => m >= 1 && d % m == 0
        ? m
        : throw new ArgumentOutOfRangeException(nameof(m), m, $"m is {m}: expected a divisor of d = {d}.");

    public static T NotNull<T>(T argument, string name)
        where T : class => argument ?? throw new ArgumentNullException(name);

    /// <summary>What <see cref="VectorIndex.MergeFrom(VectorIndex)"/> checks of the outer indexes, for those that they wrap.</summary>
    public static void RequireMergeable(ManagedIndex index, ManagedIndex other)
    {
        if (index.GetType() != other.GetType() || index.Dimension != other.Dimension || index.Metric != other.Metric)
        {
            throw new ArgumentException(
                $"other wraps a {other.TypeName} of {other.Dimension} components with {other.Metric}: expected a {index.TypeName} of " +
                $"{index.Dimension} with {index.Metric}.",
                nameof(other));
        }
    }

    public static KeyNotFoundException NoSuchId(long id) => new($"The index holds no vector with the id {id}.");

    public static KeyNotFoundException NoSuchId(long id, long count) =>
        new(count == 0 ? $"The index is empty: there is no vector {id}." : $"The index holds no vector {id}: expected 0 to {count - 1}.");
}
