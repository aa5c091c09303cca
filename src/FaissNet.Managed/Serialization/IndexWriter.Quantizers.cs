using FaissNet.Managed;

namespace FaissNet.Serialization;

// Inverted files over product quantizers.
internal sealed partial class IndexWriter
{
    private void WriteIvfPq(IndexIVFPQ index)
    {
        WriteIvfHeader("IwPQ", index);
        _w.Write(index.ByResidual);
        _w.Write((long)index.CodeSize);
        WriteProductQuantizer(index.Pq);
        WriteLists(index.Lists);
    }

    private void WriteProductQuantizer(ProductQuantizer pq)
    {
        _w.Write((long)pq.Dimension);
        _w.Write((long)pq.M);
        _w.Write((long)pq.NBits);
        _w.WriteVector(pq.Centroids);
    }
}
