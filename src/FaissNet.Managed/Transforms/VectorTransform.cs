namespace FaissNet.Managed;

/// <summary>
/// Turns vectors of one dimension into vectors of another, before an index stores or searches them. FAISS's <c>VectorTransform</c>
/// (<c>faiss/VectorTransform.h</c>).
/// </summary>
/// <remarks>Vectors are row-major float32. Any number of threads may apply a transform at once; training needs it alone.</remarks>
public abstract class VectorTransform
{
    /// <summary>What is transformed at a time: a fraction of a second's work, and no whole second copy of what is added.</summary>
    internal const int FloatsPerStep = 4 << 20;

    private protected VectorTransform(int dIn, int dOut, bool isTrained)
    {
        RequireDimension(dIn, nameof(dIn));
        RequireDimension(dOut, nameof(dOut));
        (DIn, DOut, IsTrained) = (dIn, dOut, isTrained);
    }

    /// <summary>Components per vector before. FAISS's <c>d_in</c>.</summary>
    public int DIn { get; }

    /// <summary>Components per vector after. FAISS's <c>d_out</c>.</summary>
    public int DOut { get; }

    /// <summary>Whether the transform can be applied: it was trained, or needs no training.</summary>
    public bool IsTrained { get; private protected set; }

    /// <summary>Learns from representative vectors what the transform needs. Those that need nothing return at once.</summary>
    /// <param name="vectors">n·<see cref="DIn"/> floats, n at least 1.</param>
    /// <param name="cancellationToken">Stops the training; the transform stays as it was.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="DIn"/>, a component is not finite, or there are too
    /// few vectors.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    public void Train(ReadOnlySpan<float> vectors, CancellationToken cancellationToken = default) => Train(vectors, null, cancellationToken);

    /// <summary>The same, with progress.</summary>
    /// <param name="vectors">n·<see cref="DIn"/> floats, n at least 1.</param>
    /// <param name="progress">Told the k-means iterations of <see cref="OPQMatrix"/> (<see cref="IndexStage.TrainingTransform"/>); other transforms do not
    /// iterate long.</param>
    /// <param name="cancellationToken">Stops the training; the transform stays as it was.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="DIn"/>, a component is not finite, or there are too
    /// few vectors.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    public void Train(ReadOnlySpan<float> vectors, IProgress<IndexProgress>? progress, CancellationToken cancellationToken = default)
    {
        var n = VectorArguments.CountVectors(vectors, DIn, nameof(vectors));
        if (n == 0)
            throw new ArgumentException("vectors is empty: expected representative vectors to train with.", nameof(vectors));

        VectorArguments.RequireFinite(vectors, DIn, nameof(vectors));
        cancellationToken.ThrowIfCancellationRequested();
        TrainCore(vectors, n, progress, cancellationToken);
        IsTrained = true;
    }

    /// <summary>Transforms n vectors. FAISS's <c>apply_noalloc</c>.</summary>
    /// <param name="vectors">n·<see cref="DIn"/> floats.</param>
    /// <param name="transformed">Receives n·<see cref="DOut"/> floats; must not overlap the input. May be longer.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="InvalidOperationException">The transform is not trained.</exception>
    public unsafe void Apply(ReadOnlySpan<float> vectors, Span<float> transformed)
    {
        var n = VectorArguments.CountVectors(vectors, DIn, nameof(vectors));
        var floats = VectorArguments.CountOutputs(n, DOut, nameof(transformed));
        VectorArguments.RequireLength(transformed.Length, floats, nameof(transformed), "n * DOut");
        VectorArguments.RequireApart(vectors, transformed[..floats], nameof(transformed));
        RequireTrained();
        fixed (float* x = vectors, y = transformed)
        {
            if (n > 0)
                ApplyCore(x, n, y);
        }
    }

    /// <summary>The same, a part of the vectors at a time.</summary>
    /// <param name="vectors">n·<see cref="DIn"/> floats.</param>
    /// <param name="transformed">Receives n·<see cref="DOut"/> floats.</param>
    /// <param name="cancellationToken">Is looked at before each part.</param>
    internal void Apply(ReadOnlySpan<float> vectors, Span<float> transformed, CancellationToken cancellationToken)
    {
        var n = vectors.Length / DIn;
        var step = Math.Max(1, FloatsPerStep / Math.Max(DIn, DOut));
        for (var first = 0; first < n; first += step)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Math.Min(step, n - first);
            Apply(vectors.Slice(first * DIn, count * DIn), transformed.Slice(first * DOut, count * DOut));
        }
    }

    /// <summary>Undoes <see cref="Apply(ReadOnlySpan{float}, Span{float})"/>, as far as it can be undone. FAISS's <c>reverse_transform</c>.</summary>
    /// <param name="transformed">n·<see cref="DOut"/> floats.</param>
    /// <param name="vectors">Receives n·<see cref="DIn"/> floats; must not overlap the input. May be longer.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="InvalidOperationException">The transform is not trained.</exception>
    /// <exception cref="NotSupportedException">The transform cannot be undone.</exception>
    public unsafe void ReverseTransform(ReadOnlySpan<float> transformed, Span<float> vectors)
    {
        var n = VectorArguments.CountVectors(transformed, DOut, nameof(transformed));
        var floats = VectorArguments.CountOutputs(n, DIn, nameof(vectors));
        VectorArguments.RequireLength(vectors.Length, floats, nameof(vectors), "n * DIn");
        VectorArguments.RequireApart(transformed, vectors[..floats], nameof(vectors));
        RequireTrained();
        fixed (float* y = transformed, x = vectors)
        {
            if (n > 0)
                ReverseCore(y, n, x);
        }
    }

    /// <summary>Transforms n vectors; everything fits.</summary>
    internal abstract unsafe void ApplyCore(float* vectors, int n, float* transformed);

    /// <summary>Undoes the transform of n vectors; everything fits.</summary>
    internal virtual unsafe void ReverseCore(float* transformed, int n, float* vectors) =>
        throw new NotSupportedException($"{GetType().Name} cannot be undone.");

    /// <summary>Values that the transform holds to apply it.</summary>
    internal virtual long ParameterCount => 0;

    /// <summary>Whether the other gives the same for every vector.</summary>
    internal virtual bool AppliesLike(VectorTransform other) => other.GetType() == GetType() && other.DIn == DIn && other.DOut == DOut;

    /// <summary>A copy: training one does not change the other.</summary>
    internal virtual VectorTransform Clone() => (VectorTransform)MemberwiseClone();

    /// <summary>Learns from n ≥ 1 finite vectors.</summary>
    private protected virtual void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
    }

    private void RequireTrained()
    {
        if (!IsTrained)
            throw new InvalidOperationException($"This {GetType().Name} is not trained: call {nameof(Train)} with representative vectors first.");
    }

    private static void RequireDimension(int d, string name)
    {
        if (d < 1)
            throw new ArgumentOutOfRangeException(name, d, $"{name} is {d}: expected at least 1.");
    }
}
