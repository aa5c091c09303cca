namespace FaissNet;

// Encoding and decoding without storing.
public abstract partial class VectorIndex
{
    /// <summary>
    /// Bytes per vector that <see cref="Encode(ReadOnlySpan{float}, Span{byte})"/> writes. An IVF index puts the number of the list before
    /// the code, in as few bytes as it takes. FAISS's <c>sa_code_size</c>.
    /// </summary>
    /// <exception cref="NotSupportedException">The index type cannot encode.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int EncodedSize => Reading(EncodedSizeCore);

    /// <summary>Encodes n vectors without adding them. FAISS's <c>sa_encode</c>.</summary>
    /// <param name="vectors">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <param name="codes">Receives n·<see cref="EncodedSize"/> bytes. May be longer.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a component is not finite.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type cannot encode.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Encode(ReadOnlySpan<float> vectors, Span<byte> codes)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        ReadHeld();
        try
        {
            RequireTrained();
            var bytes = VectorArguments.CountOutputs(n, EncodedSizeCore(), nameof(codes));
            VectorArguments.RequireLength(codes.Length, bytes, nameof(codes), "n * EncodedSize");
            if (n > 0)
                EncodeCore(vectors, n, codes[..bytes]);
        }
        finally
        {
            EndReadHeld();
        }
    }

    /// <summary>Encodes n vectors without adding them. FAISS's <c>sa_encode</c>.</summary>
    /// <param name="vectors">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <returns>n·<see cref="EncodedSize"/> bytes.</returns>
    /// <inheritdoc cref="Encode(ReadOnlySpan{float}, Span{byte})" path="/exception"/>
    public byte[] Encode(ReadOnlySpan<float> vectors)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        var codes = new byte[VectorArguments.CountOutputs(n, EncodedSize, nameof(vectors))];
        Encode(vectors, codes);
        return codes;
    }

    /// <summary>Decodes what <see cref="Encode(ReadOnlySpan{float}, Span{byte})"/> wrote. FAISS's <c>sa_decode</c>.</summary>
    /// <param name="codes">n·<see cref="EncodedSize"/> bytes.</param>
    /// <param name="vectors">Receives n·<see cref="IndexBase.Dimension"/> floats. May be longer.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a code cannot have come from an index like this.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type cannot decode.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void Decode(ReadOnlySpan<byte> codes, Span<float> vectors)
    {
        ReadHeld();
        try
        {
            RequireTrained();
            var n = CountCodes(codes, EncodedSizeCore());
            var floats = VectorArguments.CountOutputs(n, Dimension, nameof(vectors));
            VectorArguments.RequireLength(vectors.Length, floats, nameof(vectors), "n * Dimension");
            if (n > 0)
                DecodeCore(codes, n, vectors[..floats]);
        }
        finally
        {
            EndReadHeld();
        }
    }

    /// <summary>Decodes what <see cref="Encode(ReadOnlySpan{float}, Span{byte})"/> wrote. FAISS's <c>sa_decode</c>.</summary>
    /// <param name="codes">n·<see cref="EncodedSize"/> bytes.</param>
    /// <returns>n·<see cref="IndexBase.Dimension"/> floats.</returns>
    /// <inheritdoc cref="Decode(ReadOnlySpan{byte}, Span{float})" path="/exception"/>
    public float[] Decode(ReadOnlySpan<byte> codes)
    {
        var vectors = new float[VectorArguments.CountOutputs(CountCodes(codes, EncodedSize), Dimension, nameof(codes))];
        Decode(codes, vectors);
        return vectors;
    }

    /// <summary>The bytes of one encoded vector, at least 1.</summary>
    protected virtual int EncodedSizeCore() => throw CannotEncode();

    /// <summary>Encodes n ≥ 1 vectors; all arguments are valid, the output exactly n times <see cref="EncodedSizeCore"/> long and the index
    /// trained.</summary>
    protected virtual void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes) => throw CannotEncode();

    /// <summary>Decodes n ≥ 1 codes into exactly n vectors; the lengths are valid and the index trained, but the codes may hold anything:
    /// throws an <see cref="ArgumentException"/> if they mean nothing (a list number that does not exist).</summary>
    protected virtual void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors) => throw CannotEncode();

    private static int CountCodes(ReadOnlySpan<byte> codes, int size)
    {
        var (count, rest) = Math.DivRem(codes.Length, size);
        return rest == 0
            ? count
            : throw new ArgumentException($"codes holds {codes.Length} bytes: expected a multiple of EncodedSize, {size}.", nameof(codes));
    }

    private NotSupportedException CannotEncode() =>
        new($"This {GetType().Name} has no codes of a fixed size to encode to: encode with a flat, PQ, SQ or IVF index, or save the index.");
}
