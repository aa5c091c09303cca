using FaissNet.Interop;

namespace FaissNet;

// From what FAISS holds to the class that fits it.
public partial class FaissIndex
{
    /// <summary>Makes the class that fits what FAISS holds. Owns the handle from here on, also when this fails.</summary>
    internal static FaissIndex Wrap(FaissIndexHandle handle)
    {
        try
        {
            NativeMethods.faissnet_index_kind(handle, out var kind).ThrowIfFailed();
            return (IndexKind)kind switch
            {
                IndexKind.Flat => ReadMetric(handle) switch
                {
                    MetricType.L2 => new IndexFlatL2(handle),
                    MetricType.InnerProduct => new IndexFlatIP(handle),
                    _ => new IndexFlat(handle),
                },
                IndexKind.IvfFlat => new IndexIVFFlat(handle),
                IndexKind.IvfPq => new IndexIVFPQ(handle),
                IndexKind.IvfPqFastScan => new IndexIVFPQFastScan(handle),
                IndexKind.IvfScalarQuantizer => new IndexIVFScalarQuantizer(handle),
                IndexKind.IvfResidualQuantizer => new IndexIVFResidualQuantizer(handle),
                IndexKind.IvfLocalSearchQuantizer => new IndexIVFLocalSearchQuantizer(handle),
                IndexKind.IvfProductResidualQuantizer => new IndexIVFProductResidualQuantizer(handle),
                IndexKind.IvfProductLocalSearchQuantizer => new IndexIVFProductLocalSearchQuantizer(handle),
                IndexKind.IvfPqr => new IndexIVFPQR(handle),
                IndexKind.IvfRaBitQ => new IndexIVFRaBitQ(handle),
                IndexKind.Pq => new IndexPQ(handle),
                IndexKind.PqFastScan => new IndexPQFastScan(handle),
                IndexKind.ScalarQuantizer => new IndexScalarQuantizer(handle),
                IndexKind.ResidualQuantizer => new IndexResidualQuantizer(handle),
                IndexKind.LocalSearchQuantizer => new IndexLocalSearchQuantizer(handle),
                IndexKind.ProductResidualQuantizer => new IndexProductResidualQuantizer(handle),
                IndexKind.ProductLocalSearchQuantizer => new IndexProductLocalSearchQuantizer(handle),
                IndexKind.RaBitQ => new IndexRaBitQ(handle),
                IndexKind.Lsh => new IndexLSH(handle),
                IndexKind.HnswFlat => new IndexHNSWFlat(handle),
                IndexKind.HnswSq => new IndexHNSWSQ(handle),
                IndexKind.HnswPq => new IndexHNSWPQ(handle),
                IndexKind.PreTransform => new IndexPreTransform(handle),
                IndexKind.IdMap => new IndexIDMap(handle),
                IndexKind.IdMap2 => new IndexIDMap2(handle),
                IndexKind.Refine => new IndexRefine(handle),
                IndexKind.RefineFlat => new IndexRefineFlat(handle),
                IndexKind.Shards => new IndexShards(handle),
                IndexKind.Replicas => new IndexReplicas(handle),
                _ => new FaissIndex(handle),
            };
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
