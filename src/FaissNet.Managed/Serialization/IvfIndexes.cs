namespace FaissNet.Serialization;

/// <summary>Inverted files.</summary>
internal static class IvfIndexes
{
    // FAISS keeps list numbers in 32-bit integers in several places.
    private const int MaximumListCount = int.MaxValue;

    // Two std::vectors and a size per list: what FAISS allocates before it has read a single id.
    private const int BytesPerEmptyList = 56;

    /// <summary>
    /// The part that all inverted files begin with; in the layouts which store ids before anything else, that includes them.
    /// </summary>
    private readonly record struct IvfHeader(
        IndexHeader Header, long ListCount, long ProbeCount, IndexFileInfo Quantizer, DirectMap DirectMap, long[]? LegacySizes,
        bool IdsAreIndices);

    public static IndexFileInfo ReadFlat(IndexValidator v, FourCC fourCC)
    {
        var isLegacy = !fourCC.Is("IwFl");
        var ivf = ReadIvfHeader(v, fourCC, isLegacy, idsAreIndices: false);
        CheckFlatMetric(v, ivf.Header);
        var codeSize = sizeof(float) * (long)ivf.Header.Dimension;
        if (isLegacy)
            ReadLegacyCodes(v, ivf, codeSize, elementSize: fourCC.Is("IvFl") ? sizeof(float) : 1);
        else
            ReadLists(v, ivf, codeSize);
        return Info(v, ivf);
    }

    public static IndexFileInfo ReadFlatDedup(IndexValidator v, FourCC fourCC)
    {
        var ivf = ReadIvfHeader(v, fourCC, isLegacy: false, idsAreIndices: false);
        CheckFlatMetric(v, ivf.Header);
        var r = v.Reader;
        if (ivf.DirectMap.Kind != DirectMapKind.None)
            throw r.Invalid($"{ivf.Header.TypeName} has no direct map, and this file brings one");
        var instances = r.ReadCount("instances", sizeof(long));
        if (instances % 2 != 0)
            throw r.Invalid("the number of elements of instances", instances, "an even number");
        if (v.LabelsAreIndices)
            MetaIndexes.CheckIds(v, "instances", instances, ivf.Header.Count);
        else
            r.Skip("instances", (UInt128)instances * sizeof(long));
        ReadLists(v, ivf, sizeof(float) * (long)ivf.Header.Dimension);
        return Info(v, ivf);
    }

    private static void CheckFlatMetric(IndexValidator v, in IndexHeader header)
    {
        // FAISS 1.7.3 throws inside a parallel region for these, newer versions search them.
        if (header.Metric is not (MetricType.L2 or MetricType.InnerProduct))
            throw v.Unrecognised($"{header.TypeName} with metric {header.Metric} is searched by newer versions of FAISS only");
    }

    public static IndexFileInfo ReadScalarQuantizer(IndexValidator v, FourCC fourCC)
    {
        var isLegacy = fourCC.Is("IvSQ");
        var ivf = ReadIvfHeader(v, fourCC, isLegacy, idsAreIndices: false);
        v.RequireMetricL2OrInnerProduct(ivf.Header);
        var r = v.Reader;
        var codeSize = ScalarQuantizerIndexes.ReadQuantizer(v, ivf.Header);
        r.ReadSize("code_size", codeSize, codeSize);
        if (fourCC.Is("IwSq"))
            r.ReadBoolean("by_residual");
        if (isLegacy)
            ReadLegacyCodes(v, ivf, codeSize, elementSize: 1);
        else
            ReadLists(v, ivf, codeSize);
        return Info(v, ivf);
    }

    public static IndexFileInfo ReadProductQuantizer(IndexValidator v, FourCC fourCC)
    {
        var isLegacy = fourCC.Is("IvPQ") || fourCC.Is("IvQR");
        var refines = fourCC.Is("IwQR") || fourCC.Is("IvQR");
        var ivf = ReadIvfHeader(v, fourCC, isLegacy, idsAreIndices: refines);
        v.RequireMetricL2OrInnerProduct(ivf.Header);
        var r = v.Reader;
        r.ReadBoolean("by_residual");
        var codeSize = r.ReadUInt64("code_size");
        var pq = ProductQuantizerIndexes.ReadQuantizer(v, "ProductQuantizer", ivf.Header.Dimension);
        CheckCodeSize(v, codeSize, pq);
        CheckTables(v, ivf.Quantizer, pq);
        if (isLegacy)
            ReadLegacyCodes(v, ivf, pq.CodeSize, elementSize: 1);
        else
            ReadLists(v, ivf, pq.CodeSize);

        // An untrained index has them in the file as well, but FAISS does not read them: it could not reconstruct anything.
        if (refines && !ivf.Header.IsTrained && ivf.Header.Count > 0)
            throw r.Invalid("the index is not trained, but holds vectors");
        if (refines && ivf.Header.IsTrained)
        {
            var refine = ProductQuantizerIndexes.ReadQuantizer(v, "refining ProductQuantizer", ivf.Header.Dimension);
            r.SkipVector("refine_codes", 1, (UInt128)ivf.Header.Count * (ulong)refine.CodeSize, "ntotal × code_size");
            r.ReadFinite("k_factor", MetaIndexes.MinimumKFactor, MetaIndexes.MaximumKFactor);
        }

        return Info(v, ivf) with { ProductQuantizer = pq };
    }

    public static IndexFileInfo ReadAdditiveQuantizer(IndexValidator v, FourCC fourCC)
    {
        var ivf = ReadIvfHeader(v, fourCC, isLegacy: false, idsAreIndices: false, AdditiveQuantizerIndexes.SearchesByBeam(fourCC));
        ReadLists(v, ivf, AdditiveQuantizerIndexes.ReadForIvf(v, ivf.Header, ivf.Quantizer));
        return Info(v, ivf);
    }

    public static IndexFileInfo ReadSpectralHash(IndexValidator v, FourCC fourCC)
    {
        var ivf = ReadIvfHeader(v, fourCC, isLegacy: false, idsAreIndices: false);
        var r = v.Reader;
        var isUsed = ivf.Header.IsTrained || ivf.Header.Count > 0;
        var transform = VectorTransforms.Read(v, "transform", isUsed);
        v.RequireEqual("the transform's d_in", transform.InputDimension, "d", ivf.Header.Dimension);
        if (isUsed && !transform.IsTrained)
            throw r.Invalid("the transform is not trained, but the index says that it is");
        var bits = r.ReadInt32("nbit", 1, IndexValidator.MaximumDimension);
        v.RequireEqual("the transform's d_out", transform.OutputDimension, "nbit", bits);
        r.Skip("period", sizeof(float));
        var threshold = r.ReadInt32("threshold_type", 0, 3);
        var trained = r.ReadCount("trained", sizeof(float));
        var needed = (UInt128)ivf.ListCount * (uint)bits;
        if (isUsed && threshold != 0 && (UInt128)trained < needed)
            throw r.Invalid("the number of elements of trained", trained, $"at least {needed} (nlist × nbit)");
        r.Skip("trained", (UInt128)trained * sizeof(float));
        ReadLists(v, ivf, (bits + 7) / 8);
        return Info(v, ivf);
    }

    public static IndexFileInfo ReadFastScan(IndexValidator v, FourCC fourCC)
    {
        var ivf = ReadIvfHeader(v, fourCC, isLegacy: false, idsAreIndices: false);
        v.RequireMetricL2OrInnerProduct(ivf.Header);
        var r = v.Reader;
        // Unlike the other inverted files, this one does not cut nprobe at nlist before it allocates by it.
        const int manyProbes = 1 << 16;
        if (ivf.ProbeCount > Math.Max(ivf.ListCount, manyProbes)
            || (ivf.ProbeCount > ivf.ListCount && ivf.Quantizer.TypeName.StartsWith("IndexNSG", StringComparison.Ordinal)))
            throw r.Invalid("nprobe", ivf.ProbeCount, $"at most nlist = {ivf.ListCount}");
        r.ReadBoolean("by_residual");
        var codeSize = r.ReadUInt64("code_size");
        var block = r.ReadInt32("bbs", 32, 5 * 32);
        if (block % 32 != 0)
            throw r.Invalid("bbs", block, "a multiple of 32");
        var packedM = r.ReadUInt64("M2");
        var implementation = r.ReadInt32("implem");
        // The others need lists that no file holds, or throw inside a parallel region, which ends the process.
        if (implementation is not (0 or 10 or 11) && !(implementation is >= 12 and <= 15 && block == 32))
            throw r.Invalid("implem", implementation, block == 32 ? "0 or 10 … 15" : $"0, 10 or 11 for bbs {block}");
        r.ReadSize("qbs2", 0, 24);
        var pq = ProductQuantizerIndexes.ReadQuantizer(v, "ProductQuantizer", ivf.Header.Dimension);
        v.RequireEqual("nbits", pq.Bits, "the size of fast-scan codes", 4);
        CheckCodeSize(v, codeSize, pq);
        var expectedM = (ulong)(pq.M + (pq.M & 1));
        if (packedM != expectedM)
            throw r.Invalid("M2", packedM, $"{expectedM} (M rounded up to an even number)");
        CheckTables(v, ivf.Quantizer, pq);
        ReadBlockLists(v, ivf, block, block * (long)expectedM / 2);
        return Info(v, ivf) with { ProductQuantizer = pq };
    }

    /// <summary>The lists of a binary index, behind its own header.</summary>
    public static IndexFileInfo ReadBinary(IndexValidator v, in IndexHeader header)
    {
        var ivf = ReadIvfHeader(v, header, isLegacy: false, idsAreIndices: false);
        ReadLists(v, ivf, header.Dimension / 8);
        return Info(v, ivf);
    }

    private static void CheckCodeSize(IndexValidator v, ulong codeSize, ProductQuantizerShape pq)
    {
        if (codeSize != (ulong)pq.CodeSize)
            throw v.Reader.Invalid("code_size", codeSize, $"{pq.CodeSize} (⌈M × nbits / 8⌉)");
    }

    /// <summary>The precomputed tables of a multi-index are the one kind that FAISS builds on loading without a limit.</summary>
    private static void CheckTables(IndexValidator v, IndexFileInfo quantizer, ProductQuantizerShape pq)
    {
        if (quantizer.FourCC == "Imiq" && quantizer.ProductQuantizer is { } coarse)
            v.RequireMemory("precomputed tables",
                (UInt128)coarse.SubCount * ((ulong)pq.M * (ulong)pq.SubCount + (ulong)pq.Dimension) * sizeof(float));
    }

    private static IndexFileInfo Info(IndexValidator v, in IvfHeader ivf) => IndexValidator.Info(ivf.Header) with
    {
        SubIndexes = [ivf.Quantizer],
        LabelBound = v.LabelsAreIndices ? ivf.Header.Count : long.MaxValue,
    };

    private static IvfHeader ReadIvfHeader(
        IndexValidator v, FourCC fourCC, bool isLegacy, bool idsAreIndices, bool centroidsMatter = false) =>
        ReadIvfHeader(v, v.ReadHeader(fourCC), isLegacy, idsAreIndices, centroidsMatter);

    private static IvfHeader ReadIvfHeader(
        IndexValidator v, in IndexHeader header, bool isLegacy, bool idsAreIndices, bool centroidsMatter = false)
    {
        var r = v.Reader;
        idsAreIndices |= v.LabelsAreIndices;
        var listCount = r.ReadSize("nlist", 1, MaximumListCount);
        v.RequireMemory("empty lists", (UInt128)listCount * BytesPerEmptyList);
        var probeCount = r.ReadSize("nprobe", 1, int.MaxValue);
        var quantizer = v.ReadIndex("quantizer", labelsAreIndices: true, centroidsMatter);
        CheckQuantizer(v, header, quantizer, listCount);

        long[]? sizes = null;
        if (isLegacy)
        {
            if (listCount > r.Remaining / sizeof(long))
                throw r.Invalid("nlist", listCount, $"at most {r.Remaining / sizeof(long)}: {r.Remaining} bytes are left");
            sizes = new long[listCount];
            long total = 0;
            for (var i = 0; i < sizes.Length; i++)
            {
                sizes[i] = r.ReadCount("the ids of a list", sizeof(long));
                total = CheckTotal(v, total, sizes[i], header.Count);
                ReadIds(v, sizes[i], idsAreIndices ? header.Count : null);
            }
        }

        var directMap = DirectMap.Read(v, listCount, header.Count);
        return new IvfHeader(header, listCount, probeCount, quantizer, directMap, sizes, idsAreIndices);
    }

    /// <summary>
    /// Checks that a coarse quantizer can only answer with numbers of lists that exist. FAISS follows them unchecked.
    /// </summary>
    public static void CheckQuantizer(IndexValidator v, in IndexHeader header, IndexFileInfo quantizer, long listCount)
    {
        var r = v.Reader;
        if (!CanQuantize(quantizer))
            throw v.Unrecognised($"{quantizer.TypeName} is not known as a coarse quantizer");
        v.RequireEqual("the quantizer's d", quantizer.Dimension, "d", header.Dimension);
        if (quantizer.LabelBound > listCount)
            throw r.Invalid($"the quantizer has {quantizer.LabelBound} centroids, but nlist is {listCount}");
        // An untrained index has an empty quantizer.
        if (quantizer.Count != listCount && (header.IsTrained || quantizer.Count != 0))
            throw r.Invalid($"the quantizer has {quantizer.Count} centroids, but nlist is {listCount}");
        if (header.IsTrained && !quantizer.IsTrained)
            throw r.Invalid("the quantizer is not trained, but the index says that it is");
    }

    private static bool CanQuantize(IndexFileInfo quantizer) => quantizer.FourCC switch
    {
        "IxF2" or "IxFI" or "IxFl" or "IxSQ" or "IxPq" or "IxPo" or "IxPQ" or "Imiq" or "ImRQ"
            or "IHNf" or "IHNp" or "IHNs" or "INSf" or "INSp" or "INSs" or "IBxF" or "IBHf" => true,
        "IxPT" or "IxRF" => quantizer.SubIndexes.All(CanQuantize),
        _ => false,
    };

    private static long CheckTotal(IndexValidator v, long total, long size, long count)
    {
        // There may be fewer: vectors that no list takes (NaN) and duplicates count in ntotal.
        if (size < 0 || size > count - total)
            throw v.Reader.Invalid($"the lists hold more than ntotal = {count} vectors: one of {size} follows {total}");
        return total + size;
    }

    private static void ReadIds(IndexValidator v, long count, long? bound)
    {
        if (bound is { } limit)
            MetaIndexes.CheckIds(v, "the ids of a list", count, limit);
        else
            v.Reader.Skip("the ids of a list", (UInt128)count * sizeof(long));
    }

    private static void ReadLegacyCodes(IndexValidator v, in IvfHeader ivf, long codeSize, int elementSize)
    {
        foreach (var size in ivf.LegacySizes!)
            v.Reader.SkipVector("the codes of a list", elementSize,
                (UInt128)size * (ulong)codeSize / (uint)elementSize, "its ids × code_size");
        ivf.DirectMap.Check(v, new ListSizes(ivf.LegacySizes));
    }

    private static void ReadLists(IndexValidator v, in IvfHeader ivf, long codeSize)
    {
        var r = v.Reader;
        var type = v.ReadTypeCode("the type of the inverted lists");
        using var part = r.Part($"InvertedLists {type}");
        switch (type.ToString())
        {
            case "ilar":
                ReadArrayLists(v, ivf, codeSize);
                break;
            case "ilod":
                ReadOnDiskLists(v, ivf, codeSize);
                break;
            case "il00":
                throw r.Invalid("the inverted lists are not in this file, and FAISS cannot search without them");
            case "ilbl":
                throw r.Invalid($"lists in blocks belong to fast-scan indexes, not to {ivf.Header.TypeName}");
            default:
                throw v.Unrecognised($"the type '{type}' of inverted lists is not known");
        }
    }

    private static void ReadArrayLists(IndexValidator v, in IvfHeader ivf, long codeSize)
    {
        var r = v.Reader;
        r.ReadSize("nlist", ivf.ListCount, ivf.ListCount);
        r.ReadSize("code_size", codeSize, codeSize);
        var sizes = ReadSizes(v, ivf);
        ivf.DirectMap.Check(v, sizes);

        var entrySize = (UInt128)codeSize + sizeof(long);
        if (!ivf.IdsAreIndices)
        {
            r.Skip("the codes and ids of the lists", (UInt128)sizes.Total * entrySize);
            return;
        }

        foreach (var size in sizes.InOrder)
        {
            r.Skip("the codes of a list", (UInt128)size * (ulong)codeSize);
            ReadIds(v, size, ivf.Header.Count);
        }
    }

    private static ListSizes ReadSizes(IndexValidator v, in IvfHeader ivf)
    {
        var r = v.Reader;
        var layout = v.ReadTypeCode("the layout of the list sizes");
        long total = 0;
        if (layout.Is("full"))
        {
            var count = r.ReadCount("the list sizes", sizeof(long), (ulong)ivf.ListCount, "nlist");
            var sizes = r.ReadArray<long>("the list sizes", count);
            foreach (var size in sizes)
                total = CheckTotal(v, total, size, ivf.Header.Count);
            return new ListSizes(sizes);
        }

        if (!layout.Is("sprs"))
            throw r.Invalid("the layout of the list sizes", layout, "full or sprs");
        var pairs = r.ReadCount("the list sizes", sizeof(long));
        if (pairs % 2 != 0)
            throw r.Invalid("the number of elements of the list sizes", pairs, "an even number");
        var numbersAndSizes = r.ReadArray<long>("the list sizes", pairs);
        long previous = -1;
        for (var i = 0; i < numbersAndSizes.Length; i += 2)
        {
            var list = numbersAndSizes[i];
            if (list <= previous || list >= ivf.ListCount)
                throw r.Invalid("a list number", list, $"{previous + 1} … {ivf.ListCount - 1}, in ascending order");
            previous = list;
            total = CheckTotal(v, total, numbersAndSizes[i + 1], ivf.Header.Count);
        }

        return ListSizes.FromPairs(numbersAndSizes);
    }

    private static void ReadOnDiskLists(IndexValidator v, in IvfHeader ivf, long codeSize)
    {
        var r = v.Reader;
        r.ReadSize("nlist", ivf.ListCount, ivf.ListCount);
        r.ReadSize("code_size", codeSize, codeSize);

        // size, capacity, offset of each list
        const int wordsPerList = 3;
        var count = r.ReadCount("the lists", wordsPerList * sizeof(ulong), (ulong)ivf.ListCount, "nlist");
        var lists = r.ReadArray<ulong>("the lists", wordsPerList * count);
        var listsOffset = r.FieldOffset;

        // offset, capacity of each free range
        const int wordsPerSlot = 2;
        var slots = r.ReadArray<ulong>("the slots", wordsPerSlot * r.ReadCount("the slots", wordsPerSlot * sizeof(ulong)));
        const int maximumPathLength = 1 << 15;
        var pathLength = r.ReadCount("filename", 1);
        if (pathLength is 0 or > maximumPathLength)
            throw r.Invalid("the length of filename", pathLength, $"1 … {maximumPathLength}");
        var path = r.ReadArray<byte>("filename", pathLength);
        var totalSize = r.ReadSize("totsize", 0, long.MaxValue);

        var sizes = new long[count];
        long total = 0;
        for (var i = 0; i < sizes.Length; i++)
        {
            var (size, capacity, offset) =
                (lists[wordsPerList * i], lists[wordsPerList * i + 1], lists[wordsPerList * i + 2]);
            if (size > capacity)
                throw r.Invalid($"list {i} holds {size} vectors in a capacity of {capacity} (the lists begin at byte {listsOffset})");
            if (capacity > 0
                && (UInt128)offset + (UInt128)capacity * ((ulong)codeSize + sizeof(long)) > (UInt128)totalSize)
                throw r.Invalid($"list {i} lies beyond totsize = {totalSize} (the lists begin at byte {listsOffset})");
            sizes[i] = (long)Math.Min(size, long.MaxValue);
            total = CheckTotal(v, total, sizes[i], ivf.Header.Count);
        }

        for (var i = 0; i < slots.Length; i += wordsPerSlot)
            if ((UInt128)slots[i] + slots[i + 1] > (UInt128)totalSize)
                throw r.Invalid($"a free slot lies beyond totsize = {totalSize}");
        ivf.DirectMap.Check(v, new ListSizes(sizes));
        v.AddExternalFile(new ExternalFileReference(System.Text.Encoding.UTF8.GetString(path), totalSize)
        {
            Indices = ivf.IdsAreIndices ? new StoredIds(lists, codeSize, ivf.Header.Count) : null,
        });
    }

    private static void ReadBlockLists(IndexValidator v, in IvfHeader ivf, int perBlock, long blockSize)
    {
        var r = v.Reader;
        var type = v.ReadTypeCode("the type of the inverted lists");
        using var part = r.Part($"InvertedLists {type}");
        if (!type.Is("ilbl"))
            throw r.Invalid("the type of the inverted lists", type, "ilbl, as fast-scan indexes need");
        r.ReadSize("nlist", ivf.ListCount, ivf.ListCount);
        // Blocks have no code size, and FAISS says so with the largest number.
        if (r.ReadUInt64("code_size") is not ulong.MaxValue and var codeSize)
            throw r.Invalid("code_size", codeSize, ulong.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture));
        r.ReadSize("n_per_block", perBlock, perBlock);
        r.ReadSize("block_size", blockSize, blockSize);
        if (ivf.ListCount > r.Remaining / (2 * sizeof(long)))
            throw r.Invalid("nlist", ivf.ListCount, $"at most {r.Remaining / (2 * sizeof(long))}: {r.Remaining} bytes are left");

        var sizes = new long[ivf.ListCount];
        long total = 0;
        for (var i = 0; i < sizes.Length; i++)
        {
            var size = sizes[i] = r.ReadCount("the ids of a list", sizeof(long));
            total = CheckTotal(v, total, size, ivf.Header.Count);
            ReadIds(v, size, ivf.IdsAreIndices ? ivf.Header.Count : null);
            var blocks = (size + perBlock - 1) / perBlock;
            r.SkipVector("the codes of a list", 1, (UInt128)blocks * (ulong)blockSize, "its blocks × block_size");
        }

        ivf.DirectMap.Check(v, new ListSizes(sizes));
    }
}
