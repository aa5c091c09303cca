namespace FaissNet.Managed;

/// <summary>
/// Codes vectors component by component: a few bits each, between bounds that are learned. FAISS's <c>ScalarQuantizer</c>
/// (<c>faiss/impl/ScalarQuantizer.cpp</c>), byte for byte.
/// </summary>
public sealed unsafe partial class ScalarQuantizer : Quantizer
{
    private const int VectorsPerTask = 256;

    private float[] _trained = [];

    /// <summary>A quantizer, not trained yet.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="qtype">How components are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException"><paramref name="qtype"/> is one that only FAISS has.</exception>
    public ScalarQuantizer(int d, ScalarQuantizerType qtype)
        : base(IndexArguments.Dimension(d))
    {
        QType = qtype switch
        {
            >= ScalarQuantizerType.QT_8bit and <= ScalarQuantizerType.QT_6bit => qtype,
            ScalarQuantizerType.QT_bf16 or ScalarQuantizerType.QT_8bit_direct_signed => throw new NotSupportedException(
                $"The managed engine has no {qtype}: use the native engine."),
            _ => throw new ArgumentOutOfRangeException(
                nameof(qtype), qtype, $"qtype is {qtype}: expected one of {string.Join(", ", Enum.GetNames<ScalarQuantizerType>())}."),
        };
        Bits = qtype switch
        {
            ScalarQuantizerType.QT_4bit or ScalarQuantizerType.QT_4bit_uniform => 4,
            ScalarQuantizerType.QT_6bit => 6,
            ScalarQuantizerType.QT_fp16 => 16,
            _ => 8,
        };
        CodeSize = (d * Bits + 7) / 8;
    }

    /// <summary>How components are written. FAISS's <c>qtype</c>.</summary>
    public ScalarQuantizerType QType { get; }

    /// <summary>How training finds ranges. FAISS's <c>rangestat</c>.</summary>
    public ScalarQuantizerRangeStat RangeStat { get; init; }

    /// <summary>What <see cref="RangeStat"/> takes beside the values. FAISS's <c>rangestat_arg</c>.</summary>
    public float RangeStatArg { get; init; }

    /// <summary>Bits per component. FAISS's <c>bits</c>.</summary>
    public int Bits { get; }

    /// <summary>Bytes per code: d·<see cref="Bits"/> bits, rounded up. FAISS's <c>code_size</c>.</summary>
    public override int CodeSize { get; }

    /// <inheritdoc/>
    public override bool IsTrained => _trained.Length == TrainedLength;

    /// <summary>The least value of each component, then the widths of their ranges: 2·d values, 2 with one range for all, none if the type
    /// needs no training. FAISS's <c>trained</c>.</summary>
    public ReadOnlySpan<float> Trained => _trained;

    /// <summary>Whether all components share a range.</summary>
    internal bool IsUniform => QType is ScalarQuantizerType.QT_8bit_uniform or ScalarQuantizerType.QT_4bit_uniform;

    /// <summary>How many values training finds.</summary>
    internal int TrainedLength => QType switch
    {
        ScalarQuantizerType.QT_fp16 or ScalarQuantizerType.QT_8bit_direct => 0,
        _ => IsUniform ? 2 : 2 * Dimension,
    };

    /// <summary>Takes over ranges, as from a file; empty for none yet.</summary>
    internal void RestoreTrained(ReadOnlySpan<float> trained) => _trained = trained.ToArray();

    /// <summary>Takes a training over, for instance of another quantizer of the same shape, of either engine.</summary>
    /// <param name="trained">What <see cref="Trained"/> gives.</param>
    /// <exception cref="ArgumentException">The length is another one, or a value is not finite.</exception>
    public void SetTrained(ReadOnlySpan<float> trained)
    {
        if (trained.Length != TrainedLength)
            throw new ArgumentException($"trained holds {trained.Length} values: expected {TrainedLength}, for {QType} of {Dimension} components.", nameof(trained));

        VectorArguments.RequireFinite(trained, 1, nameof(trained));
        RestoreTrained(trained);
    }

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        if (TrainedLength > 0)
            _trained = ScalarQuantizerTraining.Train(this, vectors, n, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes)
    {
        fixed (float* x = vectors)
        fixed (byte* code = codes)
            Encode(x, n, code);
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors)
    {
        fixed (byte* code = codes)
        fixed (float* x = vectors)
            Decode(code, n, x);
    }

    /// <summary>Codes n vectors.</summary>
    internal void Encode(float* vectors, int n, byte* codes)
    {
        if (n <= VectorsPerTask)
        {
            for (var i = 0; i < n; i++)
                EncodeOne(vectors + (long)i * Dimension, codes + (long)i * CodeSize);

            return;
        }

        ManagedThreads.For((n + VectorsPerTask - 1) / VectorsPerTask, task =>
        {
            for (var i = task * VectorsPerTask; i < Math.Min(n, (task + 1) * VectorsPerTask); i++)
                EncodeOne(vectors + (long)i * Dimension, codes + (long)i * CodeSize);
        });
    }

    /// <summary>Decodes n codes.</summary>
    internal void Decode(byte* codes, int n, float* vectors)
    {
        for (var i = 0; i < n; i++)
            DecodeOne(codes + (long)i * CodeSize, vectors + (long)i * Dimension);
    }

    /// <summary>The number that stands for a component in a code: half-precision bits, or a step of its range.</summary>
    internal int Component(byte* code, int i) => QType switch
    {
        ScalarQuantizerType.QT_fp16 => ((ushort*)code)[i],
        ScalarQuantizerType.QT_4bit or ScalarQuantizerType.QT_4bit_uniform => (code[i / 2] >> (i % 2 * 4)) & 15,
        ScalarQuantizerType.QT_6bit => SixBits(code, i),
        _ => code[i],
    };

    private void EncodeOne(float* x, byte* code)
    {
        var d = Dimension;
        switch (QType)
        {
            case ScalarQuantizerType.QT_fp16:
                for (var i = 0; i < d; i++)
                    ((ushort*)code)[i] = BitConverter.HalfToUInt16Bits((Half)x[i]);

                return;
            case ScalarQuantizerType.QT_8bit_direct:
                for (var i = 0; i < d; i++)
                    code[i] = (byte)(int)x[i];

                return;
        }

        new Span<byte>(code, CodeSize).Clear();
        for (var i = 0; i < d; i++)
        {
            var (minimum, width) = IsUniform ? (_trained[0], _trained[1]) : (_trained[i], _trained[d + i]);
            var share = width == 0 ? 0 : Math.Clamp((x[i] - minimum) / width, 0f, 1f);
            switch (Bits)
            {
                case 8:
                    code[i] = (byte)(255 * share);
                    break;
                case 4:
                    // In double, as C++ multiplies a float by 15.0.
                    code[i / 2] |= (byte)((int)(share * 15.0) << (i % 2 * 4));
                    break;
                default:
                    PutSixBits(code, i, (int)(share * 63.0));
                    break;
            }
        }
    }

    private void DecodeOne(byte* code, float* x)
    {
        var d = Dimension;
        var steps = (1 << Bits) - 1;
        for (var i = 0; i < d; i++)
        {
            var number = Component(code, i);
            x[i] = QType switch
            {
                ScalarQuantizerType.QT_fp16 => (float)BitConverter.UInt16BitsToHalf((ushort)number),
                ScalarQuantizerType.QT_8bit_direct => number,
                _ when IsUniform => _trained[0] + (number + 0.5f) / steps * _trained[1],
                _ => _trained[i] + (number + 0.5f) / steps * _trained[d + i],
            };
        }
    }

    // Four components in three bytes, the first in the lowest bits.
    private static int SixBits(byte* code, int i)
    {
        var (at, shift) = (i * 6 / 8, i * 6 % 8);
        return ((code[at] >> shift) | (shift > 2 ? code[at + 1] << (8 - shift) : 0)) & 63;
    }

    private static void PutSixBits(byte* code, int i, int number)
    {
        var (at, shift) = (i * 6 / 8, i * 6 % 8);
        code[at] |= (byte)(number << shift);
        if (shift > 2)
            code[at + 1] |= (byte)(number >> (8 - shift));
    }
}
