using FaissNet.Managed;

namespace FaissNet.Serialization;

// Product-quantized vectors without lists.
internal sealed partial class IndexLoader
{
    private unsafe IndexPQ ReadPq(in IndexHeader header)
    {
        const string field = "codes";
        const int codesPerStep = 1 << 14;
        var pq = ReadProductQuantizer(header.Dimension);
        // The two older layouts always meant L2, whatever stands in their header.
        var index = Made(new IndexPQ(header.Dimension, pq.M, pq.NBits, header.FourCC.Is("IxPq") ? header.Metric : MetricType.L2));
        index.RestoreTraining(pq.Centroids);
        _r.ReadCount(field, 1, (UInt128)header.Count * (uint)index.CodeSize, "ntotal × code_size");
        using var scratch = Scratch.Rent();
        var codes = scratch.Bytes((long)codesPerStep * index.CodeSize);
        for (var left = header.Count; left > 0; left -= codesPerStep)
        {
            var count = (int)Math.Min(codesPerStep, left);
            _r.Read(field, codes, (long)count * index.CodeSize);
            index.AppendCodes(codes, count);
        }

        if (!header.FourCC.Is("IxPQ"))
            index.StoredSearch = (_r.ReadInt32("search_type"), _r.ReadBoolean("encode_signs"), _r.ReadInt32("polysemous_ht"));

        return index;
    }
}
