using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary><c>FAISSNET_KIND_…</c>.</summary>
internal enum IndexKind
{
    Other = 0,
    Flat = 1,
    IvfFlat = 2,
    IvfPq = 3,
    IvfPqFastScan = 4,
    IvfScalarQuantizer = 5,
    IvfResidualQuantizer = 6,
    IvfLocalSearchQuantizer = 7,
    IvfRaBitQ = 8,
    Pq = 9,
    PqFastScan = 10,
    ScalarQuantizer = 11,
    ResidualQuantizer = 12,
    LocalSearchQuantizer = 13,
    RaBitQ = 14,
    Lsh = 15,
    HnswFlat = 16,
    HnswSq = 17,
    HnswPq = 18,
    PreTransform = 19,
    IdMap = 20,
    IdMap2 = 21,
    Refine = 22,
    RefineFlat = 23,
    Shards = 24,
    Replicas = 25,
    IvfPqr = 26,
    IvfProductResidualQuantizer = 27,
    IvfProductLocalSearchQuantizer = 28,
    ProductResidualQuantizer = 29,
    ProductLocalSearchQuantizer = 30,
}

/// <summary><c>FAISSNET_PART_…</c>.</summary>
internal enum IndexPart
{
    Base = 1,
    Refine = 2,
    Quantizer = 3,
    Storage = 4,
    Shard = 5,
}

/// <summary><c>faissnet_index_spec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeIndexSpec
{
    public int Kind;
    public int Metric;
    public int D;
    public int NBits;
    public long NList;
    public long M;
    public long NSplits;
    public long MRefine;
    public int NBitsRefine;
    public int Links;
    public int QType;
    public int Block;
    public int SearchType;
    public int Rotate;
    public int Thresholds;
    public void* Quantizer;

    /// <summary>Makes the index; <paramref name="quantizer"/> must be held.</summary>
    public static FaissIndexHandle Create(NativeIndexSpec spec, FaissIndex? quantizer = null)
    {
        if (quantizer is not null)
            spec.Quantizer = (void*)quantizer.Handle.DangerousGetHandle();

        NativeMethods.faissnet_index_new(&spec, out var handle).ThrowIfFailed();
        return handle;
    }
}
