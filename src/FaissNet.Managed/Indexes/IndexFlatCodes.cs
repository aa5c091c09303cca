using System.Numerics;

namespace FaissNet.Managed;

/// <summary>Codes of one size without lists, all of them compared with each query. FAISS's <c>IndexFlatCodes</c>
/// (<c>faiss/IndexFlatCodes.h</c>). Ids are positions.</summary>
public abstract unsafe class IndexFlatCodes : ManagedIndex
{
    private readonly UnmanagedBuffer _codes = new();
    private readonly int _blockBits;
    private readonly int _slack;

    /// <summary>Without codes.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="codeSize">Bytes per code.</param>
    /// <param name="block">How many codes lie together, all their first bytes, then all their second ones, …, so that one load brings the same
    /// byte of many: a power of two; 1 for codes that lie one after the other.</param>
    /// <param name="slack">Bytes behind the last block that kernels may load.</param>
    private protected IndexFlatCodes(int d, MetricType metric, int codeSize, int block = 1, int slack = 0)
        : base(d, metric)
    {
        CodeSize = codeSize;
        _blockBits = BitOperations.Log2((uint)block);
        _slack = slack;
    }

    /// <summary>Bytes per code. FAISS's <c>code_size</c>.</summary>
    public int CodeSize { get; }

    /// <summary>The memory of the codes.</summary>
    internal byte* Codes => _codes.Pointer;

    /// <summary>How far the bytes of one code are apart.</summary>
    private protected int Stride => 1 << _blockBits;

    /// <summary>What the codes take, bytes.</summary>
    private protected long CodesCapacity => _codes.Capacity;

    /// <summary>Writes so many bytes.</summary>
    internal delegate void CodeWriter(byte* start, long bytes);

    /// <summary>Takes over n codes that <paramref name="fill"/> writes into the memory of the index, at its end. Codes lie one after the other.</summary>
    internal void Append(long n, CodeWriter fill)
    {
        RequireWritable();
        Reserve(Count + n);
        fill(Codes + Count * CodeSize, n * CodeSize);
        SetCount(Count + n);
    }

    /// <summary>Appends codes that lie one after the other, as in FAISS.</summary>
    internal void AppendCodes(byte* codes, int n)
    {
        Reserve(Count + n);
        for (var i = 0; i < n; i++)
        {
            var to = Place(Count + i);
            for (var b = 0; b < CodeSize; b++, to += Stride)
                *to = *codes++;
        }

        SetCount(Count + n);
    }

    /// <summary>Copies codes out, one after the other as in FAISS.</summary>
    internal void CopyCodes(long first, int n, byte* codes)
    {
        for (var i = first; i < first + n; i++)
        {
            var from = Place(i);
            for (var b = 0; b < CodeSize; b++, from += Stride)
                *codes++ = *from;
        }
    }

    /// <summary>Takes the codes from where they lie in a file.</summary>
    internal void Map(Serialization.MappedFile file, long offset, long count)
    {
        _codes.Map(file, offset, count * CodeSize);
        SetCount(count);
    }

    internal override void StoreCodes(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids, int n)
    {
        if (!ids.IsEmpty)
            throw StoresNoIds();

        RequireWritable();
        fixed (byte* code = codes)
            AppendCodes(code, n);
    }

    internal override void FreeMemory() => _codes.Dispose();

    /// <inheritdoc/>
    protected override long RemoveCore(IdSelector selector)
    {
        RequireWritable();
        var kept = 0L;
        for (var i = 0L; i < Count; i++)
        {
            if (selector.Contains(i))
                continue;

            if (kept < i)
                CopyCode(Place(i), Place(kept));

            kept++;
        }

        var removed = Count - kept;
        SetCount(kept);
        if (removed > 0)
            _codes.Trim(Bytes(kept));

        return removed;
    }

    /// <inheritdoc/>
    protected override void ResetCore()
    {
        RequireWritable();
        SetCount(0);
        _codes.Trim(0);
    }

    /// <inheritdoc/>
    protected override void MergeFromCore(VectorIndex other, long addId)
    {
        var from = RequireSameType<IndexFlatCodes>(other);
        if (!EncodesLike(from))
        {
            throw new ArgumentException(
                $"other cannot be merged: expected an {TypeName} that encodes vectors as this one does. Train one, and clone it before adding.",
                nameof(other));
        }

        RequireNumberingOn(addId);
        RequireWritable();
        from.RequireWritable();
        Reserve(Count + from.Count);
        if (Stride == 1)
        {
            var bytes = from.Count * CodeSize;
            Buffer.MemoryCopy(from.Codes, Codes + Count * CodeSize, bytes, bytes);
        }
        else
        {
            for (var i = 0L; i < from.Count; i++)
                CopyCode(from.Place(i), Place(Count + i));
        }

        SetCount(Count + from.Count);
        from.ResetCore();
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<float> vector)
    {
        if (id < 0 || id >= Count)
            throw IndexArguments.NoSuchId(id, Count);

        using var scratch = Scratch.Rent();
        var code = scratch.Bytes(CodeSize);
        CopyCodes(id, 1, code);
        DecodeCore(new ReadOnlySpan<byte>(code, CodeSize), 1, vector);
    }

    /// <inheritdoc/>
    protected override int EncodedSizeCore() => CodeSize;

    /// <summary>Whether another index encodes as this one does, so that codes may move between the two.</summary>
    private protected abstract bool EncodesLike(IndexFlatCodes other);

    /// <summary>Where a code's first byte lies; the others are <see cref="Stride"/> apart.</summary>
    private protected byte* Place(long index) =>
        Codes + (index >> _blockBits << _blockBits) * CodeSize + (index & (Stride - 1));

    /// <summary>Makes room for so many codes.</summary>
    private protected void Reserve(long count) => _codes.Reserve(Bytes(count));

    private protected void RequireWritable()
    {
        if (_codes.IsMapped)
            throw UnmanagedBuffer.ReadOnly();
    }

    private void CopyCode(byte* from, byte* to)
    {
        if (Stride == 1)
        {
            Buffer.MemoryCopy(from, to, CodeSize, CodeSize);
            return;
        }

        for (var b = 0; b < CodeSize; b++, from += Stride, to += Stride)
            *to = *from;
    }

    // Of whole blocks.
    private long Bytes(long count) => (count + Stride - 1 >> _blockBits << _blockBits) * CodeSize + _slack;
}
