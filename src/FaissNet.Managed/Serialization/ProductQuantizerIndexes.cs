namespace FaissNet.Serialization;

/// <summary>The sizes of a product quantizer.</summary>
internal sealed record ProductQuantizerShape(long Dimension, long M, int Bits)
{
    public long SubDimension => Dimension / M;

    /// <summary>Centroids per sub-quantizer.</summary>
    public long SubCount => 1L << Bits;

    public long CodeSize => (Bits * M + 7) / 8;
}

/// <summary>Indexes over a product quantizer, except the inverted files.</summary>
internal static class ProductQuantizerIndexes
{
    // FAISS itself refuses more from version 1.10 on.
    private const int MaximumBits = 24;

    private const int GeneralizedHammingSearch = 2;
    private const int LastSearchType = 5;

    public static IndexFileInfo Read(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        var pq = ReadQuantizer(v, "ProductQuantizer", header.Dimension);
        var r = v.Reader;
        r.SkipVector("codes", 1, (UInt128)header.Count * (ulong)pq.CodeSize, "ntotal × code_size");
        if (fourCC.Is("IxPQ"))
            return Info(header with { Metric = MetricType.L2, MetricArgument = null }, pq);
        var searchType = r.ReadInt32("search_type", 0, LastSearchType);
        // Compared in words of eight bytes, and no less.
        if (searchType == GeneralizedHammingSearch && pq.CodeSize % sizeof(ulong) != 0)
            throw r.Invalid("search_type", searchType, $"another one: generalized Hamming distances need codes of a multiple of 8 bytes, not of {pq.CodeSize}");
        r.ReadBoolean("encode_signs");
        r.ReadInt32("polysemous_ht");
        // The two older layouts always meant L2, whatever stands in their header.
        return Info(fourCC.Is("IxPo") ? header with { Metric = MetricType.L2, MetricArgument = null } : header, pq);
    }

    public static ProductQuantizerShape ReadQuantizer(IndexValidator v, string name, int dimension)
    {
        var r = v.Reader;
        using var part = r.Part(name);
        var d = r.ReadSize("d", dimension, dimension);
        var m = r.ReadSize("M", 1, d);
        if (d % m != 0)
            throw r.Invalid("M", m, $"a divisor of d = {d}");
        var bits = (int)r.ReadSize("nbits", 1, MaximumBits);
        r.SkipVector("centroids", sizeof(float), (UInt128)d << bits, "d × 2^nbits");
        return new ProductQuantizerShape(d, m, bits);
    }

    public static IndexFileInfo ReadFastScan(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        var pq = ReadQuantizer(v, "ProductQuantizer", header.Dimension);
        var r = v.Reader;
        v.RequireEqual("nbits", pq.Bits, "the size of fast-scan codes", 4);

        var implementation = r.ReadInt32("implem");
        if (implementation is not (0 or (>= 12 and <= 15)))
            throw r.Invalid("implem", implementation, "0 or 12 … 15");
        var block = r.ReadInt32("bbs", 32, 5 * 32);
        if (block % 32 != 0)
            throw r.Invalid("bbs", block, "a multiple of 32");
        var packedM = pq.M + (pq.M & 1);
        var queries = r.ReadInt32("qbs", 0, int.MaxValue);
        CheckQueryBlocks(v, implementation, block, queries);
        var padded = r.ReadSize("ntotal2", 0, long.MaxValue);
        v.RequireEqual("ntotal2", padded, "ntotal rounded up to bbs", (header.Count + block - 1) / block * block);
        r.ReadSize("M2", packedM, packedM);
        r.SkipVector("codes", 1, (UInt128)padded * (ulong)packedM / 2, "ntotal2 × M2 / 2");
        return Info(header, pq);
    }

    /// <summary>
    /// FAISS compiles its kernels for some numbers of queries only and throws for the others; it does so inside a parallel
    /// region, which ends the process.
    /// </summary>
    private static void CheckQueryBlocks(IndexValidator v, int implementation, int block, int queries)
    {
        var r = v.Reader;
        if (implementation is 12 or 13 && block != 32)
            throw r.Invalid("bbs", block, $"32, for implem {implementation}");
        if (implementation is 12 or 13 || (implementation == 0 && block == 32))
        {
            // One digit of four bits per kernel call: its number of queries.
            var total = 0;
            for (var rest = queries; rest != 0; rest >>= 4)
            {
                var digit = rest & 15;
                if (digit is 0 or > 4 && queries is not (5 or 6))
                    throw r.Invalid("qbs", $"0x{queries:x}", "hexadecimal digits 1 … 4, or 0");
                total += digit;
            }

            if (total > 24)
                throw r.Invalid("qbs", $"0x{queries:x}", "digits that sum to at most 24");
            return;
        }

        var atOnce = queries == 0 ? 4 : queries;
        var most = block switch { 32 => 4, 64 => 2, _ => 1 };
        if (atOnce > most)
            throw r.Invalid("qbs", queries,
                $"1 … {most}: with bbs {block} FAISS ends the process when it searches {atOnce} queries at once");
    }

    public static IndexFileInfo ReadMultiIndexQuantizer(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        var pq = ReadQuantizer(v, "ProductQuantizer", header.Dimension);
        // Labels are numbers of M × nbits bits.
        const int maximumLabelBits = 31;
        if (pq.M * pq.Bits > maximumLabelBits)
            throw v.Reader.Invalid("M × nbits", pq.M * pq.Bits, $"at most {maximumLabelBits}");
        var cells = 1L << (int)(pq.M * pq.Bits);
        if (header.Count != cells && (header.IsTrained || header.Count != 0))
            throw v.Reader.Invalid("ntotal", header.Count, $"{cells} (2^(M × nbits))");
        return Info(header, pq) with { LabelBound = cells };
    }

    public static IndexFileInfo ReadTwoLayer(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        var r = v.Reader;
        var quantizer = v.ReadIndex("quantizer", labelsAreIndices: true);
        var nlist = r.ReadSize("nlist", 1, int.MaxValue);
        IvfIndexes.CheckQuantizer(v, header, quantizer, nlist);
        if (r.ReadByte("quantizer_trains_alone") is > 3 and var mode)
            throw r.Invalid("quantizer_trains_alone", mode, "0 … 3");
        var pq = ReadQuantizer(v, "ProductQuantizer", header.Dimension);
        CheckTwoLayerKernels(v, quantizer, pq);

        var keySize = r.ReadSize("code_size_1", 0, sizeof(int));
        r.ReadSize("code_size_2", pq.CodeSize, pq.CodeSize);
        var codeSize = r.ReadSize("code_size", keySize + pq.CodeSize, keySize + pq.CodeSize);
        var count = r.ReadCount("codes", 1, (UInt128)header.Count * (ulong)codeSize, "ntotal × code_size");

        // A code begins with the number of a coarse centroid, which FAISS follows unchecked.
        long key = 0;
        long column = 0;
        r.Visit<byte>("codes", count, (block, _) =>
        {
            foreach (var value in block)
            {
                if (column < keySize)
                    key |= (long)value << (int)(8 * column);
                if (++column < codeSize)
                    continue;
                if (key >= nlist)
                    throw r.Invalid("the coarse centroid of a code", key, $"less than nlist = {nlist}");
                key = column = 0;
            }
        });
        return Info(header, pq) with { SubIndexes = [quantizer] };
    }

    // The distance kernels for sub-vectors of four components take 8-bit codes and two halves for granted.
    private static void CheckTwoLayerKernels(IndexValidator v, IndexFileInfo quantizer, ProductQuantizerShape pq)
    {
        if (pq.SubDimension != 4)
            return;
        if (pq.Bits != 8)
            throw v.Reader.Invalid("nbits", pq.Bits, "8, for sub-vectors of 4 components");
        if (quantizer.ProductQuantizer is { } coarse && quantizer.FourCC == "Imiq" && pq.M % 2 == 0 && coarse.M != 2)
            throw v.Reader.Invalid("M of the quantizer", coarse.M, "2, for sub-vectors of 4 components");
    }

    private static IndexFileInfo Info(in IndexHeader header, ProductQuantizerShape pq) =>
        IndexValidator.Info(header) with { ProductQuantizer = pq };
}
