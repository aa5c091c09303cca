using static FaissNet.Tests.Contracts.Traits;

namespace FaissNet.Tests.Contracts;

/// <summary>Every index type of every engine that keeps the contract of <see cref="VectorIndex"/>.</summary>
public static class Registry
{
    /// <summary>Inverted lists of every IVF here.</summary>
    public const int NList = 8;

    /// <summary>Vectors to train with: the 256 centroids of an 8-bit codebook, and some more.</summary>
    public const int TrainingCount = 600;

    private const int D = 16;

    private static readonly Engine Native = new("native", stream => FaissIndex.Load(stream));

    private const Traits Flat = Exact | Numbers | Removes | Reconstructs | Lossless | DistancesToStored | Repeatable;
    private const Traits Ivf = Trains | Numbers | TakesIds | Removes | Reconstructs | Ranges | Probes | DistancesToStored | Watched | Repeatable;
    private const Traits IvfFlat = Ivf | Exact | Lossless;

    public static IReadOnlyList<IndexCase> All { get; } =
    [
        new(Native, "IndexFlatL2", D, MetricType.L2, Flat | Ranges, () => new IndexFlatL2(D)),
        new(Native, "IndexFlatIP", D, MetricType.InnerProduct, Flat | Ranges, () => new IndexFlatIP(D)),
        new(Native, "IndexFlat L1", D, MetricType.L1, Flat, () => new IndexFlat(D, MetricType.L1)),
        new(Native, "IndexIVFFlat L2", D, MetricType.L2, IvfFlat, () => new IndexIVFFlat(D, NList)),
        new(Native, "IndexIVFFlat IP", D, MetricType.InnerProduct, IvfFlat, () => new IndexIVFFlat(D, NList, MetricType.InnerProduct)),
        new(Native, "IndexIVFPQ L2 4x8", D, MetricType.L2, Ivf, () => new IndexIVFPQ(D, NList, 4)) { MinimumRecall = 0.6 },
        new(Native, "IndexIVFPQ IP 4x8", D, MetricType.InnerProduct, Ivf, () => new IndexIVFPQ(D, NList, 4, 8, MetricType.InnerProduct)) { MinimumRecall = 0.6 },
        new(Native, "IndexIVFPQ L2 4x4", D, MetricType.L2, Ivf, () => new IndexIVFPQ(D, NList, 4, 4)) { MinimumRecall = 0.35 },
        new(Native, "IndexIVFPQ IP 4x4", D, MetricType.InnerProduct, Ivf, () => new IndexIVFPQ(D, NList, 4, 4, MetricType.InnerProduct)) { MinimumRecall = 0.35 },
        Factory("IDMap,Flat", Exact | TakesIds | Removes | Reconstructs | Lossless | DistancesToStored | Ranges | Repeatable),
        Factory("IDMap2,Flat", Exact | TakesIds | Removes | Reconstructs | Lossless | DistancesToStored | Ranges | Repeatable),
        Factory("PCA16,IVF8,Flat", Ivf & ~DistancesToStored, d: 24) with { MinimumRecall = 0.6 },
        Factory("OPQ4,IVF8,PQ4x4np", Ivf) with { MinimumRecall = 0.35 },
        Factory("IVF8,PQ4x4,RFlat", Trains | Numbers | Reconstructs | Lossless | Probes | DistancesToStored | Watched | Repeatable) with { MinimumRecall = 0.35 },
        Factory("HNSW16", Numbers | Reconstructs | Lossless | DistancesToStored) with { MinimumRecall = 0.9 },
        Factory("SQ8", Trains | Numbers | Removes | Reconstructs | DistancesToStored | Repeatable) with { MinimumRecall = 0.9 },
        Factory("IVF8,SQ8", Ivf) with { MinimumRecall = 0.9 },
        Factory("IVF8,PQ8x4fs", (Ivf | FixedProbes) & ~(DistancesToStored | Ranges | Removes)) with { MinimumRecall = 0.5 },
        Factory("LSH", Numbers | Removes | Repeatable) with { MinimumRecall = 0.05 },
        Factory("L2norm,Flat", Numbers | Removes | Reconstructs | DistancesToStored | Ranges | Repeatable, metric: MetricType.InnerProduct)
            with { MinimumRecall = 0.99, Normalizes = true },
    ];

    private static IndexCase Factory(string description, Traits traits, int d = D, MetricType metric = MetricType.L2) =>
        new(Native, description, d, metric, traits, () => IndexFactory.Create(d, description, metric));
}
