using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// Turns vectors of one dimension into vectors of another, before an index stores or searches them. FAISS's <c>VectorTransform</c>
/// (<c>faiss/VectorTransform.h</c>).
/// </summary>
/// <remarks>Vectors are row-major float32. Any number of threads may apply a transform at once; training and setting wait until they are
/// through.</remarks>
public abstract partial class VectorTransform : IDisposable
{
    private readonly ReaderWriterGate _gate = new();

    private protected VectorTransform(TransformHandle handle)
    {
        Handle = handle;
        NativeMethods.faissnet_transform_d(handle, out var dIn, out var dOut).ThrowIfFailed();
        (DIn, DOut) = (dIn, dOut);
    }

    /// <summary>Components per vector before. FAISS's <c>d_in</c>.</summary>
    public int DIn { get; }

    /// <summary>Components per vector after. FAISS's <c>d_out</c>.</summary>
    public int DOut { get; }

    /// <summary>Whether the transform can be applied: it was trained, or needs no training.</summary>
    /// <exception cref="ObjectDisposedException">The transform was disposed.</exception>
    public bool IsTrained
    {
        get
        {
            NativeMethods.faissnet_transform_is_trained(Handle, out var isTrained).ThrowIfFailed();
            return isTrained != 0;
        }
    }

    internal TransformHandle Handle { get; }

    /// <summary>Learns from representative vectors what the transform needs. Those that need nothing return at once.</summary>
    /// <param name="vectors">n·<see cref="DIn"/> floats, n at least 1.</param>
    /// <param name="cancellationToken">Stops the training; the transform is then untrained. Without <see cref="FaissCapabilities.StoppableAlgebra"/> only an
    /// <see cref="OPQMatrix"/> looks at it after the beginning.</param>
    /// <exception cref="ArgumentException">The length is no multiple of <see cref="DIn"/>, a component is not finite, or there are too
    /// few vectors.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The transform was disposed.</exception>
    public void Train(ReadOnlySpan<float> vectors, CancellationToken cancellationToken = default) => Train(vectors, null, cancellationToken);

    /// <summary>Transforms n vectors. FAISS's <c>apply_noalloc</c>.</summary>
    /// <param name="vectors">n·<see cref="DIn"/> floats.</param>
    /// <param name="transformed">Receives n·<see cref="DOut"/> floats; must not overlap the input. May be longer.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="InvalidOperationException">The transform is not trained.</exception>
    /// <exception cref="ObjectDisposedException">The transform was disposed.</exception>
    public void Apply(ReadOnlySpan<float> vectors, Span<float> transformed)
    {
        var n = VectorArguments.CountVectors(vectors, DIn, nameof(vectors));
        var floats = VectorArguments.CountOutputs(n, DOut, nameof(transformed));
        VectorArguments.RequireLength(transformed.Length, floats, nameof(transformed), "n * DOut");
        VectorArguments.RequireApart(vectors, transformed[..floats], nameof(transformed));
        _gate.EnterRead();
        try
        {
            NativeMethods.faissnet_transform_apply(Handle, n, vectors, transformed).ThrowIfFailed();
        }
        finally
        {
            _gate.ExitRead();
        }
    }

    /// <summary>Undoes <see cref="Apply"/>, as far as it can be undone. FAISS's <c>reverse_transform</c>.</summary>
    /// <param name="transformed">n·<see cref="DOut"/> floats.</param>
    /// <param name="vectors">Receives n·<see cref="DIn"/> floats; must not overlap the input. May be longer.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="InvalidOperationException">The transform is not trained.</exception>
    /// <exception cref="NotSupportedException">The transform cannot be undone.</exception>
    /// <exception cref="ObjectDisposedException">The transform was disposed.</exception>
    public void ReverseTransform(ReadOnlySpan<float> transformed, Span<float> vectors)
    {
        var n = VectorArguments.CountVectors(transformed, DOut, nameof(transformed));
        var floats = VectorArguments.CountOutputs(n, DIn, nameof(vectors));
        VectorArguments.RequireLength(vectors.Length, floats, nameof(vectors), "n * DIn");
        VectorArguments.RequireApart(transformed, vectors[..floats], nameof(vectors));
        _gate.EnterRead();
        try
        {
            NativeMethods.faissnet_transform_reverse(Handle, n, transformed, vectors).ThrowIfFailed();
        }
        finally
        {
            _gate.ExitRead();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Handle.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A native transform of its own that is as this one is now.</summary>
    internal TransformHandle Copy()
    {
        _gate.EnterRead();
        try
        {
            NativeMethods.faissnet_transform_clone(Handle, out var copy).ThrowIfFailed();
            return copy;
        }
        finally
        {
            _gate.ExitRead();
        }
    }

    private protected static TransformHandle Create(TransformKind kind, int dIn, int dOut, double argument = 0)
    {
        RequireDimension(dIn, nameof(dIn));
        RequireDimension(dOut, nameof(dOut));
        NativeMethods.faissnet_transform_new((int)kind, dIn, dOut, argument, out var handle).ThrowIfFailed();
        return handle;
    }

    private protected unsafe void Train(ReadOnlySpan<float> vectors, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        var n = VectorArguments.CountVectors(vectors, DIn, nameof(vectors));
        if (n == 0)
            throw new ArgumentException("vectors is empty: expected representative vectors to train with.", nameof(vectors));

        VectorArguments.RequireFinite(vectors, DIn, nameof(vectors));
        cancellationToken.ThrowIfCancellationRequested();
        _gate.EnterWrite();
        try
        {
            using var monitor = new MonitorBridge(progress, cancellationToken);
            monitor.Finish(NativeMethods.faissnet_transform_train(Handle, n, vectors, monitor.Native));
        }
        finally
        {
            _gate.ExitWrite();
        }
    }

    private protected double GetParameter(string name)
    {
        NativeMethods.faissnet_transform_get_parameter(Handle, name, out var value).ThrowIfFailed();
        return value;
    }

    private protected void SetParameter(string name, double value) => Writing(() =>
        NativeMethods.faissnet_transform_set_parameter(Handle, name, value).ThrowIfFailed());

    private protected float[] GetValues(string name)
    {
        _gate.EnterRead();
        try
        {
            NativeMethods.faissnet_transform_get_values(Handle, name, 0, [], out var count).ThrowIfFailed();
            var values = new float[count];
            if (count > 0)
                NativeMethods.faissnet_transform_get_values(Handle, name, count, values, out _).ThrowIfFailed();

            return values;
        }
        finally
        {
            _gate.ExitRead();
        }
    }

    private protected void Writing(Action write)
    {
        _gate.EnterWrite();
        try
        {
            write();
        }
        finally
        {
            _gate.ExitWrite();
        }
    }

    private static void RequireDimension(int d, string name)
    {
        if (d is < 1 or > IndexArguments.MaxDimension)
            throw new ArgumentOutOfRangeException(name, d, $"{name} is {d}: expected 1 to {IndexArguments.MaxDimension}.");
    }
}

/// <summary>The kinds of <c>faissnet_transform_new</c>.</summary>
internal enum TransformKind
{
    Other = 0,
    Linear = 1,
    RandomRotation = 2,
    Pca = 3,
    ItqMatrix = 4,
    Itq = 5,
    Opq = 6,
    Remap = 7,
    Normalization = 8,
    Centering = 9,
}
