using FaissNet.Managed;

namespace FaissNet.Serialization;

// Indexes of codes one after the other, and scalar quantizers.
internal sealed partial class IndexWriter
{
    private unsafe void WriteScalarQuantizerIndex(IndexScalarQuantizer index)
    {
        WriteHeader("IxSQ", index);
        WriteScalarQuantizer(index.Sq);
        _w.WriteVector(index.Codes, index.Count * index.CodeSize);
    }

    private void WriteIvfScalarQuantizer(IndexIVFScalarQuantizer index)
    {
        WriteIvfHeader("IwSq", index);
        WriteScalarQuantizer(index.Sq);
        _w.Write((long)index.CodeSize);
        _w.Write(index.ByResidual);
        WriteLists(index.Lists);
    }

    private void WriteScalarQuantizer(ScalarQuantizer sq)
    {
        _w.Write((int)sq.QType);
        _w.Write((int)sq.RangeStat);
        _w.Write(sq.RangeStatArg);
        _w.Write((long)sq.Dimension);
        _w.Write((long)sq.CodeSize);
        _w.WriteVector(sq.Trained);
    }

    private unsafe void WritePq(IndexPQ index)
    {
        const int stepBytes = 256 << 10;
        WriteHeader("IxPq", index);
        WriteProductQuantizer(index.Pq);
        _w.Write(index.Count * index.CodeSize);
        using var scratch = Scratch.Rent();
        var step = Math.Max(1, stepBytes / index.CodeSize);
        var codes = scratch.Bytes((long)step * index.CodeSize);
        for (long first = 0; first < index.Count; first += step)
        {
            var count = (int)Math.Min(step, index.Count - first);
            index.CopyCodes(first, count, codes);
            _w.WriteBytes(codes, (long)count * index.CodeSize);
        }

        // What FAISS gives an index of its own making.
        var (searchType, encodeSigns, polysemousHt) = index.StoredSearch ?? (0, false, index.NBits * index.M + 1);
        _w.Write(searchType);
        _w.Write(encodeSigns);
        _w.Write(polysemousHt);
    }
}
