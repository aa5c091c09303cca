using FaissNet.Managed;

namespace FaissNet.Serialization;

// Indexes that wrap others.
internal sealed partial class IndexLoader
{
    private IndexRefine ReadRefine(in IndexHeader header)
    {
        var first = ReadIndex("base");
        var second = ReadIndex("refine");
        foreach (var part in new[] { first, second })
        {
            if (part.Dimension != header.Dimension || part.Count != header.Count || part.Metric != header.Metric)
                throw _r.Invalid("the base, the refine index and the whole differ in d, ntotal or metric");
        }

        var factor = _r.ReadFinite("k_factor", MetaIndexes.MinimumKFactor, MetaIndexes.MaximumKFactor);
        // FAISS makes the more special class of a flat refining index, whatever it was when it was written.
        var index = Made(second is IndexFlat flat ? new IndexRefineFlat(first, flat) : new IndexRefine(first, second));
        index.KFactor = factor;
        return index;
    }
}
