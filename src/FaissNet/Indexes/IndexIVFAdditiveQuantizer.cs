using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file whose codes are sums of entries of several codebooks. FAISS's <c>IndexIVFAdditiveQuantizer</c>
/// (<c>faiss/IndexIVFAdditiveQuantizer.h</c>).</summary>
public abstract class IndexIVFAdditiveQuantizer : IndexIVF
{
    // Over a quantizer of the caller's, which becomes a part, or one of its own.
    private protected IndexIVFAdditiveQuantizer(FaissIndex? quantizer, NativeIndexSpec spec)
        : base(quantizer, spec) =>
        (M, NBits, SearchType) = ((int)(spec.NSplits * spec.M), spec.NBits, (AdditiveQuantizerSearchType)spec.SearchType);

    private protected IndexIVFAdditiveQuantizer(FaissIndexHandle handle)
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

    /// <summary>Whether codes stand for what is left of a vector after its list's centroid is subtracted, or for the vector itself. FAISS's
    /// <c>by_residual</c>; <see langword="true"/> until it is set.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public bool ByResidual
    {
        get => GetOption("by_residual") != 0;
        init => SetOption("by_residual", value ? 1 : 0);
    }

    private protected static NativeIndexSpec Spec(
        IndexKind kind, int d, int nlist, int m, int nbits, MetricType metric, AdditiveQuantizerSearchType searchType) =>
        Spec(kind, d, nlist, 1, m, nbits, metric, searchType);

    // Products of quantizers, one for each of nsplits parts of a vector.
    private protected static NativeIndexSpec Spec(
        IndexKind kind, int d, int nlist, int nsplits, int m, int nbits, MetricType metric, AdditiveQuantizerSearchType searchType)
    {
        var spec = Spec(kind, d, nlist, metric);
        IndexArguments.RequireSplits(d, nsplits);
        IndexArguments.RequireAdditive(m, nbits, searchType);
        (spec.NSplits, spec.M, spec.NBits, spec.SearchType) = (nsplits, m, nbits, (int)searchType);
        return spec;
    }
}
