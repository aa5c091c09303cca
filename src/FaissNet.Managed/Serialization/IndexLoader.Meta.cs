using FaissNet.Managed;

namespace FaissNet.Serialization;

// Indexes that wrap others.
internal sealed partial class IndexLoader
{
    private IndexPreTransform ReadPreTransform(in IndexHeader header)
    {
        var count = _r.ReadInt32("the number of transforms", 0, int.MaxValue);
        var chain = new List<VectorTransform>();
        var d = header.Dimension;
        for (var i = 0; i < count; i++)
        {
            var transform = ReadTransform("transform");
            if (transform.DIn != d)
                throw _r.Invalid("the transform's d_in", transform.DIn, $"{d}, what comes before it");
            d = transform.DOut;
            chain.Add(transform);
        }

        var index = ReadIndex("index");
        if (index.Dimension != d || index.Count != header.Count)
            throw _r.Invalid($"the index holds {index.Count} vectors of {index.Dimension} components, expected {header.Count} of {d}");
        return Made(new IndexPreTransform(chain.ToArray(), index));
    }

    private IndexIDMap ReadIdMap(in IndexHeader header)
    {
        var inner = ReadIndex("index");
        if (inner.Dimension != header.Dimension || inner.Count != header.Count)
            throw _r.Invalid($"the index holds {inner.Count} vectors of {inner.Dimension} components, expected {header.Count} of {header.Dimension}");

        const string field = "id_map";
        var count = _r.ReadCount(field, sizeof(long), (ulong)header.Count, "ntotal");
        if (count > Array.MaxLength)
            throw NotSupported($"The {header.TypeName} in the file holds {count} vectors; those of the managed engine hold at most {Array.MaxLength}.");

        var ids = GC.AllocateUninitializedArray<long>((int)count);
        _r.Read(field, ids.AsSpan());
        return Made(IdMap(isSecond: header.FourCC.Is("IxM2"), inner, ids));
    }

    /// <summary>An index that takes over another one, with vectors, and their ids.</summary>
    public static IndexIDMap IdMap(bool isSecond, ManagedIndex inner, ReadOnlySpan<long> ids)
    {
        var empty = new IndexFlat(inner.Dimension, inner.Metric);
        var index = isSecond ? new IndexIDMap2(empty) : new IndexIDMap(empty);
        index.RestoreContent(inner, ids);
        return index;
    }

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
        return Made(Refine(first, second, factor));
    }

    /// <summary>An index that takes over two others. FAISS makes the more special class of a flat refining index, whatever it was when it
    /// was written.</summary>
    public static IndexRefine Refine(ManagedIndex first, ManagedIndex second, float factor)
    {
        var index = second is IndexFlat flat ? new IndexRefineFlat(first, flat) : new IndexRefine(first, second);
        index.KFactor = factor;
        return index;
    }
}
