namespace FaissNet.Managed;

/// <summary>
/// Product-quantized vectors without lists: M·nbits bits each, all of them compared with each query. FAISS's <c>IndexPQ</c>
/// (<c>faiss/IndexPQ.h</c>). Ids are positions.
/// </summary>
/// <remarks>Searches compare the query as it is with what codes decode to, FAISS's <c>ST_PQ</c>.</remarks>
public sealed partial class IndexPQ : IndexPQBase
{
    // Codes that one step of a search looks at: positions within it are 32-bit.
    private const int CodesPerStep = 1 << 20;

    private readonly PqCodebookCache _codebook = new();

    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Parts of a vector, each with a codebook of its own; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per part, 1 to 16.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException"><paramref name="nbits"/> is 17 to 24, which FAISS knows.</exception>
    public IndexPQ(int d, int m, int nbits = 8, MetricType metric = MetricType.L2)
        : base(d, metric, new ProductQuantizer(IndexArguments.Dimension(d), m, nbits), BlockOf(nbits))
    {
    }

    /// <summary>FAISS's <c>search_type</c>, <c>encode_signs</c> and <c>polysemous_ht</c> as a file brought them. They are written again;
    /// searches are the same whatever they say.</summary>
    internal (int SearchType, bool EncodeSigns, int PolysemousHt)? StoredSearch { get; set; }

    private protected override long TableBytes => _codebook.Bytes;

    private bool IsTransposed => Stride > 1;

    /// <summary>How many codes lie together: codes of whole bytes do, so that one load brings the same byte of many.</summary>
    internal static int BlockOf(int nbits) => 8 % nbits == 0 ? PqScan.BlockSize : 1;

    internal override void CopySettings(ManagedIndex from) => StoredSearch = ((IndexPQ)from).StoredSearch;

    private protected override void DropCodebook() => _codebook.Drop();

    private PqCodebook Codebook() => _codebook.Of(Pq);
}
