using FaissNet.Managed;

namespace FaissNet.Serialization;

// Indexes that wrap others.
internal sealed partial class IndexWriter
{
    private void WritePreTransform(IndexPreTransform index)
    {
        WriteHeader("IxPT", index);
        _w.Write(index.Chain.Length);
        foreach (var transform in index.Chain)
            WriteTransform(transform);

        WriteIndex(index.Index);
    }

    private void WriteIdMap(IndexIDMap index)
    {
        WriteHeader(index is IndexIDMap2 ? "IxM2" : "IxMp", index);
        WriteIndex(index.Index);
        _w.WriteVector(index.Ids);
    }

    private void WriteRefine(IndexRefine index)
    {
        WriteHeader("IxRF", index);
        WriteIndex(index.Base);
        WriteIndex(index.Refine);
        _w.Write(index.KFactor);
    }
}
