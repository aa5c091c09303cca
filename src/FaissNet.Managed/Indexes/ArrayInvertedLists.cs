namespace FaissNet.Managed;

/// <summary>Lists in memory. FAISS's <c>ArrayInvertedLists</c>.</summary>
internal sealed unsafe class ArrayInvertedLists : InvertedLists
{
    // Kernels load whole vectors from the last row of the last block.
    private const int Slack = 64;

    private readonly List?[] _lists;
    private readonly bool _hasTerms;

    /// <param name="listCount">The number of lists.</param>
    /// <param name="codeSize">Bytes per code.</param>
    /// <param name="blockSize">See <see cref="InvertedLists.BlockSize"/>.</param>
    /// <param name="hasTerms">Whether a float is kept beside each code.</param>
    public ArrayInvertedLists(int listCount, int codeSize, int blockSize = 1, bool hasTerms = false)
        : base(listCount, codeSize, blockSize)
    {
        _lists = new List?[listCount];
        _hasTerms = hasTerms;
    }

    public override IndexMemory Memory
    {
        get
        {
            long codes = 0, ids = 0, terms = 0;
            foreach (var list in _lists)
            {
                if (list is null)
                    continue;

                codes += list.Codes.Capacity;
                ids += list.Ids.Capacity;
                terms += list.Terms?.Capacity ?? 0;
            }

            return IndexMemory.None with { Codes = codes, Ids = ids, Tables = terms };
        }
    }

    public override int Size(int list) => _lists[list]?.Size ?? 0;

    public override long* Ids(int list) => _lists[list] is { } used ? (long*)used.Ids.Pointer : null;

    public override byte* Codes(int list) => _lists[list] is { } used ? used.Codes.Pointer : null;

    public override float* Terms(int list) => _lists[list] is { Terms: { } terms } ? (float*)terms.Pointer : null;

    /// <summary>Makes room for exactly so many codes in all, so that what is known to come costs no growth.</summary>
    public void Reserve(int list, int size)
    {
        if (size > 0)
            Reserve(Used(list), size, amortize: false);
    }

    /// <summary>Appends codes.</summary>
    /// <param name="list">The list.</param>
    /// <param name="count">How many codes.</param>
    /// <param name="codes">The codes, one after the other as in FAISS.</param>
    /// <param name="ids">One id per code.</param>
    /// <param name="terms">One term per code, if this keeps terms.</param>
    public void Append(int list, int count, byte* codes, long* ids, float* terms = null)
    {
        if (count == 0)
            return;

        var used = Used(list);
        var size = checked(used.Size + count);
        Reserve(used, size, amortize: true);
        for (var i = 0; i < count; i++)
            ((long*)used.Ids.Pointer)[used.Size + i] = ids[i];

        for (var i = 0; terms is not null && i < count; i++)
            ((float*)used.Terms!.Pointer)[used.Size + i] = terms[i];

        if (BlockSize == 1)
        {
            var bytes = (long)count * CodeSize;
            Buffer.MemoryCopy(codes, used.Codes.Pointer + (long)used.Size * CodeSize, bytes, bytes);
        }
        else
        {
            SpreadTail(used.Codes.Pointer, used.Size, size);
            Put(used.Codes.Pointer, used.Size, count, size, codes);
        }

        used.Size = size;
    }

    /// <summary>Fills an empty list with what a file holds of it: all codes, one after the other, then all ids. Terms are left to be computed.</summary>
    public void Fill(int list, int size, Serialization.BoundedReader reader)
    {
        if (size == 0)
            return;

        const int stepBytes = 256 << 10;
        var used = Used(list);
        Reserve(used, size, amortize: false);
        if (BlockSize == 1)
        {
            reader.Read("the codes of a list", used.Codes.Pointer, (long)size * CodeSize);
        }
        else
        {
            using var scratch = Scratch.Rent();
            var step = Math.Max(1, stepBytes / CodeSize);
            var codes = scratch.Bytes((long)Math.Min(step, size) * CodeSize);
            for (var first = 0; first < size; first += step)
            {
                var count = Math.Min(step, size - first);
                reader.Read("the codes of a list", codes, (long)count * CodeSize);
                Put(used.Codes.Pointer, first, count, size, codes);
            }
        }

        reader.Read("the ids of a list", used.Ids.Pointer, (long)size * sizeof(long));
        used.Size = size;
    }

    /// <summary>Removes a code by putting the list's last one in its place, as FAISS does.</summary>
    public void RemoveAt(int list, int index)
    {
        var used = _lists[list]!;
        var last = used.Size - 1;
        using var scratch = Scratch.Rent();
        var code = scratch.Bytes(CodeSize);
        if (index < last)
        {
            CopyCodes(list, last, 1, code);
            Put(used.Codes.Pointer, index, 1, used.Size, code);
            ((long*)used.Ids.Pointer)[index] = ((long*)used.Ids.Pointer)[last];
            if (used.Terms is { } terms)
                ((float*)terms.Pointer)[index] = ((float*)terms.Pointer)[last];
        }

        GatherTail(used.Codes.Pointer, used.Size, last);
        used.Size = last;
    }

    /// <summary>Gives back the room that removals left.</summary>
    public void Trim(int list)
    {
        if (_lists[list] is not { } used)
            return;

        used.Codes.Trim(CodeBytes(used.Size, CodeSize, BlockSize) + Slack);
        used.Ids.Trim((long)used.Size * sizeof(long));
        used.Terms?.Trim((long)used.Size * sizeof(float) + Slack);
    }

    /// <summary>Removes all codes of a list.</summary>
    public void Clear(int list)
    {
        _lists[list]?.Free();
        _lists[list] = null;
    }

    /// <summary>Writes a term.</summary>
    public void SetTerm(int list, int index, float term) => ((float*)_lists[list]!.Terms!.Pointer)[index] = term;

    public override void Dispose()
    {
        for (var list = 0; list < ListCount; list++)
            Clear(list);
    }

    private List Used(int list) => _lists[list] ??= new List(_hasTerms);

    private void Reserve(List used, int size, bool amortize)
    {
        used.Codes.Reserve(CodeBytes(size, CodeSize, BlockSize) + Slack, amortize);
        used.Ids.Reserve((long)size * sizeof(long), amortize);
        used.Terms?.Reserve((long)size * sizeof(float) + Slack, amortize);
    }

    // Writes consecutive codes of a list of so many.
    private void Put(byte* codes, int first, int count, int size, byte* from)
    {
        for (var last = first + count; first < last; first += count)
        {
            count = Math.Min(last, (first / BlockSize + 1) * BlockSize) - first;
            var start = Place(codes, first, size, out var stride);
            ByteTranspose.Transpose(from, CodeSize, count, CodeSize, start, stride);
            from += (long)count * CodeSize;
        }
    }

    // The last block's rows move apart when codes come in, from the last row on, and together when codes leave, from the first.
    private void SpreadTail(byte* codes, int oldSize, int newSize)
    {
        var count = oldSize % BlockSize;
        int from = TailStride(oldSize, BlockSize), to = oldSize / BlockSize < newSize / BlockSize ? BlockSize : TailStride(newSize, BlockSize);
        if (count == 0 || from == to)
            return;

        var block = codes + (long)(oldSize / BlockSize) * BlockSize * CodeSize;
        for (var row = CodeSize - 1; row > 0; row--)
            Buffer.MemoryCopy(block + (long)row * from, block + (long)row * to, count, count);
    }

    private void GatherTail(byte* codes, int oldSize, int newSize)
    {
        if (BlockSize == 1)
            return;

        var count = newSize % BlockSize;
        int from = newSize / BlockSize < oldSize / BlockSize ? BlockSize : TailStride(oldSize, BlockSize), to = TailStride(newSize, BlockSize);
        if (count == 0 || from == to)
            return;

        var block = codes + (long)(newSize / BlockSize) * BlockSize * CodeSize;
        for (var row = 1; row < CodeSize; row++)
            Buffer.MemoryCopy(block + (long)row * from, block + (long)row * to, count, count);
    }

    private sealed class List(bool hasTerms)
    {
        public UnmanagedBuffer Codes { get; } = new();

        public UnmanagedBuffer Ids { get; } = new();

        public UnmanagedBuffer? Terms { get; } = hasTerms ? new() : null;

        public int Size { get; set; }

        public void Free()
        {
            Codes.Dispose();
            Ids.Dispose();
            Terms?.Dispose();
            Size = 0;
        }
    }
}
