namespace FaissNet.Managed;

// Encoding and decoding without storing.
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
        fixed (float* vector = vectors)
        fixed (byte* start = codes)
        {
            var to = start;
            for (var first = 0; first < n; first += VectorsPerStep)
            {
                var count = Math.Min(VectorsPerStep, n - first);
                AssignAny(vector + (long)first * Dimension, count, lists);
                EncodeVectors(vector + (long)first * Dimension, count, lists, plain, terms);
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
                var list = 0L;
                for (var b = 0; b < numberBytes; b++)
                    list |= (long)code[b] << (8 * b);

                if (list >= NList)
                    throw new ArgumentException($"codes holds the list number {list} in code {i}: expected 0 to {NList - 1}.", nameof(codes));

                DecodeVector(code + numberBytes, (int)list, vectors.Slice(i * Dimension, Dimension));
            }
        }
    }
}
