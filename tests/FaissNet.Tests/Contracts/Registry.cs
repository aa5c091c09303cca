using FaissNet.Tests.Support;
using static FaissNet.Tests.Contracts.Traits;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Contracts;

/// <summary>Every index type of every engine that keeps the contract of <see cref="VectorIndex"/>.</summary>
public static class Registry
{
    /// <summary>Inverted lists of every IVF here.</summary>
    public const int NList = 8;

    /// <summary>Vectors to train with: the 256 centroids of an 8-bit codebook, and some more.</summary>
    public const int TrainingCount = 600;

    private const int D = 16;

    private static readonly Engine NativeEngine = new("native", stream => FaissIndex.Load(stream));
    private static readonly Engine ManagedEngine = new("managed", stream => M.ManagedIndex.Load(stream));

    // What most types can do with their content as a whole.
    private const Traits Whole = Selects | Merges | Encodes | AddsCodes;
    private const Traits Flat = Exact | Numbers | Removes | Reconstructs | Lossless | DistancesToStored | Repeatable | Whole;
    private const Traits IdMap = (Flat & ~Numbers) | TakesIds | Ranges;
    private const Traits Ivf =
        Trains | Numbers | TakesIds | Removes | Reconstructs | Ranges | Probes | DistancesToStored | Watched | Repeatable | Whole;
    private const Traits Codes = Trains | Numbers | Removes | Reconstructs | Ranges | DistancesToStored | Repeatable | Whole;
    private const Traits IvfFlat = Ivf | Exact | Lossless;

    // What FAISS's own types got in some version: see Since.
    private static Traits FlatCodes => Codes & ~Ranges | Since(9, Ranges);
    private static Traits Lsh => Numbers | Removes | Repeatable | Encodes | AddsCodes | Merges | Since(9, RangesLoosely);
    private static Traits IvfFastScan =>
        (Ivf | FixedProbes) & ~(DistancesToStored | Ranges | Selects) | Since(8, RangesLoosely) | Since(9, Selects);

    /// <summary>The cases that this run is about: see <see cref="TestEngine"/>.</summary>
    public static IReadOnlyList<IndexCase> All { get; } = [.. TestEngine.IsManagedOnly ? ManagedCases() : [.. NativeCases(), .. ManagedCases()]];

    private static IEnumerable<IndexCase> NativeCases() =>
    [
        new(NativeEngine, "IndexFlatL2", D, MetricType.L2, Flat | Ranges, () => new IndexFlatL2(D)),
        new(NativeEngine, "IndexFlatIP", D, MetricType.InnerProduct, Flat | Ranges, () => new IndexFlatIP(D)),
        new(NativeEngine, "IndexFlat L1", D, MetricType.L1, Flat, () => new IndexFlat(D, MetricType.L1)),
        new(NativeEngine, "IndexIVFFlat L2", D, MetricType.L2, IvfFlat, () => new IndexIVFFlat(D, NList)),
        new(NativeEngine, "IndexIVFFlat IP", D, MetricType.InnerProduct, IvfFlat, () => new IndexIVFFlat(D, NList, MetricType.InnerProduct)),
        new(NativeEngine, "IndexIVFPQ L2 4x8", D, MetricType.L2, Ivf, () => new IndexIVFPQ(D, NList, 4)) { MinimumRecall = 0.6 },
        new(NativeEngine, "IndexIVFPQ IP 4x8", D, MetricType.InnerProduct, Ivf, () => new IndexIVFPQ(D, NList, 4, 8, MetricType.InnerProduct)) { MinimumRecall = 0.6 },
        new(NativeEngine, "IndexIVFPQ L2 4x4", D, MetricType.L2, Ivf, () => new IndexIVFPQ(D, NList, 4, 4)) { MinimumRecall = 0.35 },
        new(NativeEngine, "IndexIVFPQ IP 4x4", D, MetricType.InnerProduct, Ivf, () => new IndexIVFPQ(D, NList, 4, 4, MetricType.InnerProduct)) { MinimumRecall = 0.35 },
        Factory("IDMap,Flat", IdMap),
        Factory("IDMap2,Flat", IdMap),
        Factory("PCA16,IVF8,Flat", Ivf & ~DistancesToStored, d: 24) with { MinimumRecall = 0.6 },
        Factory("OPQ4,IVF8,PQ4x4np", Ivf) with { MinimumRecall = 0.35 },
        Factory("IVF8,PQ4x4,RFlat", Trains | Numbers | Reconstructs | Lossless | Probes | DistancesToStored | Watched | Repeatable | Whole | Refines | Since(10, RangesLoosely)) with { MinimumRecall = 0.35 },
        Factory("HNSW16", Numbers | Reconstructs | Lossless | DistancesToStored | Selects | Since(8, RangesLoosely)) with { MinimumRecall = 0.9 },
        Factory("SQ8", FlatCodes) with { MinimumRecall = 0.9 },
        Factory("IVF8,SQ8", Ivf) with { MinimumRecall = 0.9 },
        Factory("IVF8,PQ8x4fs", IvfFastScan) with { MinimumRecall = 0.5 },
        Factory("LSH", Lsh) with { MinimumRecall = 0.05 },
        .. TypedCases(),
        Factory("L2norm,Flat", Numbers | Removes | Reconstructs | DistancesToStored | Ranges | Repeatable | Whole, metric: MetricType.InnerProduct)
            with { MinimumRecall = 0.99, Normalizes = true },
    ];

    // What the factory makes above, and more, by constructors.
    private static IEnumerable<IndexCase> TypedCases() =>
    [
        Native("IndexPQ", FlatCodes | Watched, () => new IndexPQ(D, 4)) with { MinimumRecall = 0.6 },
        Native("IndexPQ IP", FlatCodes | Watched, () => new IndexPQ(D, 4, 8, MetricType.InnerProduct)) with { MinimumRecall = 0.6 },
        Native("IndexPQFastScan", Trains | Numbers | Removes | Reconstructs | Merges | Watched | Repeatable | Encodes | AddsCodes, () => new IndexPQFastScan(D, 8)) with { MinimumRecall = 0.5 },
        Native("IndexIVFPQFastScan by residual", IvfFastScan, () => new IndexIVFPQFastScan(D, NList, 8) { ByResidual = true }) with { MinimumRecall = 0.5 },
        Native("IndexScalarQuantizer", FlatCodes, () => new IndexScalarQuantizer(D, ScalarQuantizerType.QT_6bit)) with { MinimumRecall = 0.9 },
        Native("IndexIVFScalarQuantizer", Ivf, () => new IndexIVFScalarQuantizer(D, NList, ScalarQuantizerType.QT_fp16, MetricType.InnerProduct) { ByResidual = false }) with { MinimumRecall = 0.9 },
        Native("IndexHNSWFlat", Numbers | Reconstructs | Lossless | DistancesToStored | Selects | Since(8, RangesLoosely), () => new IndexHNSWFlat(D, 16)) with { MinimumRecall = 0.9 },
        Native("IndexHNSWFlat IP", Numbers | Reconstructs | Lossless | DistancesToStored | Selects | Since(8, RangesLoosely), () => new IndexHNSWFlat(D, 16, MetricType.InnerProduct)) with { MinimumRecall = 0.8 },
        Native("IndexHNSWSQ", Trains | Numbers | Reconstructs | DistancesToStored | Selects | Since(8, RangesLoosely), () => new IndexHNSWSQ(D, ScalarQuantizerType.QT_8bit, 16)) with { MinimumRecall = 0.85 },
        Native("IndexHNSWPQ", Trains | Numbers | Reconstructs | DistancesToStored | Selects | Since(8, RangesLoosely), () => new IndexHNSWPQ(D, 4, 16)) with { MinimumRecall = 0.5 },
        Native("IndexLSH", Lsh | Trains, () => new IndexLSH(D, 64, rotateData: true, trainThresholds: true)) with { MinimumRecall = 0.05 },
        Native("IndexIVFFlat over HNSW", (Ivf | Lossless) & ~Repeatable, () => new IndexIVFFlat(new IndexHNSWFlat(D, 16), D, NList)) with { MinimumRecall = 0.9 },
        Native("IndexIDMap", IdMap, () => new IndexIDMap(new IndexFlatL2(D))),
        Native("IndexIDMap2 IP", IdMap, () => new IndexIDMap2(new IndexFlatIP(D))),
        Native("IndexPreTransform", Trains | Numbers | Removes | Reconstructs | Ranges | Whole, () => new IndexPreTransform(D, "PCA16", new IndexFlatL2(16))) with { MinimumRecall = 0.99 },
        Native("IndexRefineFlat", Trains | Numbers | Reconstructs | Lossless | DistancesToStored | Watched | Repeatable | Whole | Refines | Since(10, RangesLoosely), () => new IndexRefineFlat(new IndexPQ(D, 4, 4))) with { MinimumRecall = 0.35 },
        Native("IndexResidualQuantizer", Trains | Watched | Numbers | Removes | Reconstructs | DistancesToStored | Repeatable | Merges | Encodes | AddsCodes | Since(9, Ranges), () => new IndexResidualQuantizer(D, 3, 6)) with { MinimumRecall = 0.4 },
        Native("IndexLocalSearchQuantizer", Trains | Watched | LearnsFromAny | Numbers | Removes | Reconstructs | DistancesToStored | Merges | Encodes | AddsCodes | Since(9, Ranges), () => new IndexLocalSearchQuantizer(D, 3, 5) { TrainIters = 4 }) with { MinimumRecall = 0.3 },
        Native("IndexIVFResidualQuantizer", Ivf & ~(Selects | Reconstructs | DistancesToStored), () => new IndexIVFResidualQuantizer(D, NList, 2, 6)) with { MinimumRecall = 0.5 },
        Native("IndexIVFLocalSearchQuantizer", Ivf & ~(Selects | Repeatable | Reconstructs | DistancesToStored), () => new IndexIVFLocalSearchQuantizer(D, NList, 2, 5) { TrainIters = 4 }) with { MinimumRecall = 0.4 },
        Native("IndexProductResidualQuantizer", Trains | Watched | Numbers | Removes | Reconstructs | DistancesToStored | Repeatable | Merges | Encodes | AddsCodes | Since(9, Ranges), () => new IndexProductResidualQuantizer(D, 2, 2, 6)) with { MinimumRecall = 0.4 },
        Native("IndexProductLocalSearchQuantizer", Trains | Watched | LearnsFromAny | Numbers | Removes | Reconstructs | DistancesToStored | Merges | Encodes | AddsCodes | Since(9, Ranges), () => new IndexProductLocalSearchQuantizer(D, 2, 2, 5) { TrainIters = 4 }) with { MinimumRecall = 0.3 },
        Native("IndexIVFProductResidualQuantizer", Ivf & ~(Selects | Reconstructs | DistancesToStored), () => new IndexIVFProductResidualQuantizer(D, NList, 2, 1, 6)) with { MinimumRecall = 0.4 },
        Native("IndexIVFProductLocalSearchQuantizer", Ivf & ~(Selects | Repeatable | Reconstructs | DistancesToStored), () => new IndexIVFProductLocalSearchQuantizer(D, NList, 2, 1, 5) { TrainIters = 4 }) with { MinimumRecall = 0.3 },
        Native("IndexIVFPQR", (Ivf & ~(TakesIds | Removes | Ranges | Merges | Selects | AddsCodes)) | RangesLoosely, () => new IndexIVFPQR(D, NList, 4, 4, 4)) with { MinimumRecall = 0.5 },
        Native("IndexPreTransform of transforms", Numbers | Removes | Reconstructs | Ranges | Whole, RotatedFlat) with { MinimumRecall = 0.99 },
        Native("IndexShards", (Flat | Ranges | Unsaved) & ~(Merges | Encodes | AddsCodes | Repeatable), () => Shards(new IndexShards(D), new IndexFlatL2(D), new IndexFlatL2(D), new IndexFlatL2(D))),
        Native("IndexShards by ids", (IvfFlat | Unsaved) & ~(Merges | Encodes | AddsCodes | Repeatable), () => Shards(new IndexShards(D, MetricType.InnerProduct, successiveIds: false),
            new IndexIVFFlat(D, NList, MetricType.InnerProduct), new IndexIVFFlat(D, NList, MetricType.InnerProduct))),
        Native("IndexReplicas", (Flat | Ranges | Unsaved) & ~(Merges | Encodes | AddsCodes), () => Replicas(new IndexReplicas(D), new IndexFlatL2(D), new IndexFlatL2(D))),
    ];

    private static IndexPreTransform RotatedFlat()
    {
        using var rotation = new RandomRotationMatrix(D, D);
        rotation.Initialize(5);
        return new IndexPreTransform(rotation, new IndexFlatL2(D));
    }

    // What there is since FAISS 1.minor.
    private static Traits Since(int minor, Traits traits) => FaissVersions.IsAtLeast(minor) ? traits : None;

    private static IndexShards Shards(IndexShards shards, params FaissIndex[] members)
    {
        foreach (var member in members)
            shards.AddShard(member);

        return shards;
    }

    private static IndexReplicas Replicas(IndexReplicas replicas, params FaissIndex[] members)
    {
        foreach (var member in members)
            replicas.AddReplica(member);

        return replicas;
    }

    private static IndexCase Native(string type, Traits traits, Func<VectorIndex> create)
    {
        using var example = create();
        return new IndexCase(NativeEngine, type, example.Dimension, example.Metric, traits, create);
    }

    // One line per type.
    private static IEnumerable<IndexCase> ManagedCases() =>
    [
        Managed("IndexFlatL2", Flat | Ranges, () => new M.IndexFlatL2(D)),
        Managed("IndexFlatIP", Flat | Ranges, () => new M.IndexFlatIP(D)),
        Managed("IndexIVFFlat L2", IvfFlat, () => new M.IndexIVFFlat(D, NList)),
        Managed("IndexIVFFlat IP", IvfFlat, () => new M.IndexIVFFlat(D, NList, MetricType.InnerProduct)),
        Managed("IndexIVFPQ L2 4x8", Ivf, () => new M.IndexIVFPQ(D, NList, 4)) with { MinimumRecall = 0.6 },
        Managed("IndexIVFPQ IP 4x8", Ivf, () => new M.IndexIVFPQ(D, NList, 4, 8, MetricType.InnerProduct)) with { MinimumRecall = 0.6 },
        Managed("IndexIVFPQ L2 4x4", Ivf, () => new M.IndexIVFPQ(D, NList, 4, 4)) with { MinimumRecall = 0.35 },
        Managed("IndexIVFPQ IP 4x4", Ivf, () => new M.IndexIVFPQ(D, NList, 4, 4, MetricType.InnerProduct)) with { MinimumRecall = 0.35 },
        ManagedFactory("PQ4np", Codes | Watched) with { MinimumRecall = 0.6 },
        ManagedFactory("PQ8x4fs", Codes | Watched) with { MinimumRecall = 0.5 },
        ManagedFactory("IVF8,PQ8x4fs", Ivf) with { MinimumRecall = 0.5 },
        ManagedFactory("IVF8,PQ8x4fsr", Ivf) with { MinimumRecall = 0.5 },
        ManagedFactory("SQ8", Codes) with { MinimumRecall = 0.9 },
        ManagedFactory("IVF8,SQ8", Ivf) with { MinimumRecall = 0.9 },
        ManagedFactory("IVF8,SQ4", Ivf) with { MinimumRecall = 0.6 },
        ManagedFactory("IVF8,SQfp16", Ivf) with { MinimumRecall = 0.9 },
        ManagedFactory("IDMap,Flat", IdMap),
        ManagedFactory("IDMap2,Flat", IdMap),
        ManagedFactory("PCA16,IVF8,Flat", Ivf & ~DistancesToStored, d: 24) with { MinimumRecall = 0.6 },
        ManagedFactory("OPQ4,IVF8,PQ4x4np", Ivf) with { MinimumRecall = 0.35 },
        ManagedFactory("IVF8,PQ4x4,RFlat", Trains | Numbers | Reconstructs | Lossless | Probes | DistancesToStored | Watched | Repeatable | Whole | Refines | RangesLoosely)
            with { MinimumRecall = 0.35 },
        ManagedFactory("L2norm,Flat", Numbers | Removes | Reconstructs | DistancesToStored | Ranges | Repeatable | Whole, metric: MetricType.InnerProduct)
            with { MinimumRecall = 0.99, Normalizes = true },
    ];

    private static IndexCase Managed(string type, Traits traits, Func<VectorIndex> create)
    {
        using var example = create();
        return new IndexCase(ManagedEngine, type, example.Dimension, example.Metric, traits, create);
    }

    private static IndexCase ManagedFactory(string description, Traits traits, int d = D, MetricType metric = MetricType.L2) =>
        new(ManagedEngine, description, d, metric, traits, () => M.IndexFactory.Create(d, description, metric));

    private static IndexCase Factory(string description, Traits traits, int d = D, MetricType metric = MetricType.L2) =>
        new(NativeEngine, description, d, metric, traits, () => IndexFactory.Create(d, description, metric));
}
