using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// Codes vectors component by component: a few bits each, between bounds that are learned. FAISS's <c>ScalarQuantizer</c>
/// (<c>faiss/impl/ScalarQuantizer.h</c>).
/// </summary>
/// <remarks>Any number of threads may encode and decode at once; training and setting wait until they are through.</remarks>
public sealed class ScalarQuantizer : IDisposable
{
    private readonly ReaderWriterGate _gate = new();
    private readonly ScalarQuantizerHandle _handle;
    private float[] _trained = [];

    /// <summary>A quantizer, not trained yet.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="qtype">How components are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException">This FAISS does not have <paramref name="qtype"/>.</exception>
    public ScalarQuantizer(int d, ScalarQuantizerType qtype)
    {
        IndexArguments.RequireDimension(d);
        NativeMethods.faissnet_sq_new(d, IndexArguments.QType(qtype), out _handle).ThrowIfFailed();
        NativeMethods.faissnet_sq_code_size(_handle, out var codeSize, out var bits).ThrowIfFailed();
        (Dimension, QType, Bits, CodeSize) = (d, qtype, bits, checked((int)codeSize));
    }

    /// <summary>Components per vector. FAISS's <c>d</c>.</summary>
    public int Dimension { get; }

    /// <summary>How components are written. FAISS's <c>qtype</c>.</summary>
    public ScalarQuantizerType QType { get; }

    /// <summary>How training finds ranges. FAISS's <c>rangestat</c>.</summary>
    public ScalarQuantizerRangeStat RangeStat { get; init; }

    /// <summary>What <see cref="RangeStat"/> takes beside the values, -10^6 to 10^6. FAISS's <c>rangestat_arg</c>.</summary>
    public float RangeStatArg { get; init; }

    /// <summary>Bits per component. FAISS's <c>bits</c>.</summary>
    public int Bits { get; }

    /// <summary>Bytes per code: d·<see cref="Bits"/> bits, rounded up. FAISS's <c>code_size</c>.</summary>
    public int CodeSize { get; }

    /// <summary>Whether vectors can be coded.</summary>
    public bool IsTrained => Volatile.Read(ref _trained).Length == TrainedLength;

    /// <summary>The least value of each component, then the widths of their ranges: 2·d values, 2 with one range for all, none if the type
    /// needs no training, or before it. FAISS's <c>trained</c>. <see cref="SetTrained"/> replaces them.</summary>
    public ReadOnlySpan<float> Trained => Volatile.Read(ref _trained);

    private int TrainedLength => QType switch
    {
        ScalarQuantizerType.QT_8bit or ScalarQuantizerType.QT_4bit or ScalarQuantizerType.QT_6bit => 2 * Dimension,
        ScalarQuantizerType.QT_8bit_uniform or ScalarQuantizerType.QT_4bit_uniform => 2,
        _ => 0,
    };

    /// <summary>Finds the ranges. Types that need none return at once.</summary>
    /// <param name="vectors">n·d floats, n at least 1.</param>
    /// <exception cref="ArgumentException">The length is no multiple of d or 0, a component is not finite, or <see cref="RangeStat"/> or
    /// <see cref="RangeStatArg"/> is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The quantizer was disposed.</exception>
    public void Train(ReadOnlySpan<float> vectors)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        if (n == 0)
            throw new ArgumentException("vectors is empty: expected representative vectors to train with.", nameof(vectors));

        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        _gate.EnterWrite();
        try
        {
            NativeMethods.faissnet_sq_train(_handle, (int)RangeStat, RangeStatArg, n, vectors).ThrowIfFailed();
            var trained = new float[TrainedLength];
            NativeMethods.faissnet_sq_get_trained(_handle, trained.Length, trained, out _).ThrowIfFailed();
            Volatile.Write(ref _trained, trained);
        }
        finally
        {
            _gate.ExitWrite();
        }
    }

    /// <summary>Takes a training over, for instance of another quantizer of the same shape, of either engine.</summary>
    /// <param name="trained">What <see cref="Trained"/> gives.</param>
    /// <exception cref="ArgumentException">The length is another one, or a value is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The quantizer was disposed.</exception>
    public void SetTrained(ReadOnlySpan<float> trained)
    {
        if (trained.Length != TrainedLength)
            throw new ArgumentException($"trained holds {trained.Length} values: expected {TrainedLength}, for {QType} of {Dimension} components.", nameof(trained));

        VectorArguments.RequireFinite(trained, 1, nameof(trained));
        _gate.EnterWrite();
        try
        {
            NativeMethods.faissnet_sq_set_trained(_handle, trained.Length, trained).ThrowIfFailed();
            Volatile.Write(ref _trained, trained.ToArray());
        }
        finally
        {
            _gate.ExitWrite();
        }
    }

    /// <summary>Codes n vectors. FAISS's <c>compute_codes</c>.</summary>
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
        _gate.EnterRead();
        try
        {
            NativeMethods.faissnet_sq_encode(_handle, n, vectors, codes).ThrowIfFailed();
        }
        finally
        {
            _gate.ExitRead();
        }
    }

    /// <summary>Decodes n codes: each component becomes the middle of its step. FAISS's <c>decode</c>.</summary>
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
        _gate.EnterRead();
        try
        {
            NativeMethods.faissnet_sq_decode(_handle, n, codes, vectors).ThrowIfFailed();
        }
        finally
        {
            _gate.ExitRead();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
