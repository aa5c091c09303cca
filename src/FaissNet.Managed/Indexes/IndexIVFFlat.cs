namespace FaissNet.Managed;

/// <summary>An inverted file that stores the vectors as they are. FAISS's <c>IndexIVFFlat</c> (<c>faiss/IndexIVFFlat.h</c>).</summary>
public sealed unsafe partial class IndexIVFFlat : IndexIVF
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFFlat(int d, int nlist, MetricType metric = MetricType.L2)
        : base(d, nlist, metric) =>
        Lists = new ArrayInvertedLists(nlist, d * sizeof(float));

    private protected override bool CodesHoldFloats => true;

    private protected override bool NeedsCoarseDistances => false;

    private protected override long ScanFloats => 0;

    private protected override void TrainEncoder(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
    }

    private protected override bool EncodesLike(IndexIVF other) => other is IndexIVFFlat;

    private protected override void EncodeVectors(float* vectors, int n, int* lists, int* order, byte* codes, float* terms)
    {
        for (var i = 0; i < n; i++)
        {
            var vector = new ReadOnlySpan<float>(vectors + (long)order[i] * Dimension, Dimension);
            vector.CopyTo(new Span<float>((float*)codes + (long)i * Dimension, Dimension));
        }
    }

    private protected override void DecodeVector(byte* code, int list, Span<float> vector) =>
        new ReadOnlySpan<float>((float*)code, Dimension).CopyTo(vector);

    private protected override void BeginQuery(float* query, float* tables)
    {
    }

    private protected override void BeginList(float* query, int list, float coarseDistance, float* tables)
    {
    }

    private protected override void ScanCodes(float* query, int list, int first, int count, float* tables, float* distances)
    {
        var vectors = (float*)Lists.Codes(list) + (long)first * Dimension;
        DistanceKernels.CompareRows(Metric, query, vectors, count, Dimension, distances);
    }
}
