namespace FaissNet.Serialization;

/// <summary>
/// Indexes over additive quantizers (residual and local-search quantizers, and products of them), except their fast-scan
/// variants.
/// </summary>
internal static class AdditiveQuantizerIndexes
{
    // FAISS's defaults are 5 and 30; the square of it sizes an allocation per vector.
    private const int MaximumBeamSize = 1024;

    // Rounds of local search per encoded vector; FAISS's defaults make 16 × (4 + 4).
    private const long MaximumSearchRounds = 1 << 16;

    private const int MaximumBits = 16;

    // ResidualQuantizer::Skip_codebook_tables
    private const int SkipTablesFlag = 2048;

    /// <summary>Number of codes and code size of a quantizer; <c>Bits</c> are those of each of its codes.</summary>
    private sealed record Shape(int[] Bits, long CodebookSize, long CodebookFloats, int SearchType, long CodeSize)
    {
        public long TotalBits => Bits.Sum(bits => (long)bits);
    }

    private enum Kind
    {
        Residual,
        LocalSearch,
        ProductResidual,
        ProductLocalSearch,
    }

    public static IndexFileInfo Read(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        v.RequireMetricL2OrInnerProduct(header);
        var shape = ReadQuantizer(v, header, KindOf(fourCC));
        var r = v.Reader;
        r.ReadSize("code_size", shape.CodeSize, shape.CodeSize);
        r.SkipVector("codes", 1, (UInt128)header.Count * (ulong)shape.CodeSize, "ntotal × code_size");
        return IndexValidator.Info(header);
    }

    /// <summary>Reads what an inverted file has between its header and its lists; returns the code size.</summary>
    public static long ReadForIvf(IndexValidator v, in IndexHeader header, IndexFileInfo coarse)
    {
        v.RequireMetricL2OrInnerProduct(header);
        var r = v.Reader;
        var codeSize = r.ReadUInt64("code_size");
        var kind = KindOf(header.FourCC);
        if (SearchesByBeam(header.FourCC) && !coarse.IsModerate)
            throw v.Unrecognised($"{coarse.TypeName} is not known as the coarse quantizer of {header.TypeName}");
        var shape = ReadQuantizer(v, header, kind);
        if (codeSize != (ulong)shape.CodeSize)
            throw r.Invalid("code_size", codeSize, $"{shape.CodeSize}, by the bits of the codes");
        r.ReadBoolean("by_residual");
        r.Skip("use_precomputed_table", sizeof(int));
        return shape.CodeSize;
    }

    public static IndexFileInfo ReadCoarseQuantizer(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        v.RequireMetricL2OrInnerProduct(header);
        var shape = ReadQuantizer(v, header, Kind.Residual);
        var r = v.Reader;
        const int maximumLabelBits = 31;
        if (shape.TotalBits > maximumLabelBits)
            throw r.Invalid("the bits of a label", shape.TotalBits, $"at most {maximumLabelBits}");
        var cells = 1L << (int)shape.TotalBits;
        if (shape.SearchType != 0)
            throw r.Invalid("search_type", shape.SearchType, "0, for a coarse quantizer stores no norms");
        if (header.Count != cells && (header.IsTrained || header.Count != 0))
            throw r.Invalid("ntotal", header.Count, $"{cells} (2 to the bits of a label)");
        var beamFactor = r.ReadFinite("beam_factor");
        // Without a beam FAISS computes the norm of every cell on loading, and a distance to each on searching.
        if (beamFactor < 0)
            v.RequireMemory("the norms of the centroids", (UInt128)cells * 2 * sizeof(float));
        else if (beamFactor is < 1 or > MetaIndexes.MaximumKFactor)
            throw r.Invalid("beam_factor", beamFactor, $"negative or 1 … {MetaIndexes.MaximumKFactor}");
        return IndexValidator.Info(header) with { LabelBound = cells };
    }

    /// <summary>Whether adding encodes residuals by beam search, which follows undefined indices where one is not finite.</summary>
    public static bool SearchesByBeam(FourCC fourCC) => KindOf(fourCC) is Kind.Residual or Kind.ProductResidual;

    private static Kind KindOf(FourCC fourCC) => fourCC.ToString() switch
    {
        "IxRq" or "IwRQ" => Kind.Residual,
        "IxLS" or "IwLS" => Kind.LocalSearch,
        "IxPR" or "IwPR" => Kind.ProductResidual,
        _ => Kind.ProductLocalSearch,
    };

    private static Shape ReadQuantizer(IndexValidator v, in IndexHeader header, Kind kind)
    {
        // The codebooks of an untrained residual quantizer are empty, and FAISS computes tables of them on loading all the same.
        if (!header.IsTrained)
            throw v.Unrecognised($"an untrained {header.TypeName} is not known to load");
        var r = v.Reader;
        switch (kind)
        {
            case Kind.Residual:
                return ReadResidual(v, header.Dimension);
            case Kind.LocalSearch:
                return ReadLocalSearch(v, header.Dimension);
        }

        using var part = r.Part("ProductAdditiveQuantizer");
        var product = ReadCommon(v, header.Dimension, mustBeModerate: false);
        var splits = r.ReadSize("nsplits", 1, header.Dimension);
        if (header.Dimension % splits != 0)
            throw r.Invalid("nsplits", splits, $"a divisor of d = {header.Dimension}");
        var bits = new List<int>();
        long floats = 0;
        for (var i = 0; i < splits; i++)
        {
            var sub = kind == Kind.ProductResidual
                ? ReadResidual(v, (int)(header.Dimension / splits))
                : ReadLocalSearch(v, (int)(header.Dimension / splits));
            if (sub.SearchType != 0)
                throw v.Unrecognised("a part of a product quantizer that stores norms is not known");
            bits.AddRange(sub.Bits);
            floats += sub.CodebookFloats;
        }

        if (!bits.SequenceEqual(product.Bits))
            throw r.Invalid("nbits of the product quantizer differ from those of its parts");
        v.RequireEqual("the number of elements of codebooks", product.CodebookFloats, "the sum over the parts", floats);
        return product;
    }

    private static Shape ReadResidual(IndexValidator v, int dimension)
    {
        var r = v.Reader;
        using var part = r.Part("ResidualQuantizer");
        // Beam search follows undefined indices where a distance is not finite.
        var shape = ReadCommon(v, dimension, mustBeModerate: true);
        RequireCodebooks(v, shape, dimension);
        var trainType = r.ReadInt32("train_type");
        r.ReadInt32("max_beam_size", 1, MaximumBeamSize);
        if ((trainType & SkipTablesFlag) == 0)
            v.RequireMemory("products of centroids", (UInt128)shape.CodebookSize * (ulong)shape.CodebookSize * sizeof(float));
        return shape;
    }

    private static Shape ReadLocalSearch(IndexValidator v, int dimension)
    {
        var r = v.Reader;
        using var part = r.Part("LocalSearchQuantizer");
        var shape = ReadCommon(v, dimension, mustBeModerate: false);
        RequireCodebooks(v, shape, dimension);
        var k = r.ReadSize("K", 2, 1 << MaximumBits);
        if (shape.Bits.Any(bits => 1L << bits != k))
            throw r.Invalid("K", k, "2 to each of nbits");
        v.RequireMemory("products of centroids", (UInt128)shape.CodebookSize * (ulong)shape.CodebookSize * sizeof(float));
        r.Skip("train_iters", sizeof(ulong));
        var encodeIterations = r.ReadSize("encode_ils_iters", 0, MaximumSearchRounds);
        r.Skip("train_ils_iters", sizeof(ulong));
        var modeIterations = r.ReadSize("icm_iters", 0, MaximumSearchRounds);
        r.Skip("p and lambd", 2 * sizeof(float));
        // FAISS divides by it.
        r.ReadSize("chunk_size", 1, IndexValidator.MaximumCount);
        r.Skip("random_seed", sizeof(int));
        var perturbations = r.ReadSize("nperts", 0, MaximumSearchRounds);
        if (encodeIterations * (modeIterations + perturbations) > MaximumSearchRounds)
            throw r.Invalid("encode_ils_iters × (icm_iters + nperts)", encodeIterations * (modeIterations + perturbations),
                $"at most {MaximumSearchRounds}");
        r.ReadBoolean("update_codebooks_with_double");
        return shape;
    }

    private static void RequireCodebooks(IndexValidator v, Shape shape, int dimension)
    {
        var expected = (UInt128)shape.CodebookSize * (uint)dimension;
        if ((UInt128)shape.CodebookFloats != expected)
            throw v.Reader.Invalid("the number of elements of codebooks", shape.CodebookFloats, $"{expected} (d × Σ 2^nbits)");
    }

    private static Shape ReadCommon(IndexValidator v, int dimension, bool mustBeModerate)
    {
        var r = v.Reader;
        r.ReadSize("d", dimension, dimension);
        const int maximumCodes = 1 << 16;
        var m = r.ReadSize("M", 1, maximumCodes);
        r.ReadCount("nbits", sizeof(ulong), (ulong)m, "M");
        var bits = new int[m];
        long codebookSize = 0;
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] = (int)r.ReadSize("nbits", 1, MaximumBits);
            codebookSize += 1L << bits[i];
        }

        if (!r.ReadBoolean("is_trained"))
            throw r.Invalid("the quantizer is not trained, but the index says that it is");
        var floats = r.ReadCount("codebooks", sizeof(float));
        if (!mustBeModerate)
            r.Skip("codebooks", (UInt128)floats * sizeof(float));
        else if (!r.AreModerate("codebooks", floats))
            throw r.Invalid("codebooks hold numbers that are not finite or whose squares cannot be summed");
        // ST_decompress, ST_LUT_nonorm, ST_norm_from_LUT, ST_norm_float, ST_norm_qint8, ST_norm_qint4, and four that store a
        // table of norms. FAISS 1.7.3 cannot encode with such a table once it has loaded it, and crashes when it tries.
        var searchType = r.ReadInt32("search_type", 0, 9);
        if (searchType is 2 or > 5)
            throw v.Unrecognised($"the search type {searchType} of an additive quantizer is not known to work in every version");
        r.Skip("norm_min and norm_max", 2 * sizeof(float));
        var normBits = searchType switch { 3 => 32, 4 => 8, 5 => 4, _ => 0 };
        var codeSize = (bits.Sum(value => (long)value) + normBits + 7) / 8;
        return new Shape(bits, codebookSize, floats, searchType, codeSize);
    }
}
