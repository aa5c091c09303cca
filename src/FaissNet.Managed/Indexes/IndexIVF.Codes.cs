namespace FaissNet.Managed;

// Vectors to codes and back, and codes into the lists.
public abstract unsafe partial class IndexIVF
{
    // FAISS's coarse_code_size: bytes that hold the largest list number, none if there is one list.
    private int ListNumberBytes
    {
        get
        {
            var bytes = 0;
            for (var largest = NList - 1; largest > 0; largest >>= 8)
                bytes++;

            return bytes;
        }
    }

    /// <inheritdoc/>
    protected override int EncodedSizeCore() => ListNumberBytes + Lists.CodeSize;

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes)
    {
        using var scratch = Scratch.Rent();
        int codeSize = Lists.CodeSize, numberBytes = ListNumberBytes;
        var lists = scratch.Ints(Math.Min(n, VectorsPerStep));
        var plain = scratch.Bytes((long)Math.Min(n, VectorsPerStep) * codeSize);
        var terms = KeepsTerms ? scratch.Floats(Math.Min(n, VectorsPerStep)) : null;
        var order = scratch.Ints(Math.Min(n, VectorsPerStep));
        for (var i = 0; i < Math.Min(n, VectorsPerStep); i++)
            order[i] = i;

        fixed (float* vector = vectors)
        fixed (byte* start = codes)
        {
            var to = start;
            for (var first = 0; first < n; first += VectorsPerStep)
            {
                var count = Math.Min(VectorsPerStep, n - first);
                AssignAny(vector + (long)first * Dimension, count, lists);
                EncodeVectors(vector + (long)first * Dimension, count, lists, order, plain, terms);
                for (var i = 0; i < count; i++)
                {
                    for (var b = 0; b < numberBytes; b++)
                        *to++ = (byte)(lists[i] >> (8 * b));

                    new ReadOnlySpan<byte>(plain + (long)i * codeSize, codeSize).CopyTo(new Span<byte>(to, codeSize));
                    to += codeSize;
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors)
    {
        int codeSize = Lists.CodeSize, numberBytes = ListNumberBytes;
        fixed (byte* start = codes)
        {
            for (var i = 0; i < n; i++)
            {
                var code = start + (long)i * (numberBytes + codeSize);
                DecodeVector(code + numberBytes, ReadList(codes, i), vectors.Slice(i * Dimension, Dimension));
            }
        }
    }

    internal override void CheckCodes(ReadOnlySpan<byte> codes, int n)
    {
        for (var i = 0; i < n; i++)
            ReadList(codes, i);

        base.CheckCodes(codes, n);
    }

    internal override void StoreCodes(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids, int n)
    {
        var lists = Writable();
        _idTable = null;
        int codeSize = Lists.CodeSize, numberBytes = ListNumberBytes;
        fixed (byte* start = codes)
        {
            for (var first = 0; first < n; first += VectorsPerStep)
            {
                using var scratch = Scratch.Rent();
                var count = Math.Min(VectorsPerStep, n - first);
                var list = scratch.Ints(count);
                var id = scratch.Longs(count);
                for (var i = 0; i < count; i++)
                {
                    list[i] = ReadList(codes, first + i);
                    id[i] = ids.IsEmpty ? Count + i : ids[first + i];
                }

                var from = start + (long)first * (numberBytes + codeSize) + numberBytes;
                AppendCodes(lists, id, list, count, (order, to, terms) =>
                {
                    for (var i = 0; i < count; i++, to += codeSize)
                    {
                        Buffer.MemoryCopy(from + (long)order[i] * (numberBytes + codeSize), to, codeSize, codeSize);
                        if (terms is not null)
                            ComputeTerms(list[order[i]], to, 1, terms + i);
                    }
                });
                SetCount(Count + count);
            }
        }
    }

    // The list number before code i, which may come from anywhere.
    private int ReadList(ReadOnlySpan<byte> codes, int i)
    {
        var bytes = codes.Slice(i * EncodedSizeCore(), ListNumberBytes);
        var list = 0L;
        for (var b = 0; b < bytes.Length; b++)
            list |= (long)bytes[b] << (8 * b);

        return list < NList
            ? (int)list
            : throw new ArgumentException($"codes holds the list number {list} in code {i}: expected 0 to {NList - 1}.", nameof(codes));
    }
}
