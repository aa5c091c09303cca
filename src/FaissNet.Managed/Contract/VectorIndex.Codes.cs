namespace FaissNet;

// Vectors to codes and back, and codes into the index.
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

    /// <summary>Adds n vectors that <see cref="Encode(ReadOnlySpan{float}, Span{byte})"/> encoded before, under the ids
    /// <see cref="IndexBase.Count"/>, <see cref="IndexBase.Count"/> + 1, …: as <see cref="Add(ReadOnlySpan{float}, IProgress{IndexProgress}?, CancellationToken)"/>
    /// of the vectors would have, but without encoding. FAISS's <c>add_sa_codes</c>.</summary>
    /// <param name="codes">n·<see cref="EncodedSize"/> bytes, of an index with the same training: a code says nothing of that.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="EncodedSize"/>, or a code cannot have come from an index like
    /// this: it is of a list that does not exist, or stands for a vector with a component that is not finite. Nothing has been added. What some native
    /// types keep in codes beside what they decode (norms of additive quantizers, factors of RaBitQ) must be finite as well; whether it is that of the
    /// vector is not looked at.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type cannot encode, stores more of a vector than its code (IVFPQR, graphs), or needs the
    /// caller's ids (IDMap).</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void AddCodes(ReadOnlySpan<byte> codes) => AddCodesChecked(codes, [], withIds: false);

    /// <summary>As <see cref="AddCodes"/>, under ids of the caller's.</summary>
    /// <param name="codes">n·<see cref="EncodedSize"/> bytes, of an index with the same training.</param>
    /// <param name="ids">One id per vector. Any value but -1, as in
    /// <see cref="AddWithIds(ReadOnlySpan{float}, ReadOnlySpan{long}, IProgress{IndexProgress}?, CancellationToken)"/>.</param>
    /// <exception cref="ArgumentException">As for <see cref="AddCodes"/>, or there is not one id per vector, or an id is -1.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index type cannot encode, stores more of a vector than its code, or stores no ids: wrap it
    /// (factory string <c>IDMap,…</c>).</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void AddCodesWithIds(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids) => AddCodesChecked(codes, ids, withIds: true);

    /// <summary>The bytes of one encoded vector, at least 1.</summary>
    protected virtual int EncodedSizeCore() => throw CannotEncode();

    /// <summary>Encodes n ≥ 1 vectors; all arguments are valid, the output exactly n times <see cref="EncodedSizeCore"/> long and the index
    /// trained.</summary>
    protected virtual void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes) => throw CannotEncode();

    /// <summary>Decodes n ≥ 1 codes into exactly n vectors; the lengths are valid and the index trained, but the codes may hold anything:
    /// throws an <see cref="ArgumentException"/> if they mean nothing (a list number that does not exist).</summary>
    protected virtual void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors) => throw CannotEncode();

    /// <summary>Adds n ≥ 1 codes under n ids, or numbered on if <paramref name="ids"/> is empty. The lengths are valid and the index trained, but the
    /// codes may hold anything: throws an <see cref="ArgumentException"/>, before it adds any, if one means nothing.</summary>
    protected virtual void AddCodesCore(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids, int n) => throw CannotEncode();

    private void AddCodesChecked(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids, bool withIds)
    {
        Write();
        try
        {
            RequireTrained();
            var n = CountCodes(codes, EncodedSizeCore());
            if (withIds)
                VectorArguments.RequireIds(ids, n, nameof(ids));

            if (n > 0)
                AddCodesCore(codes, ids, n);
        }
        finally
        {
            EndWrite();
        }
    }

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
