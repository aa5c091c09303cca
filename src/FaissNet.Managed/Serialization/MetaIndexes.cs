namespace FaissNet.Serialization;

/// <summary>Indexes that wrap others.</summary>
internal static class MetaIndexes
{
    // The bounds that FAISS 1.14 sets: the factor sizes what a search allocates.
    public const float MinimumKFactor = 1;
    public const float MaximumKFactor = 1000;

    public static IndexFileInfo ReadPreTransform(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        var r = v.Reader;
        var count = r.ReadInt32("the number of transforms", 0, int.MaxValue);
        var d = header.Dimension;
        for (var i = 0; i < count; i++)
        {
            var transform = VectorTransforms.Read(v, "transform", isUsed: header.IsTrained || header.Count > 0);
            v.RequireEqual("the transform's d_in", transform.InputDimension, "what comes before it", d);
            d = transform.OutputDimension;
        }

        var index = v.ReadIndex("index", v.LabelsAreIndices);
        v.RequireEqual("the index's d", index.Dimension, "what the transforms give", d);
        v.RequireEqual("the index's ntotal", index.Count, "ntotal", header.Count);
        RequireTrained(v, header, index);
        return IndexValidator.Info(header) with { SubIndexes = [index], LabelBound = index.LabelBound };
    }

    public static IndexFileInfo ReadIdMap(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        var r = v.Reader;
        var index = v.ReadIndex("index", labelsAreIndices: true);
        v.RequireEqual("the index's d", index.Dimension, "d", header.Dimension);
        v.RequireEqual("the index's ntotal", index.Count, "ntotal", header.Count);
        RequireTrained(v, header, index);
        var ids = r.ReadCount("id_map", sizeof(long), (ulong)header.Count, "ntotal");
        if (!v.LabelsAreIndices)
        {
            r.Skip("id_map", (UInt128)ids * sizeof(long));
            return IndexValidator.Info(header) with { SubIndexes = [index], LabelBound = long.MaxValue };
        }

        CheckIds(v, "id_map", ids, header.Count);
        return IndexValidator.Info(header) with { SubIndexes = [index] };
    }

    /// <summary>What says of itself that it is trained lets a search through to what it wraps.</summary>
    private static void RequireTrained(IndexValidator v, in IndexHeader header, IndexFileInfo wrapped)
    {
        if (header.IsTrained && !wrapped.IsTrained)
            throw v.Reader.Invalid($"{wrapped.TypeName} within is not trained, but the index says that it is");
    }

    /// <summary>Reads ids that somebody else uses as indices.</summary>
    public static void CheckIds(IndexValidator v, string field, long count, long bound)
    {
        var r = v.Reader;
        r.Visit<long>(field, count, (block, _) =>
        {
            foreach (var id in block)
                if (id < 0 || id >= bound)
                    throw r.Invalid("an id", id, $"0 … {bound - 1}, since ids serve as indices here");
        });
    }

    public static IndexFileInfo ReadRefine(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        var first = v.ReadIndex("base", labelsAreIndices: true);
        CheckPart("base", first);
        var second = v.ReadIndex("refine", labelsAreIndices: true);
        CheckPart("refine", second);
        if (!HasDistanceComputer(second))
            throw v.Unrecognised($"{second.TypeName} is not known to refine");
        v.Reader.ReadFinite("k_factor", MinimumKFactor, MaximumKFactor);
        return IndexValidator.Info(header) with
        {
            // FAISS makes the more special class when it reads a flat refining index.
            TypeName = second.FourCC is "IxF2" or "IxFI" or "IxFl" ? "IndexRefineFlat" : header.TypeName,
            SubIndexes = [first, second],
        };

        void CheckPart(string role, IndexFileInfo part)
        {
            v.RequireEqual($"d of the {role} index", part.Dimension, "d", header.Dimension);
            v.RequireEqual($"ntotal of the {role} index", part.Count, "ntotal", header.Count);
            if (part.Metric != header.Metric)
                throw v.Reader.Invalid($"the metric of the {role} index is {part.Metric}, but the metric is {header.Metric}");
            if (header.IsTrained && !part.IsTrained)
                throw v.Reader.Invalid($"the {role} index is not trained, but the index says that it is");
        }
    }

    /// <summary>
    /// Whether FAISS can compute single distances to what the index stores. For other types it throws, and where this is
    /// asked for inside a parallel region that ends the process.
    /// </summary>
    private static bool HasDistanceComputer(IndexFileInfo index) => index.FourCC switch
    {
        "IxF2" or "IxFI" or "IxFl" or "IxSQ" or "IxPq" or "IxPo" or "IxPQ" => true,
        "IxPT" => index.IsTrained && HasDistanceComputer(index.SubIndexes[0]),
        _ => false,
    };

    public static IndexFileInfo ReadRowwiseMinMax(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        var index = v.ReadIndex("index", v.LabelsAreIndices);
        v.RequireEqual("the index's d", index.Dimension, "d", header.Dimension);
        RequireTrained(v, header, index);
        // It encodes and decodes, and cannot be added to.
        v.RequireEqual("ntotal", header.Count, $"that of any {header.TypeName}", 0);
        return IndexValidator.Info(header) with { SubIndexes = [index] };
    }
}
