namespace FaissNet.Managed;

/// <summary>An inverted file of product-quantized vectors, whatever the kernels that compare them: what <see cref="IndexIVFPQ"/> and
/// <see cref="IndexIVFPQFastScan"/> have in common. FAISS has no such class.</summary>
public abstract unsafe class IndexIVFPQBase : IndexIVF
{
    // Vectors that one task encodes: whole tiles, so that no thread count changes what is packed together.
    private const int VectorsPerTask = 8 * PackedPoints.TileSize;

    private readonly int _block;

    private protected IndexIVFPQBase(int d, int nlist, MetricType metric, ProductQuantizer pq, bool byResidual, int block)
        : base(d, nlist, metric)
    {
        Pq = pq;
        _block = block;
        ByResidual = byResidual;
    }

    /// <summary>Whether codes stand for what is left of a vector after its list's centroid is subtracted, which they do more exactly, for 4 bytes per
    /// vector with L2, or for the vector itself. FAISS's <c>by_residual</c>; until it is set, <see langword="true"/> for <see cref="IndexIVFPQ"/> and
    /// <see langword="false"/> for <see cref="IndexIVFPQFastScan"/>.</summary>
    public bool ByResidual
    {
        get;
        init
        {
            field = value;
            Lists = new ArrayInvertedLists(NList, CodeSize, _block, KeepsTerms);
        }
    }

    /// <summary>Parts of a vector. FAISS's <c>pq.M</c>.</summary>
    public int M => Pq.M;

    /// <summary>Bits per part. FAISS's <c>pq.nbits</c>.</summary>
    public int NBits => Pq.NBits;

    /// <summary>Bytes per code: M·nbits bits, rounded up. FAISS's <c>code_size</c>.</summary>
    public int CodeSize => Pq.CodeSize;

    /// <summary>The codebooks.</summary>
    internal ProductQuantizer Pq { get; }

    private protected override bool NeedsCoarseDistances => ByResidual;

    // The squared distance to a residual's code is that to the centroid, what this keeps per code, and what depends on the query and the code alone.
    private protected override bool KeepsTerms => ByResidual && Metric == MetricType.L2;

    /// <summary>What is kept of the codebooks for searches, bytes.</summary>
    private protected abstract long TableBytes { get; }

    private protected override IndexMemory EncoderMemory =>
        IndexMemory.None with { Codebooks = (long)Pq.Centroids.Length * sizeof(float), Tables = TableBytes };

    /// <summary>A copy of the codebooks: M·2^nbits·(d / M) floats, [M][2^nbits][d / M]; zero before training.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float[] GetCodebooks() => Reading(() => Pq.Centroids.ToArray());

    /// <summary>Takes over the training of another index.</summary>
    /// <param name="centroids">NList·d floats.</param>
    /// <param name="codebooks">M·ksub·(d / M) floats.</param>
    internal void RestoreTraining(ReadOnlySpan<float> centroids, ReadOnlySpan<float> codebooks)
    {
        Quantizer.ResetInner();
        DropCoarse();
        Quantizer.AddInner(centroids, NList);
        SetCodebooks(codebooks);
        SetTrained(true);
    }

    /// <summary>Takes over codebooks, as from a file.</summary>
    internal void SetCodebooks(ReadOnlySpan<float> centroids)
    {
        Pq.SetCentroids(centroids);
        DropCodebook();
    }

    internal override void ComputeTerms(int list, byte* codes, int n, float* terms)
    {
        using var scratch = Scratch.Rent();
        var residual = scratch.Floats(Dimension);
        var centroid = Quantizer.Vectors + (long)list * Dimension;
        for (var i = 0; i < n; i++)
        {
            Pq.Decode(codes + (long)i * CodeSize, residual);
            terms[i] = DistanceKernels.InnerProduct(residual, residual, Dimension) + 2 * DistanceKernels.InnerProduct(centroid, residual, Dimension);
        }
    }

    internal override void FreeMemory()
    {
        base.FreeMemory();
        DropCodebook();
    }

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore() => base.DescribeCore() with { M = M, NBits = NBits };

    private protected override void TrainEncoder(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        DropCodebook();
        var parameters = Pq.ClusteringParameters;
        var sample = TrainingSubset.Copy(vectors, ref n, Dimension, (long)parameters.MaxPointsPerCentroid * Pq.KSub, parameters.Seed, cancellationToken);
        if (ByResidual)
            SubtractCentroids(sample, n, cancellationToken);

        Pq.Train(sample, progress, cancellationToken);
    }

    private protected override bool EncodesLike(IndexIVF other) =>
        other is IndexIVFPQBase from && from.GetType() == GetType() && from.M == M && from.NBits == NBits && from.ByResidual == ByResidual &&
        from.Pq.Centroids.SequenceEqual(Pq.Centroids);

    // List after list, the parts of residuals in which vectors are zero are the same one after the other, and encoded once.
    private protected override void EncodeVectors(float* vectors, int n, int* lists, int* order, byte* codes, float* terms)
    {
        var tasks = (n + VectorsPerTask - 1) / VectorsPerTask;
        ManagedThreads.For(tasks, task =>
        {
            var first = task * VectorsPerTask;
            var count = Math.Min(VectorsPerTask, n - first);
            var code = codes + (long)first * CodeSize;
            Pq.Encode(vectors, Dimension, order + first, count, ByResidual ? Quantizer.Vectors : null, lists, code);
            for (var i = 0; terms is not null && i < count; i++)
                ComputeTerms(lists[order[first + i]], code + (long)i * CodeSize, 1, terms + first + i);
        });
    }

    private protected override void DecodeVector(byte* code, int list, Span<float> vector)
    {
        fixed (float* to = vector)
        {
            Pq.Decode(code, to);
            var centroid = Quantizer.Vectors + (long)list * Dimension;
            for (var j = 0; ByResidual && j < Dimension; j++)
                to[j] += centroid[j];
        }
    }

    /// <summary>Forgets what was laid out of the codebooks for searches: they change.</summary>
    private protected abstract void DropCodebook();

    private void SubtractCentroids(float[] vectors, int n, CancellationToken cancellationToken)
    {
        using var scratch = Scratch.Rent();
        var lists = scratch.Ints(n);
        fixed (float* start = vectors)
        {
            AssignAny(start, n, lists, cancellationToken);
            for (var i = 0; i < n; i++)
            {
                cancellationToken.ThrowIfCancelledAt(i);
                float* vector = start + (long)i * Dimension, centroid = Quantizer.Vectors + (long)lists[i] * Dimension;
                for (var j = 0; j < Dimension; j++)
                    vector[j] -= centroid[j];
            }
        }
    }
}
