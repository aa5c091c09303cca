using FaissNet.Managed;

namespace FaissNet.Serialization;

// Fast-scan codes: FAISS's files have them in blocks.
internal sealed partial class IndexWriter
{
    private void WriteIvfPqFastScan(IndexIVFPQFastScan index)
    {
        WriteIvfHeader("IwPf", index);
        _w.Write(index.ByResidual);
        _w.Write((long)index.CodeSize);
        _w.Write(index.BlockSize);
        _w.Write((long)PackedM(index.M));
        _w.Write(index.Implementation);
        _w.Write(index.QueriesAtOnce);
        WriteProductQuantizer(index.Pq);
        WriteBlockLists(index.Lists, index.BlockSize);
    }

    private unsafe void WritePqFastScan(IndexPQFastScan index)
    {
        WriteHeader("IPfs", index);
        WriteProductQuantizer(index.Pq);
        _w.Write(index.Implementation);
        _w.Write(index.BlockSize);
        _w.Write(index.QueriesAtOnce);
        _w.Write((index.Count + index.BlockSize - 1) / index.BlockSize * index.BlockSize);
        _w.Write((long)PackedM(index.M));
        _w.Write(FastScanLayout.FaissBytes(index.Count, index.CodeSize, index.BlockSize));
        WriteBlocks(index.Count, index.CodeSize, index.BlockSize, (to, first, count) => index.CopyCodes(first, count, to));
    }

    // Two parts of 4 bits to a byte.
    private static int PackedM(int m) => m + (m & 1);

    private unsafe void WriteBlockLists(InvertedLists lists, int blockSize)
    {
        _w.Write("ilbl");
        _w.Write((long)lists.ListCount);
        // Blocks have no code size, and FAISS says so with the largest number.
        _w.Write(-1L);
        _w.Write((long)blockSize);
        _w.Write((long)blockSize * lists.CodeSize);
        for (var list = 0; list < lists.ListCount; list++)
        {
            var (l, size) = (list, lists.Size(list));
            _w.WriteVector(lists.Ids(list), size);
            _w.Write(FastScanLayout.FaissBytes(size, lists.CodeSize, blockSize));
            WriteBlocks(size, lists.CodeSize, blockSize, (to, first, count) => lists.CopyCodes(l, (int)first, count, to));
        }
    }

    /// <summary>Gives codes, one after the other.</summary>
    private unsafe delegate void CodeGiver(byte* codes, long first, int count);

    /// <summary>Writes codes in FAISS's fast-scan blocks, some blocks at a time.</summary>
    private unsafe void WriteBlocks(long count, int codeSize, int blockSize, CodeGiver give)
    {
        const int stepBytes = 256 << 10;
        using var scratch = Scratch.Rent();
        var step = Math.Max(1, stepBytes / (blockSize * codeSize)) * blockSize;
        var blocks = scratch.Bytes((long)step * codeSize);
        var codes = scratch.Bytes((long)step * codeSize);
        for (long first = 0; first < count; first += step)
        {
            var part = (int)Math.Min(step, count - first);
            give(codes, first, part);
            FastScanLayout.ToFaissBlocks(codes, part, codeSize, blockSize, blocks);
            _w.WriteBytes(blocks, FastScanLayout.FaissBytes(part, codeSize, blockSize));
        }
    }
}
