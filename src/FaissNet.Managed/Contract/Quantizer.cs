namespace FaissNet;

/// <summary>Writes vectors as codes of a few bytes, and reads them again: the base of every quantizer, whichever engine is behind it. FAISS's
/// <c>Quantizer</c> (<c>faiss/impl/Quantizer.h</c>).</summary>
/// <remarks>Any number of threads may encode and decode at once; training excludes all other use.</remarks>
public abstract class Quantizer
{
    /// <param name="d">Components per vector.</param>
    protected Quantizer(int d) => Dimension = d;

    /// <summary>Components per vector. FAISS's <c>d</c>.</summary>
    public int Dimension { get; }

    /// <summary>Bytes per code. FAISS's <c>code_size</c>.</summary>
    public abstract int CodeSize { get; }

    /// <summary>Whether vectors can be coded.</summary>
    public abstract bool IsTrained { get; }

    /// <summary>Learns from representative vectors. What needs no training returns at once.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <param name="progress">Told how far the training is, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <exception cref="ArgumentException">The length is no multiple of d, a component is not finite, or the vectors are too few.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The quantizer was disposed.</exception>
    public void Train(ReadOnlySpan<float> vectors, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        RequireEnough(n, nameof(vectors));
        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        cancellationToken.ThrowIfCancellationRequested();
        TrainCore(vectors, n, progress, cancellationToken);
    }

    /// <summary>Encodes vectors. FAISS's <c>compute_codes</c>.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <param name="codes">Receives n·<see cref="CodeSize"/> bytes. May be longer.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a component is not finite.</exception>
    /// <exception cref="InvalidOperationException">The quantizer is not trained.</exception>
    /// <exception cref="ObjectDisposedException">The quantizer was disposed.</exception>
    public void Encode(ReadOnlySpan<float> vectors, Span<byte> codes)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireLength(codes.Length, VectorArguments.CountOutputs(n, CodeSize, nameof(codes)), nameof(codes), "n * CodeSize");
        RequireTrained();
        EncodeCore(vectors, n, codes);
    }

    /// <summary>The vectors that codes stand for. FAISS's <c>decode</c>.</summary>
    /// <param name="codes">n·<see cref="CodeSize"/> bytes.</param>
    /// <param name="vectors">Receives n·d floats. May be longer.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="InvalidOperationException">The quantizer is not trained.</exception>
    /// <exception cref="ObjectDisposedException">The quantizer was disposed.</exception>
    public void Decode(ReadOnlySpan<byte> codes, Span<float> vectors)
    {
        var (n, rest) = Math.DivRem(codes.Length, CodeSize);
        if (rest != 0)
            throw new ArgumentException($"codes holds {codes.Length} bytes: expected a multiple of {nameof(CodeSize)} = {CodeSize}.", nameof(codes));

        VectorArguments.RequireLength(vectors.Length, VectorArguments.CountOutputs(n, Dimension, nameof(vectors)), nameof(vectors), "n * d");
        RequireTrained();
        DecodeCore(codes, n, vectors);
    }

    /// <summary>Trains with vectors that were checked.</summary>
    /// <inheritdoc cref="Train"/>
    protected abstract void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Encodes n vectors; codes has room for them.</summary>
    protected abstract void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes);

    /// <summary>Decodes n codes; vectors has room for them.</summary>
    protected abstract void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors);

    /// <summary>Refuses fewer vectors than training takes.</summary>
    /// <param name="n">How many there are.</param>
    /// <param name="name">The argument that holds them.</param>
    private protected virtual void RequireEnough(int n, string name)
    {
        if (n == 0)
            throw new ArgumentException($"{name} is empty: expected representative vectors to train with.", name);
    }

    private protected void RequireTrained()
    {
        if (!IsTrained)
            throw new InvalidOperationException($"This {GetType().Name} is not trained: call {nameof(Train)} with representative vectors first.");
    }
}
