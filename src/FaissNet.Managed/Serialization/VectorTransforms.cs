namespace FaissNet.Serialization;

/// <summary>A transform as the index that applies it needs to know it.</summary>
internal readonly record struct VectorTransformInfo(FourCC FourCC, int InputDimension, int OutputDimension, bool IsTrained);

/// <summary>The vector transforms of IndexPreTransform, IndexLSH and IndexIVFSpectralHash.</summary>
internal static class VectorTransforms
{
    /// <summary>What a transform's body promises, to be held against the dimensions that follow it.</summary>
    private readonly record struct Content(
        long? MatrixSize = null, bool HasBias = false, long BiasSize = 0, long? MeanSize = null,
        bool KeepsDimension = false, bool NeedsPca = false, long? MapSize = null, int LargestMapped = -1, VectorTransformInfo? Inner = null);

    /// <summary>Checks a file that holds a transform alone, and leaves the stream where it was.</summary>
    /// <exception cref="NotSupportedException">The transform's type is not known.</exception>
    public static void Validate(Stream stream)
    {
        var reader = new BoundedReader(stream);
        try
        {
            Read(new IndexValidator(reader), "transform", isUsed: false);
        }
        catch (UnrecognisedPartException e)
        {
            throw new NotSupportedException(e.Message);
        }
        finally
        {
            reader.Rewind();
        }
    }

    /// <summary>Reads one transform.</summary>
    /// <param name="v">The run.</param>
    /// <param name="role">What it is to its container, for messages.</param>
    /// <param name="isUsed">Whether FAISS can come to apply or to invert it: then its content must be complete.</param>
    public static VectorTransformInfo Read(IndexValidator v, string role, bool isUsed) => Read(v, role, isUsed, depth: 0);

    private static VectorTransformInfo Read(IndexValidator v, string role, bool isUsed, int depth)
    {
        var r = v.Reader;
        var fourCC = v.ReadTypeCode($"the type of the {role}");
        using var part = r.Part($"{role} {fourCC}");
        var content = fourCC.ToString() switch
        {
            "rrot" or "LTra" => ReadLinear(v),
            "Pcam" or "PcAm" or "PCAm" => ReadPca(v, fourCC),
            "Viqm" => ReadItqMatrix(v),
            // Within itself it holds a matrix and a linear transform, never another of its kind.
            "Viqt" when depth == 0 => ReadItq(v, isUsed),
            "RmDT" => ReadRemap(v),
            "VNrm" => ReadNormalization(v),
            "VCnt" => new Content(MeanSize: r.SkipVector("mean", sizeof(float)), KeepsDimension: true),
            "Viqt" => throw r.Invalid($"{role} is an ITQTransform within another"),
            _ => throw v.Unrecognised($"the transform type '{fourCC}' is not known"),
        };

        var dIn = r.ReadInt32("d_in", 1, IndexValidator.MaximumDimension);
        var dOut = r.ReadInt32("d_out", 1, IndexValidator.MaximumDimension);
        var isTrained = r.ReadBoolean("is_trained");
        Check(v, content, dIn, dOut, isTrained || isUsed);
        return new VectorTransformInfo(fourCC, dIn, dOut, isTrained);
    }

    private static void Check(IndexValidator v, in Content content, int dIn, int dOut, bool isComplete)
    {
        var r = v.Reader;
        if (content.KeepsDimension && dIn != dOut)
            throw r.Invalid("d_out", dOut, $"d_in = {dIn}");
        if (content.NeedsPca && dIn != dOut)
            throw r.Invalid("d_out", dOut, $"d_in = {dIn}, for there is no PCA");
        if (content.MatrixSize is { } matrix && matrix != (long)dIn * dOut && (isComplete || matrix != 0))
            throw r.Invalid("the number of elements of A", matrix, $"{(long)dIn * dOut} (d_in × d_out)");
        if (content.HasBias && content.BiasSize != dOut && (isComplete || content.BiasSize != 0))
            throw r.Invalid("the number of elements of b", content.BiasSize, $"d_out = {dOut}");
        if (content.MeanSize is { } mean && mean != dIn && (isComplete || mean != 0))
            throw r.Invalid("the number of elements of mean", mean, $"d_in = {dIn}");
        if (content.MapSize is { } map)
        {
            if (map != dOut)
                throw r.Invalid("the number of elements of map", map, $"d_out = {dOut}");
            if (content.LargestMapped >= dIn)
                throw r.Invalid("the largest entry of map", content.LargestMapped, $"less than d_in = {dIn}");
        }

        if (content.Inner is { } inner && isComplete)
        {
            v.RequireEqual("d_in of the inner transform", inner.InputDimension, "d_in", dIn);
            v.RequireEqual("d_out of the inner transform", inner.OutputDimension, "d_out", dOut);
        }
    }

    private static Content ReadLinear(IndexValidator v)
    {
        var r = v.Reader;
        var hasBias = r.ReadBoolean("have_bias");
        var matrix = r.SkipVector("A", sizeof(float));
        var bias = r.SkipVector("b", sizeof(float));
        return new Content(MatrixSize: matrix, HasBias: hasBias, BiasSize: bias);
    }

    private static Content ReadPca(IndexValidator v, FourCC fourCC)
    {
        var r = v.Reader;
        r.Skip("eigen_power", sizeof(float));
        if (fourCC.Is("Pcam"))
            r.Skip("epsilon", sizeof(float));
        r.ReadBoolean("random_rotation");
        if (!fourCC.Is("PCAm"))
            r.Skip("balanced_bins", sizeof(int));
        // Only needed to train; applying uses A and b.
        r.SkipVector("mean", sizeof(float));
        r.SkipVector("eigenvalues", sizeof(float));
        r.SkipVector("PCAMat", sizeof(float));
        return ReadLinear(v);
    }

    private static Content ReadItqMatrix(IndexValidator v)
    {
        v.Reader.Skip("max_iter and seed", 2 * sizeof(int));
        return ReadLinear(v);
    }

    private static Content ReadItq(IndexValidator v, bool isUsed)
    {
        var r = v.Reader;
        var mean = r.SkipVector("mean", sizeof(float));
        var reduces = r.ReadBoolean("do_pca");
        var rotation = Read(v, "rotation", isUsed: false, depth: 1);
        if (!rotation.FourCC.Is("Viqm"))
            throw r.Invalid("the type of the rotation", rotation.FourCC, "Viqm");
        var inner = Read(v, "inner transform", isUsed, depth: 1);
        if (!(inner.FourCC.Is("LTra") || inner.FourCC.Is("rrot") || inner.FourCC.Is("Viqm")
            || inner.FourCC.Is("Pcam") || inner.FourCC.Is("PcAm") || inner.FourCC.Is("PCAm")))
            throw r.Invalid("the type of the inner transform", inner.FourCC, "a linear transform");
        return new Content(MeanSize: mean, NeedsPca: !reduces, Inner: inner);
    }

    private static Content ReadRemap(IndexValidator v)
    {
        var r = v.Reader;
        var count = r.ReadCount("map", sizeof(int));
        var largest = -1;
        r.Visit<int>("map", count, (block, _) =>
        {
            foreach (var entry in block)
            {
                if (entry < -1)
                    throw r.Invalid("an entry of map", entry, "-1 or an input dimension");
                largest = Math.Max(largest, entry);
            }
        });
        return new Content(MapSize: count, LargestMapped: largest);
    }

    private static Content ReadNormalization(IndexValidator v)
    {
        // FAISS has implemented no other.
        v.Reader.ReadFinite("norm", 2, 2);
        return new Content(KeepsDimension: true);
    }
}
