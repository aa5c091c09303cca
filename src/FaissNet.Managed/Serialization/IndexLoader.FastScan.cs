using FaissNet.Managed;

namespace FaissNet.Serialization;

// Fast-scan codes: FAISS's files have them in blocks.
internal sealed partial class IndexLoader
{
    private IndexIVFPQFastScan ReadIvfPqFastScan(in IndexHeader header)
    {
        var ivf = ReadIvfHeader(header, isLegacy: false);
        var byResidual = _r.ReadBoolean("by_residual");
        var codeSize = _r.ReadSize("code_size", 1, int.MaxValue);
        var block = ReadBlockSize();
        var packedM = _r.ReadSize("M2", 1, int.MaxValue);
        var implementation = _r.ReadInt32("implem");
        var queries = _r.ReadInt64("qbs2");
        var pq = ReadProductQuantizer(header.Dimension);
        RequireFastScan(pq, packedM);
        var index = Made(new IndexIVFPQFastScan(header.Dimension, ivf.ListCount, pq.M, pq.NBits, header.Metric, block)
        {
            ByResidual = byResidual,
            Implementation = implementation,
            QueriesAtOnce = queries,
        });
        if (codeSize != index.CodeSize)
            throw _r.Invalid("code_size", codeSize, $"{index.CodeSize} (⌈M / 2⌉)");

        index.SetCodebooks(pq.Centroids);
        ReadBlockLists(index, ivf);
        return index;
    }

    private unsafe IndexPQFastScan ReadPqFastScan(in IndexHeader header)
    {
        var pq = ReadProductQuantizer(header.Dimension);
        var implementation = _r.ReadInt32("implem");
        var block = ReadBlockSize();
        var queries = _r.ReadInt32("qbs");
        var padded = (header.Count + block - 1) / block * block;
        _r.ReadSize("ntotal2", padded, padded);
        RequireFastScan(pq, _r.ReadSize("M2", 1, int.MaxValue));
        var index = Made(new IndexPQFastScan(header.Dimension, pq.M, pq.NBits, header.Metric, block)
        {
            Implementation = implementation,
            QueriesAtOnce = queries,
        });
        index.RestoreTraining(pq.Centroids);
        _r.ReadCount("codes", 1, (UInt128)padded * (uint)index.CodeSize, "ntotal2 × M2 / 2");
        ReadBlocks(header.Count, index.CodeSize, block, (codes, _, count) => index.AppendCodes(codes, count));
        return index;
    }

    private int ReadBlockSize()
    {
        var block = _r.ReadInt32("bbs", 32, 1 << 16);
        return block % 32 == 0 ? block : throw _r.Invalid("bbs", block, "a multiple of 32");
    }

    private void RequireFastScan((int M, int NBits, float[] Centroids) pq, long packedM)
    {
        if (pq.NBits != 4)
            throw _r.Invalid("nbits", pq.NBits, "4, the size of fast-scan codes");
        if (packedM != pq.M + (pq.M & 1))
            throw _r.Invalid("M2", packedM, $"{pq.M + (pq.M & 1)} (M rounded up to an even number)");
    }

    private unsafe void ReadBlockLists(IndexIVFPQFastScan index, in IvfHeader ivf)
    {
        Restore(index, ivf);
        var type = _r.ReadFourCC("the type of the inverted lists");
        using var part = _r.Part($"InvertedLists {type}");
        if (!type.Is("ilbl"))
            throw _r.Invalid("the type of the inverted lists", type, "ilbl, as fast-scan indexes need");

        var lists = (ArrayInvertedLists)index.Lists;
        _r.ReadSize("nlist", ivf.ListCount, ivf.ListCount);
        // Blocks have no code size, and FAISS says so with the largest number.
        if (_r.ReadInt64("code_size") is not -1 and var codeSize)
            throw _r.Invalid("code_size", codeSize, "-1");
        _r.ReadSize("n_per_block", index.BlockSize, index.BlockSize);
        var blockBytes = (long)index.BlockSize * lists.CodeSize;
        _r.ReadSize("block_size", blockBytes, blockBytes);
        using var ids = new UnmanagedBuffer();
        for (var list = 0; list < ivf.ListCount; list++)
        {
            var size = Size(_r.ReadCount("the ids of a list", sizeof(long)));
            ids.Reserve((long)size * sizeof(long));
            _r.Read("the ids of a list", ids.Pointer, (long)size * sizeof(long));
            var bytes = FastScanLayout.FaissBytes(size, lists.CodeSize, index.BlockSize);
            _r.ReadCount("the codes of a list", 1, (ulong)bytes, "its blocks × block_size");
            lists.Reserve(list, size);
            ReadBlocks(size, lists.CodeSize, index.BlockSize, (codes, first, count) => lists.Append(list, count, codes, (long*)ids.Pointer + first));
        }
    }

    /// <summary>Takes codes that lie one after the other.</summary>
    private unsafe delegate void CodeTaker(byte* codes, long first, int count);

    /// <summary>Reads codes in FAISS's fast-scan blocks, some blocks at a time.</summary>
    private unsafe void ReadBlocks(long count, int codeSize, int blockSize, CodeTaker take)
    {
        const int stepBytes = 256 << 10;
        using var scratch = Scratch.Rent();
        var step = Math.Max(1, stepBytes / (blockSize * codeSize)) * blockSize;
        var blocks = scratch.Bytes((long)step * codeSize);
        var codes = scratch.Bytes((long)step * codeSize);
        for (long first = 0; first < count; first += step)
        {
            var part = (int)Math.Min(step, count - first);
            _r.Read("the codes", blocks, FastScanLayout.FaissBytes(part, codeSize, blockSize));
            FastScanLayout.FromFaissBlocks(blocks, part, codeSize, blockSize, codes);
            take(codes, first, part);
        }
    }
}
