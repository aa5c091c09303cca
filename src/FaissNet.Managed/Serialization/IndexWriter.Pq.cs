using FaissNet.Managed;

namespace FaissNet.Serialization;

// Product-quantized vectors without lists.
internal sealed partial class IndexWriter
{
    private unsafe void WritePq(IndexPQ index)
    {
        const int codesPerStep = 1 << 14;
        WriteHeader("IxPq", index);
        WriteProductQuantizer(index.Pq);
        _w.Write(index.Count * index.CodeSize);
        using var scratch = Scratch.Rent();
        var codes = scratch.Bytes((long)codesPerStep * index.CodeSize);
        for (var first = 0L; first < index.Count; first += codesPerStep)
        {
            var count = (int)Math.Min(codesPerStep, index.Count - first);
            index.CopyCodes(first, count, codes);
            _w.WriteBytes(codes, (long)count * index.CodeSize);
        }

        // FAISS's own defaults: ST_PQ, and a Hamming distance that no code exceeds.
        var (searchType, encodeSigns, polysemousHt) = index.StoredSearch ?? (0, false, index.M * index.NBits + 1);
        _w.Write(searchType);
        _w.Write(encodeSigns);
        _w.Write(polysemousHt);
    }
}
