using FaissNet.Managed;

namespace FaissNet.Serialization;

// Indexes of codes one after the other, and scalar quantizers.
internal sealed partial class IndexLoader
{
    private unsafe IndexScalarQuantizer ReadScalarQuantizerIndex(in IndexHeader header)
    {
        var index = Made(new IndexScalarQuantizer(ReadScalarQuantizer(header), header.Metric));
        ReadCodeBytes(header, index.CodeSize);
        index.Append(header.Count, (to, bytes) => _r.Read("codes", to, bytes));
        return index;
    }

    private IndexIVFScalarQuantizer ReadIvfScalarQuantizer(in IndexHeader header)
    {
        var ivf = ReadIvfHeader(header, isLegacy: header.FourCC.Is("IvSQ"));
        var sq = ReadScalarQuantizer(header);
        _r.ReadSize("code_size", sq.CodeSize, sq.CodeSize);
        // The older layouts know no other.
        var byResidual = !header.FourCC.Is("IwSq") || _r.ReadBoolean("by_residual");
        var index = Made(new IndexIVFScalarQuantizer(sq, ivf.ListCount, header.Metric) { ByResidual = byResidual });
        ReadLists(index, ivf, sq.CodeSize);
        return index;
    }

    private ScalarQuantizer ReadScalarQuantizer(in IndexHeader header)
    {
        using var part = _r.Part("ScalarQuantizer");
        var type = (ScalarQuantizerType)_r.ReadInt32("qtype");
        if (type is not (>= ScalarQuantizerType.QT_8bit and <= ScalarQuantizerType.QT_6bit))
            throw NotSupported($"The scalar quantizer in the file is of the type {(int)type}, which the managed engine does not have.");

        var range = (ScalarQuantizerRangeStat)_r.ReadInt32("rangestat", 0, 3);
        var argument = _r.ReadSingle("rangestat_arg");
        _r.ReadSize("d", header.Dimension, header.Dimension);
        var sq = new ScalarQuantizer(header.Dimension, type) { RangeStat = range, RangeStatArg = argument };
        _r.ReadSize("code_size", sq.CodeSize, sq.CodeSize);
        var trained = ReadFloats("trained");
        if (trained.Length != sq.TrainedLength && (trained.Length > 0 || header.IsTrained || header.Count > 0))
            throw _r.Invalid("the number of elements of trained", trained.Length, $"{sq.TrainedLength}, what the qtype needs");
        if (trained.Length > 0)
            sq.RestoreTrained(trained);
        return sq;
    }

    private unsafe IndexPQ ReadPq(IndexHeader header)
    {
        const int stepBytes = 256 << 10;
        var pq = ReadProductQuantizer(header.Dimension);
        // The two older layouts always meant L2, whatever stands in their header.
        var index = Made(new IndexPQ(header.Dimension, pq.M, pq.NBits, header.FourCC.Is("IxPq") ? header.Metric : MetricType.L2));
        index.RestoreTraining(pq.Centroids);
        ReadCodeBytes(header, index.CodeSize);
        using var scratch = Scratch.Rent();
        var step = Math.Max(1, stepBytes / index.CodeSize);
        var codes = scratch.Bytes((long)step * index.CodeSize);
        for (long first = 0; first < header.Count; first += step)
        {
            var count = (int)Math.Min(step, header.Count - first);
            _r.Read("codes", codes, (long)count * index.CodeSize);
            index.AppendCodes(codes, count);
        }

        // The oldest layout leaves FAISS with what an index has before it has parts.
        index.StoredSearch = header.FourCC.Is("IxPQ")
            ? (0, false, 1)
            : (_r.ReadInt32("search_type"), _r.ReadBoolean("encode_signs"), _r.ReadInt32("polysemous_ht"));
        return index;
    }

    private void ReadCodeBytes(in IndexHeader header, int codeSize) =>
        _r.ReadCount("codes", 1, (UInt128)header.Count * (uint)codeSize, "ntotal × code_size");
}
