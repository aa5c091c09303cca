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
public sealed partial class IndexIVFPQ : IndexIVFPQBase
{
    private readonly PqCodebookCache _codebook = new();

    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="m">Parts of a vector, each with a codebook of its own; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per part, 1 to 16.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException"><paramref name="nbits"/> is 17 to 24, which FAISS knows.</exception>
    public IndexIVFPQ(int d, int nlist, int m, int nbits = 8, MetricType metric = MetricType.L2)
        : base(d, nlist, metric, new ProductQuantizer(IndexArguments.Dimension(d), m, nbits), byResidual: true, IndexPQ.BlockOf(nbits))
    {
    }

    private protected override long TableBytes =>
        _codebook.Bytes + (Volatile.Read(ref _precomputed)?.Length ?? 0) * sizeof(float);

    internal override void CopySettings(ManagedIndex from)
    {
        base.CopySettings(from);
        var other = (IndexIVFPQ)from;
        UsePrecomputedTable = other.UsePrecomputedTable;
        PrecomputedTableMaxBytes = other.PrecomputedTableMaxBytes;
    }

    private protected override void DropCodebook()
    {
        DropPrecomputed();
        _codebook.Drop();
    }

    private PqCodebook Codebook() => _codebook.Of(Pq);
}
