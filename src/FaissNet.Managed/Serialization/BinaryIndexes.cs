using System.Globalization;

namespace FaissNet.Serialization;

/// <summary>Indexes over bits, compared by Hamming distance.</summary>
internal static class BinaryIndexes
{
    // FAISS shifts a 64-bit word by the number of bits and, while it enumerates, by two more.
    private const int MaximumHashBits = 60;

    // Beyond this a query would visit buckets for hours.
    private const double MaximumBuckets = 1 << 28;

    // A node of the hash table with its two vectors: what FAISS allocates for a bucket before it has read its content.
    private const int BytesPerBucket = 96;

    public static bool IsBinary(FourCC fourCC) => fourCC.IsPrintable && fourCC.ToString().StartsWith("IB", StringComparison.Ordinal);

    public static IndexFileInfo ReadFlat(IndexValidator v, FourCC fourCC)
    {
        var header = ReadHeader(v, fourCC);
        v.Reader.SkipVector("the vectors", 1, (UInt128)header.Count * (uint)(header.Dimension / 8), "ntotal × d / 8");
        return IndexValidator.Info(header);
    }

    public static IndexFileInfo ReadIvf(IndexValidator v, FourCC fourCC) => IvfIndexes.ReadBinary(v, ReadHeader(v, fourCC));

    public static IndexFileInfo ReadHnsw(IndexValidator v, FourCC fourCC)
    {
        var header = ReadHeader(v, fourCC);
        if (header.Count > int.MaxValue)
            throw v.Reader.Invalid("ntotal", header.Count, $"at most {int.MaxValue}: links are 32-bit integers");

        HnswIndexes.ReadGraph(v, header);
        var storage = ReadStorage(v, header);
        return IndexValidator.Info(header) with { SubIndexes = [storage] };
    }

    public static IndexFileInfo ReadIdMap(IndexValidator v, FourCC fourCC)
    {
        var header = ReadHeader(v, fourCC, isMap: true);
        var index = v.ReadIndex("index", labelsAreIndices: true);
        if (index.FourCC is "IBMp" or "IBM2")
            throw v.Unrecognised($"{index.TypeName} within {header.TypeName} is not checked");

        v.RequireEqual("the index's d", index.Dimension, "d", header.Dimension);
        v.RequireEqual("the index's ntotal", index.Count, "ntotal", header.Count);
        var ids = v.Reader.ReadCount("id_map", sizeof(long), (ulong)header.Count, "ntotal");
        v.Reader.Skip("id_map", (UInt128)ids * sizeof(long));
        return IndexValidator.Info(header) with { SubIndexes = [index], LabelBound = long.MaxValue };
    }

    public static IndexFileInfo ReadFromFloat(IndexValidator v, FourCC fourCC)
    {
        var header = ReadHeader(v, fourCC);
        var index = v.ReadFloatIndex("index");
        if (index.Metric != MetricType.L2)
            throw v.Reader.Invalid($"the metric of the index over floats is {index.Metric}: expected {MetricType.L2}");

        v.RequireEqual("the index's d", index.Dimension, "d", header.Dimension);
        v.RequireEqual("the index's ntotal", index.Count, "ntotal", header.Count);
        return IndexValidator.Info(header) with { SubIndexes = [index], LabelBound = long.MaxValue };
    }

    public static IndexFileInfo ReadHash(IndexValidator v, FourCC fourCC)
    {
        var header = ReadHeader(v, fourCC);
        var r = v.Reader;
        var bits = ReadHashBits(v, header);
        ReadFlips(v, bits);
        // Each bucket also has the lengths of its two vectors.
        var buckets = r.ReadSize("the number of buckets", 0, r.Remaining / (2 * sizeof(long)));
        var sizeBits = r.ReadInt32("il_nbit", buckets == 0 ? 0 : 1, 40);
        v.RequireMemory("buckets", (UInt128)buckets * BytesPerBucket);
        var length = r.ReadCount("the sizes of buckets", 1);
        var needed = ((UInt128)buckets * (uint)(bits + sizeBits) + 7) / 8;
        if ((UInt128)length < needed)
            throw r.Invalid("the number of elements of the sizes of buckets", length, $"at least {needed}");

        var packed = r.ReadArray<byte>("the sizes of buckets", length);
        var hashes = new HashSet<ulong>();
        long total = 0;
        for (long i = 0, at = 0; i < buckets; i++)
        {
            RequireNew(v, hashes, ReadBits(packed, at, bits));
            at += bits;
            var size = (long)ReadBits(packed, at, sizeBits);
            at += sizeBits;
            if (size > header.Count - total)
                throw r.Invalid($"the buckets hold more than ntotal = {header.Count} vectors: one of {size} follows {total}");

            total += size;
            r.ReadCount("the ids of a bucket", sizeof(long), (ulong)size, "its size");
            if (v.LabelsAreIndices)
                MetaIndexes.CheckIds(v, "the ids of a bucket", size, header.Count);
            else
                r.Skip("the ids of a bucket", (UInt128)size * sizeof(long));
            r.SkipVector("the vectors of a bucket", 1, (UInt128)size * (uint)(header.Dimension / 8), "its size × d / 8");
        }

        v.RequireEqual("the number of vectors in buckets", total, "ntotal", header.Count);
        return IndexValidator.Info(header) with { LabelBound = v.LabelsAreIndices ? header.Count : long.MaxValue };
    }

    public static IndexFileInfo ReadMultiHash(IndexValidator v, FourCC fourCC)
    {
        var header = ReadHeader(v, fourCC);
        var r = v.Reader;
        var storage = ReadStorage(v, header);
        var bits = ReadHashBits(v, header);
        var tables = r.ReadInt32("nhash", 1, header.Dimension / bits);
        ReadFlips(v, bits);
        for (var i = 0; i < tables; i++)
        {
            using var part = r.Part($"table {i.ToString(CultureInfo.InvariantCulture)}");
            ReadTable(v, header.Count, bits);
        }

        return IndexValidator.Info(header) with { SubIndexes = [storage] };
    }

    private static void ReadTable(IndexValidator v, long count, int bits)
    {
        var r = v.Reader;
        var idBits = r.ReadInt32("id_bits", 0, 41);
        if (idBits == 0 && count > 0)
            throw v.Unrecognised("FAISS reads beyond its memory in the table of a single vector");

        var buckets = r.ReadSize("the number of buckets", 0, Math.Min(count, r.Remaining * 8));
        v.RequireMemory("buckets", (UInt128)buckets * BytesPerBucket);
        var length = r.ReadCount(
            "the buckets", 1, ((UInt128)(bits + idBits) * (ulong)buckets + (UInt128)count * (uint)idBits + 7) / 8, "by their number, ntotal and id_bits");
        var packed = r.ReadArray<byte>("the buckets", length);
        var hashes = new HashSet<ulong>();
        long total = 0, at = 0;
        for (long i = 0; i < buckets; i++)
        {
            RequireNew(v, hashes, ReadBits(packed, at, bits));
            at += bits;
            var size = (long)ReadBits(packed, at, idBits);
            at += idBits;
            if (size > count - total)
                throw r.Invalid($"the buckets hold more than ntotal = {count} vectors: one of {size} follows {total}");

            total += size;
            for (long j = 0; j < size; j++, at += idBits)
            {
                var id = (long)ReadBits(packed, at, idBits);
                if (id >= count)
                    throw r.Invalid("an id", id, $"0 … {count - 1}");
            }
        }
    }

    // Of two buckets with one hash FAISS keeps the second and forgets the vectors of the first.
    private static void RequireNew(IndexValidator v, HashSet<ulong> hashes, ulong hash)
    {
        if (!hashes.Add(hash))
            throw v.Reader.Invalid($"two buckets have the hash {hash}: expected one bucket per hash");
    }

    // Least significant bit first, as FAISS's BitstringReader; the caller knows that they are there.
    private static ulong ReadBits(byte[] packed, long at, int count)
    {
        ulong value = 0;
        for (var done = 0; done < count;)
        {
            var (index, shift) = ((at + done) / 8, (int)((at + done) % 8));
            var part = Math.Min(8 - shift, count - done);
            value |= (((ulong)packed[index] >> shift) & ((1ul << part) - 1)) << done;
            done += part;
        }

        return value;
    }

    private static int ReadHashBits(IndexValidator v, in IndexHeader header) =>
        v.Reader.ReadInt32("b", 1, Math.Min(MaximumHashBits, header.Dimension));

    private static void ReadFlips(IndexValidator v, int bits)
    {
        var flips = v.Reader.ReadInt32("nflip", 0, bits);
        double buckets = 1, choose = 1;
        for (var i = 1; i <= flips; i++)
        {
            choose *= (bits - i + 1) / (double)i;
            buckets += choose;
        }

        if (buckets > MaximumBuckets)
            throw v.Reader.Invalid("nflip", flips, $"so few that a query visits at most {MaximumBuckets} buckets of b = {bits} bits");
    }

    private static IndexFileInfo ReadStorage(IndexValidator v, in IndexHeader header)
    {
        var storage = v.ReadIndex("storage", labelsAreIndices: true);
        if (storage.FourCC != "IBxF")
            throw v.Reader.Invalid("the type of the storage", storage.FourCC, "IBxF");

        v.RequireEqual("the storage's d", storage.Dimension, "d", header.Dimension);
        v.RequireEqual("the storage's ntotal", storage.Count, "ntotal", header.Count);
        return storage;
    }

    private static IndexHeader ReadHeader(IndexValidator v, FourCC fourCC, bool isMap = false)
    {
        var r = v.Reader;
        var d = r.ReadInt32("d", 8, IndexValidator.MaximumDimension);
        if (d % 8 != 0)
            throw r.Invalid("d", d, "a multiple of 8");

        // FAISS leaves it at 0 in its IDMaps, and writes it so.
        var codeSize = r.ReadInt32("code_size", 0, d / 8);
        if (codeSize != d / 8 && !(isMap && codeSize == 0))
            throw r.Invalid("code_size", codeSize, $"{d / 8} (d / 8)");

        var count = r.ReadInt64("ntotal", 0, IndexValidator.MaximumCount);
        var isTrained = r.ReadBoolean("is_trained");
        // Hamming distance has no metric of its own; nothing has ever written another.
        r.ReadInt32("metric_type", (int)MetricType.L2, (int)MetricType.L2);
        return v.Begin(new IndexHeader(fourCC, IndexTypes.NameOf(fourCC), d, count, isTrained, MetricType.L2, null));
    }
}
