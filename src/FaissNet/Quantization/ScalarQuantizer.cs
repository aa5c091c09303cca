using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// Codes vectors component by component: a few bits each, between bounds that are learned. FAISS's <c>ScalarQuantizer</c>
/// (<c>faiss/impl/ScalarQuantizer.h</c>).
/// </summary>
/// <remarks>Any number of threads may encode and decode at once; training and setting wait until they are through.</remarks>
public sealed class ScalarQuantizer : Quantizer, IDisposable
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
        : base(d)
    {
        IndexArguments.RequireDimension(d);
        NativeMethods.faissnet_sq_new(d, IndexArguments.QType(qtype), out _handle).ThrowIfFailed();
        NativeMethods.faissnet_sq_code_size(_handle, out var codeSize, out var bits).ThrowIfFailed();
        (QType, Bits, CodeSize) = (qtype, bits, checked((int)codeSize));
    }

    /// <summary>How components are written. FAISS's <c>qtype</c>.</summary>
    public ScalarQuantizerType QType { get; }

    /// <summary>How training finds ranges. FAISS's <c>rangestat</c>.</summary>
    public ScalarQuantizerRangeStat RangeStat { get; init; }

    /// <summary>What <see cref="RangeStat"/> takes beside the values, -10^6 to 10^6. FAISS's <c>rangestat_arg</c>.</summary>
    public float RangeStatArg { get; init; }

    /// <summary>Bits per component. FAISS's <c>bits</c>.</summary>
    public int Bits { get; }

    /// <summary>Bytes per code: d·<see cref="Bits"/> bits, rounded up. FAISS's <c>code_size</c>.</summary>
    public override int CodeSize { get; }

    /// <inheritdoc/>
    public override bool IsTrained => Volatile.Read(ref _trained).Length == TrainedLength;

    /// <summary>The least value of each component, then the widths of their ranges: 2·d values, 2 with one range for all, none if the type
    /// needs no training, or before it. FAISS's <c>trained</c>. <see cref="SetTrained"/> replaces them.</summary>
    public ReadOnlySpan<float> Trained => Volatile.Read(ref _trained);

    private int TrainedLength => QType switch
    {
        ScalarQuantizerType.QT_8bit or ScalarQuantizerType.QT_4bit or ScalarQuantizerType.QT_6bit => 2 * Dimension,
        ScalarQuantizerType.QT_8bit_uniform or ScalarQuantizerType.QT_4bit_uniform => 2,
        _ => 0,
    };

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

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
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

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes)
    {
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

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors)
    {
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
}
