namespace FaissNet.Managed;

/// <summary>
/// An inverted file of product-quantized vectors: M·nbits bits each. FAISS's <c>IndexIVFPQ</c> (<c>faiss/IndexIVFPQ.h</c>); Jégou, Douze,
/// Schmid: Product quantization for nearest neighbor search, 2011.
/// </summary>
/// <remarks>
/// With L2 and residuals, ‖q - c - r‖² = ‖q - c‖² + (‖r‖² + 2⟨c,r⟩) - 2⟨q,r⟩, where c is the list's centroid and r what the code decodes
/// to. The middle part depends on the vector alone and is kept beside its code, 4 bytes each; so one table of -2⟨q,r⟩ per query serves all
/// lists, where FAISS computes one per query and list or keeps one per list.
/// </remarks>
public sealed unsafe partial class IndexIVFPQ : IndexIVF
{
    // Vectors that one task encodes: whole tiles, so that no thread count changes what is packed together.
    private const int VectorsPerTask = 8 * PackedPoints.TileSize;

    private readonly Lock _codebookLock = new();
    private PqCodebook? _codebook;

    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="m">Parts of a vector, each with a codebook of its own; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per part, 1 to 16.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException"><paramref name="nbits"/> is 17 to 24, which FAISS knows.</exception>
    public IndexIVFPQ(int d, int nlist, int m, int nbits = 8, MetricType metric = MetricType.L2)
        : base(d, nlist, metric)
    {
        Pq = new ProductQuantizer(d, m, nbits);
        ByResidual = true;
    }

    /// <summary>Whether codes stand for what is left of a vector after its list's centroid is subtracted, which they do more exactly, or for
    /// the vector itself. FAISS's <c>by_residual</c>; <see langword="true"/> until it is set.</summary>
    public bool ByResidual
    {
        get;
        init
        {
            field = value;
            Lists = new ArrayInvertedLists(NList, Pq.CodeSize, 8 % Pq.NBits == 0 ? PqScan.BlockSize : 1, KeepsTerms);
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

    private protected override bool KeepsTerms => ByResidual && Metric == MetricType.L2;

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

    private protected override IndexMemory EncoderMemory => IndexMemory.None with
    {
        Codebooks = (long)Pq.Centroids.Length * sizeof(float),
        Tables = (Volatile.Read(ref _codebook)?.Bytes ?? 0) + (Volatile.Read(ref _precomputed)?.Length ?? 0) * sizeof(float),
    };

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore() => base.DescribeCore() with { M = M, NBits = NBits };

    internal override void CopySettings(ManagedIndex from)
    {
        base.CopySettings(from);
        var other = (IndexIVFPQ)from;
        UsePrecomputedTable = other.UsePrecomputedTable;
        PrecomputedTableMaxBytes = other.PrecomputedTableMaxBytes;
    }

    internal override void FreeMemory()
    {
        base.FreeMemory();
        DropCodebook();
    }

    private protected override void TrainEncoder(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        DropCodebook();
        var sample = CodebookTraining.Sample(vectors, Dimension, Pq, ref n);
        if (ByResidual)
            SubtractCentroids(sample, n);

        Pq.Train(sample, CodebookTraining.Report(progress, Pq), cancellationToken);
    }

    private protected override bool EncodesLike(IndexIVF other) =>
        other is IndexIVFPQ from && from.M == M && from.NBits == NBits && from.ByResidual == ByResidual && from.Pq.Centroids.SequenceEqual(Pq.Centroids);

    private protected override void EncodeVectors(float* vectors, int n, int* lists, byte* codes, float* terms)
    {
        var tasks = (n + VectorsPerTask - 1) / VectorsPerTask;
        ManagedThreads.For(tasks, task =>
        {
            var first = task * VectorsPerTask;
            var count = Math.Min(VectorsPerTask, n - first);
            var code = codes + (long)first * CodeSize;
            Pq.Encode(
                vectors + (long)first * Dimension, Dimension, count, ByResidual ? Quantizer.Vectors : null, lists + first, code);
            for (var i = 0; terms is not null && i < count; i++)
                ComputeTerms(lists[first + i], code + (long)i * CodeSize, 1, terms + first + i);
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

    private void SubtractCentroids(float[] vectors, int n)
    {
        using var scratch = Scratch.Rent();
        var lists = scratch.Ints(n);
        fixed (float* start = vectors)
        {
            Assign(start, n, lists);
            for (var i = 0; i < n; i++)
            {
                float* vector = start + (long)i * Dimension, centroid = Quantizer.Vectors + (long)lists[i] * Dimension;
                for (var j = 0; j < Dimension; j++)
                    vector[j] -= centroid[j];
            }
        }
    }

    // Two threads may come here at once after a load.
    private PqCodebook Codebook()
    {
        if (Volatile.Read(ref _codebook) is { } ready)
            return ready;

        lock (_codebookLock)
            return _codebook ??= new PqCodebook(Pq);
    }

    private void DropCodebook()
    {
        DropPrecomputed();
        lock (_codebookLock)
        {
            _codebook?.Dispose();
            _codebook = null;
        }
    }
}
