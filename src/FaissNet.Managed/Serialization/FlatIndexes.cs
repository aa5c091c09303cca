namespace FaissNet.Serialization;

/// <summary>Indexes that hold one vector or one code after the other.</summary>
internal static class FlatIndexes
{
    public static IndexFileInfo ReadFlat(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        // The writer chooses the code by the metric.
        if ((fourCC.Is("IxF2") && header.Metric != MetricType.L2)
            || (fourCC.Is("IxFI") && header.Metric != MetricType.InnerProduct))
            throw v.Reader.Invalid($"the type {header.TypeName} contradicts the metric {header.Metric}");
        const string field = "the vectors";
        var components = v.Reader.ReadCount(field, sizeof(float), (UInt128)header.Count * (uint)header.Dimension, "ntotal × d");
        if (v.ComponentsMatter && v.Reader.AreModerate(field, components))
            return IndexValidator.Info(header) with { IsModerate = true };
        if (v.ComponentsMatter)
            throw v.Unrecognised("not every component of the vectors is finite and of a magnitude whose squares can be summed");
        if (v.LabelsAreIndices && header.Count > 0)
            components -= FindModerateVector(v, field, header);
        v.Reader.Skip(field, (UInt128)components * sizeof(float));
        return IndexValidator.Info(header);
    }

    /// <summary>
    /// FAISS 1.7.3 leaves the label of a nearest neighbour uninitialised if no distance compares as less than infinity, so one
    /// vector at least must have distances. Returns the number of components read.
    /// </summary>
    private static long FindModerateVector(IndexValidator v, string field, in IndexHeader header)
    {
        for (long i = 1; i <= header.Count; i++)
            if (v.Reader.AreModerate(field, header.Dimension))
                return i * header.Dimension;
        throw v.Reader.Invalid("no vector has finite components of a magnitude whose squares can be summed");
    }

    public static IndexFileInfo ReadLsh(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        var r = v.Reader;
        var bits = r.ReadInt32("nbits", 1, IndexValidator.MaximumDimension);
        var rotates = r.ReadBoolean("rotate_data");
        if (!rotates && bits > header.Dimension)
            throw r.Invalid("nbits", bits, $"at most d = {header.Dimension}, since the data is not rotated");
        var hasThresholds = r.ReadBoolean("train_thresholds");
        var isFilled = header.IsTrained || header.Count > 0;
        if (hasThresholds && isFilled)
            r.SkipVector("thresholds", sizeof(float), (uint)bits, "nbits");
        else
            r.SkipVector("thresholds", sizeof(float));

        var codeSize = (bits + 7) / 8;
        if (fourCC.Is("IxHE"))
        {
            // The old layout counts its code in words of 64 bits.
            if (bits % 64 != 0)
                throw r.Invalid("nbits", bits, "a multiple of 64 in the old layout IxHE");
            r.ReadInt32("code_size", codeSize / 8, codeSize / 8);
        }
        else
        {
            r.ReadInt32("code_size", codeSize, codeSize);
        }

        var rotation = VectorTransforms.Read(v, "rotation", isUsed: rotates && isFilled);
        if (!rotation.FourCC.Is("rrot"))
            throw r.Invalid("the type of the rotation", rotation.FourCC, "rrot");
        v.RequireEqual("the rotation's d_in", rotation.InputDimension, "d", header.Dimension);
        v.RequireEqual("the rotation's d_out", rotation.OutputDimension, "nbits", bits);
        r.SkipVector("codes", 1, (UInt128)header.Count * (uint)codeSize, "ntotal × code_size");
        return IndexValidator.Info(header);
    }
}
