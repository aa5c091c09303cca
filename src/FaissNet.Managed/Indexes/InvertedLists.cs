namespace FaissNet.Managed;

/// <summary>
/// The lists of an IVF index: codes and ids. FAISS's <c>InvertedLists</c> (<c>faiss/invlists/InvertedLists.h</c>). Reading is safe from many
/// threads while nobody writes; what a pointer points to moves with the next write to its list.
/// </summary>
internal abstract unsafe class InvertedLists : IDisposable
{
    protected InvertedLists(int listCount, int codeSize, int blockSize)
    {
        (ListCount, CodeSize, BlockSize) = (listCount, codeSize, blockSize);
    }

    /// <summary>FAISS's <c>nlist</c>.</summary>
    public int ListCount { get; }

    /// <summary>Bytes per code.</summary>
    public int CodeSize { get; }

    /// <summary>
    /// How codes lie. 1: one after the other, as in FAISS. More: in blocks of so many codes, each block byte by byte: first the first bytes
    /// of all its codes, then the second ones, …, so that one load brings the same byte of many codes. The last block may be shorter: its
    /// rows are <see cref="TailStride"/> apart.
    /// </summary>
    public int BlockSize { get; }

    /// <summary>The number of codes in a list.</summary>
    public abstract int Size(int list);

    /// <summary>The ids of a list.</summary>
    public abstract long* Ids(int list);

    /// <summary>The codes of a list, in blocks of <see cref="BlockSize"/>; 64 bytes behind them are readable.</summary>
    public abstract byte* Codes(int list);

    /// <summary>Bytes of memory that the lists take: codes, ids and, as tables, terms. What lies in a mapped file does not count.</summary>
    public abstract IndexMemory Memory { get; }

    /// <summary>One float per code that the index computes from code and list, kept beside the codes; null where there is none.</summary>
    public virtual float* Terms(int list) => null;

    /// <summary>Bytes between the rows of the last block of a list of so many codes.</summary>
    public static int TailStride(int size, int blockSize)
    {
        const int granularity = 16;
        var tail = size % blockSize;
        return blockSize == 1 ? 1 : tail == 0 ? blockSize : Math.Min(blockSize, (tail + granularity - 1) / granularity * granularity);
    }

    /// <summary>Bytes that the codes of a list take.</summary>
    public static long CodeBytes(int size, int codeSize, int blockSize) => blockSize == 1
        ? (long)size * codeSize
        : ((long)(size / blockSize) * blockSize + (size % blockSize == 0 ? 0 : TailStride(size, blockSize))) * codeSize;

    /// <summary>Copies codes out, one after the other as in FAISS.</summary>
    public void CopyCodes(int list, int first, int count, byte* to)
    {
        byte* codes = Codes(list);
        if (BlockSize == 1)
        {
            var bytes = (long)count * CodeSize;
            Buffer.MemoryCopy(codes + (long)first * CodeSize, to, bytes, bytes);
            return;
        }

        var size = Size(list);
        for (var last = first + count; first < last; first += count)
        {
            count = Math.Min(last, (first / BlockSize + 1) * BlockSize) - first;
            var start = Place(codes, first, size, out var stride);
            ByteTranspose.Transpose(start, stride, CodeSize, count, to, CodeSize);
            to += (long)count * CodeSize;
        }
    }

    public abstract void Dispose();

    /// <summary>Where a code's first byte lies, and how far its bytes are apart, in a list of so many codes.</summary>
    protected byte* Place(byte* codes, int index, int size, out int stride)
    {
        var block = index / BlockSize;
        stride = block < size / BlockSize ? BlockSize : TailStride(size, BlockSize);
        return codes + (long)block * BlockSize * CodeSize + index % BlockSize;
    }
}
