using FaissNet.Managed;

namespace FaissNet.Serialization;

/// <summary>
/// Writes managed indexes in FAISS's format, byte for byte as FAISS writes them (<c>faiss/impl/index_write.cpp</c>; versions 1.7.3 to 1.14
/// write the same), from where the content lies: there is no second copy of it.
/// </summary>
internal sealed partial class IndexWriter
{
    private readonly FieldWriter _w;

    private IndexWriter(Stream stream) => _w = new FieldWriter(stream);

    public static void Write(ManagedIndex index, Stream stream)
    {
        var writer = new IndexWriter(stream);
        writer.WriteIndex(index);
        writer._w.Flush();
    }

    private void WriteIndex(ManagedIndex index)
    {
        switch (index)
        {
            case IndexFlat flat:
                WriteFlat(flat);
                break;
            case IndexIVFFlat ivf:
                WriteIvfHeader("IwFl", ivf);
                WriteLists(ivf.Lists);
                break;
            case IndexIVFPQ ivf:
                WriteIvfPq(ivf);
                break;
            case IndexIVFPQFastScan ivf:
                WriteIvfPqFastScan(ivf);
                break;
            case IndexIVFScalarQuantizer ivf:
                WriteIvfScalarQuantizer(ivf);
                break;
            case IndexScalarQuantizer sq:
                WriteScalarQuantizerIndex(sq);
                break;
            case IndexPQ pq:
                WritePq(pq);
                break;
            case IndexPQFastScan pq:
                WritePqFastScan(pq);
                break;
            case IndexPreTransform transformed:
                WritePreTransform(transformed);
                break;
            case IndexIDMap map:
                WriteIdMap(map);
                break;
            case IndexRefine refine:
                WriteRefine(refine);
                break;
            default:
                throw new NotSupportedException($"{index.TypeName} has no form in FAISS's files.");
        }
    }

    private void WriteHeader(ReadOnlySpan<char> fourCC, ManagedIndex index)
    {
        // Two fields that FAISS keeps for the future, and fills so.
        const long reserved = 1 << 20;
        _w.Write(fourCC);
        _w.Write(index.Dimension);
        _w.Write(index.Count);
        _w.Write(reserved);
        _w.Write(reserved);
        _w.Write(index.IsTrained);
        _w.Write((int)index.Metric);
    }

    private unsafe void WriteFlat(IndexFlat index)
    {
        WriteHeader(index.Metric == MetricType.InnerProduct ? "IxFI" : "IxF2", index);
        _w.WriteVector(index.Vectors, index.Count * index.Dimension);
    }

    private void WriteIvfHeader(ReadOnlySpan<char> fourCC, IndexIVF index)
    {
        WriteHeader(fourCC, index);
        _w.Write((long)index.NList);
        _w.Write((long)index.NProbe);
        WriteIndex(index.Quantizer);
        StoredDirectMap.Write(_w, index.StoredDirectMap, index.Lists, index.Count);
    }

    private unsafe void WriteLists(InvertedLists lists)
    {
        if (_lists is not null)
        {
            WriteListsOnDisk(lists);
            return;
        }

        _w.Write("ilar");
        _w.Write((long)lists.ListCount);
        _w.Write((long)lists.CodeSize);
        WriteSizes(lists);
        for (var list = 0; list < lists.ListCount; list++)
        {
            WriteCodes(lists, list);
            _w.WriteBytes((byte*)lists.Ids(list), (long)lists.Size(list) * sizeof(long));
        }
    }

    private void WriteSizes(InvertedLists lists)
    {
        long used = 0;
        for (var list = 0; list < lists.ListCount; list++)
            used += lists.Size(list) > 0 ? 1 : 0;

        // FAISS's rule for which of the two forms is shorter.
        var isFull = used > lists.ListCount / 2;
        _w.Write(isFull ? "full" : "sprs");
        _w.Write(isFull ? lists.ListCount : 2 * used);
        for (var list = 0; list < lists.ListCount; list++)
        {
            var size = lists.Size(list);
            if (size == 0 && !isFull)
                continue;

            if (!isFull)
                _w.Write((long)list);

            _w.Write((long)size);
        }
    }

    private void WriteCodes(InvertedLists lists, int list) => WriteCodes(_w, lists, list);

    private static unsafe void WriteCodes(FieldWriter to, InvertedLists lists, int list)
    {
        var size = lists.Size(list);
        if (lists.BlockSize == 1)
        {
            to.WriteBytes(lists.Codes(list), (long)size * lists.CodeSize);
            return;
        }

        const int stepBytes = 256 << 10;
        using var scratch = Scratch.Rent();
        var step = Math.Max(1, stepBytes / lists.CodeSize);
        var codes = scratch.Bytes((long)Math.Min(step, size) * lists.CodeSize);
        for (var first = 0; first < size; first += step)
        {
            var count = Math.Min(step, size - first);
            lists.CopyCodes(list, first, count, codes);
            to.WriteBytes(codes, (long)count * lists.CodeSize);
        }
    }
}
