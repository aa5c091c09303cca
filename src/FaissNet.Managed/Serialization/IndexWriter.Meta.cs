using FaissNet.Managed;

namespace FaissNet.Serialization;

// Indexes that wrap others.
internal sealed partial class IndexWriter
{
    private void WriteRefine(IndexRefine index)
    {
        WriteHeader("IxRF", index);
        WriteIndex(index.Base);
        WriteIndex(index.Refine);
        _w.Write(index.KFactor);
    }
}
