namespace FaissNet.Managed;

/// <summary>Product-quantized vectors without lists, whatever the kernels that compare them: what <see cref="IndexPQ"/> and
/// <see cref="IndexPQFastScan"/> have in common. FAISS has no such class.</summary>
public abstract unsafe class IndexPQBase : IndexFlatCodes
{
    // Vectors that an add encodes before it stores their codes: whole tasks of the encoder.
    private const int VectorsPerStep = 1 << 16;

    // Kernels load whole registers from the last row of the last block.
    private const int Slack = 64;

    private protected IndexPQBase(int d, MetricType metric, ProductQuantizer pq, int block)
        : base(IndexArguments.Dimension(d), IndexArguments.L2OrInnerProduct(metric), pq.CodeSize, block, Slack) => Pq = pq;

    /// <summary>Parts of a vector. FAISS's <c>pq.M</c>.</summary>
    public int M => Pq.M;

    /// <summary>Bits per part. FAISS's <c>pq.nbits</c>.</summary>
    public int NBits => Pq.NBits;

    /// <summary>The codebooks.</summary>
    internal ProductQuantizer Pq { get; }

    /// <summary>What is kept of the codebooks for searches, bytes.</summary>
    private protected abstract long TableBytes { get; }

    /// <summary>A copy of the codebooks: M·2^nbits·(d / M) floats, [M][2^nbits][d / M]; zero before training.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float[] GetCodebooks() => Reading(() => Pq.Centroids.ToArray());

    /// <summary>Takes over the training of another index, as from a file.</summary>
    /// <param name="codebooks">M·ksub·(d / M) floats.</param>
    internal void RestoreTraining(ReadOnlySpan<float> codebooks)
    {
        Pq.SetCentroids(codebooks);
        DropCodebook();
        SetTrained(true);
    }

    internal override void FreeMemory()
    {
        base.FreeMemory();
        DropCodebook();
    }

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore() => new(
        TypeName,
        Dimension,
        Count,
        Metric,
        IsTrained,
        M: M,
        NBits: NBits,
        CodeSize: CodeSize,
        Memory: IndexMemory.None with
        {
            Codebooks = (long)Pq.Centroids.Length * sizeof(float),
            Codes = CodesCapacity,
            Tables = TableBytes,
        });

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        SetTrained(false);
        DropCodebook();
        Pq.Train(vectors, progress, cancellationToken);
        SetTrained(true);
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<float> vectors, int n)
    {
        using var scratch = Scratch.Rent();
        var codes = scratch.Bytes((long)Math.Min(VectorsPerStep, n) * CodeSize);
        fixed (float* from = vectors)
        {
            for (var first = 0; first < n; first += VectorsPerStep)
            {
                var count = Math.Min(VectorsPerStep, n - first);
                Pq.EncodeInParallel(from + (long)first * Dimension, count, codes);
                AppendCodes(codes, count);
            }
        }
    }

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes)
    {
        fixed (float* from = vectors)
        fixed (byte* to = codes)
            Pq.EncodeInParallel(from, n, to);
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors) => Pq.Decode(codes, vectors);

    private protected override bool EncodesLike(IndexFlatCodes other) =>
        other is IndexPQBase from && from.GetType() == GetType() && from.M == M && from.NBits == NBits &&
        from.Pq.Centroids.SequenceEqual(Pq.Centroids);

    /// <summary>Forgets what was laid out of the codebooks for searches: they change.</summary>
    private protected abstract void DropCodebook();
}
