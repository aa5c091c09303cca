using FaissNet.Interop;

namespace FaissNet;

/// <summary>Codes that are sums of entries of several codebooks, all of them compared with each query. FAISS's <c>IndexAdditiveQuantizer</c>
/// (<c>faiss/IndexAdditiveQuantizer.h</c>).</summary>
public abstract class IndexAdditiveQuantizer : FaissIndex
{
    private protected IndexAdditiveQuantizer(FaissIndexHandle handle)
        : base(handle)
    {
        (M, NBits) = ((int)GetOption("M"), (int)GetOption("nbits"));
        SearchType = (AdditiveQuantizerSearchType)(int)GetOption("search_type");
    }

    /// <summary>Codebooks, of a product those of all parts. FAISS's <c>aq.M</c>.</summary>
    public int M { get; }

    /// <summary>Bits of the first codebook, which has 2^nbits entries. FAISS's <c>aq.nbits</c>.</summary>
    public int NBits { get; }

    /// <summary>How codes are compared. FAISS's <c>search_type</c>.</summary>
    public AdditiveQuantizerSearchType SearchType { get; }

    private protected static FaissIndexHandle Create(
        IndexKind kind, int d, int m, int nbits, MetricType metric, AdditiveQuantizerSearchType searchType) =>
        Create(kind, d, 1, m, nbits, metric, searchType);

    // Products of quantizers, one for each of nsplits parts of a vector.
    private protected static FaissIndexHandle Create(
        IndexKind kind, int d, int nsplits, int m, int nbits, MetricType metric, AdditiveQuantizerSearchType searchType)
    {
        IndexArguments.RequireUsual(d, metric);
        IndexArguments.RequireSplits(d, nsplits);
        IndexArguments.RequireAdditive(m, nbits, searchType);
        return NativeIndexSpec.Create(new NativeIndexSpec
        {
            Kind = (int)kind, D = d, NSplits = nsplits, M = m, NBits = nbits, Metric = (int)metric, SearchType = (int)searchType,
        });
    }
}
