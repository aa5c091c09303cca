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
        RequireUsual(d, metric);
        if (nlist < 1)
            throw new ArgumentOutOfRangeException(nameof(nlist), nlist, $"nlist is {nlist}: expected at least 1.");
    }

    public static T NotNull<T>(T argument, string name)
        where T : class => argument ?? throw new ArgumentNullException(name);

    public static void RequireUsual(int d, MetricType metric)
    {
        RequireDimension(d);
        if (metric is not (MetricType.L2 or MetricType.InnerProduct))
        {
            throw new ArgumentOutOfRangeException(
                nameof(metric), metric, $"metric is {metric}: this index type knows {MetricType.L2} and {MetricType.InnerProduct}.");
        }
    }

    public static void RequirePq(int d, int m, int nbits)
    {
        if (m < 1 || d % m != 0)
            throw new ArgumentOutOfRangeException(nameof(m), m, $"m is {m}: expected a divisor of d = {d}.");

        RequireBits(nbits);
    }

    public static void RequireFastScan(int d, int m, int nbits, int bbs)
    {
        RequirePq(d, m, nbits);
        if (nbits != 4)
            throw new ArgumentOutOfRangeException(nameof(nbits), nbits, $"nbits is {nbits}: fast-scan codes have 4 bits.");

        if (bbs < 32 || bbs % 32 != 0)
            throw new ArgumentOutOfRangeException(nameof(bbs), bbs, $"bbs is {bbs}: expected a multiple of 32.");
    }

    public static void RequireAdditive(int m, int nbits, AdditiveQuantizerSearchType searchType)
    {
        if (m is < 1 or > 1024)
            throw new ArgumentOutOfRangeException(nameof(m), m, $"m is {m}: expected 1 to 1024.");

        RequireBits(nbits);
        if (!Enum.IsDefined(searchType))
        {
            throw new ArgumentOutOfRangeException(
                nameof(searchType), searchType, $"searchType is {(int)searchType}: expected one of {nameof(AdditiveQuantizerSearchType)}'s values.");
        }
    }

    public static void RequireSplits(int d, int nsplits)
    {
        if (nsplits < 1 || d % nsplits != 0)
            throw new ArgumentOutOfRangeException(nameof(nsplits), nsplits, $"nsplits is {nsplits}: expected a divisor of d = {d}.");
    }

    public static int QType(ScalarQuantizerType qtype) => Enum.IsDefined(qtype)
        ? (int)qtype
        : throw new ArgumentOutOfRangeException(
            nameof(qtype), qtype, $"qtype is {(int)qtype}: expected one of {string.Join(", ", Enum.GetNames<ScalarQuantizerType>())}.");

    public static int Links(int m) => m is >= 2 and <= 4096
        ? m
        : throw new ArgumentOutOfRangeException(nameof(m), m, $"m is {m}: expected 2 to 4096 links per vector.");

    private static void RequireBits(int nbits)
    {
        if (nbits is < 1 or > IndexIVFPQ.MaxNBits)
            throw new ArgumentOutOfRangeException(nameof(nbits), nbits, $"nbits is {nbits}: expected 1 to {IndexIVFPQ.MaxNBits}.");
    }
}
