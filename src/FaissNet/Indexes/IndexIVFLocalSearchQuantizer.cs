using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file whose codes are those of an <see cref="IndexLocalSearchQuantizer"/>. FAISS's <c>IndexIVFLocalSearchQuantizer</c>
/// (<c>faiss/IndexIVFAdditiveQuantizer.h</c>).</summary>
public sealed class IndexIVFLocalSearchQuantizer : IndexIVF
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="m">Codebooks; a vector is the sum of an entry of each. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per codebook: each has 2^nbits entries.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="searchType">How codes are compared, and what is stored for it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFLocalSearchQuantizer(
        int d,
        int nlist,
        int m,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : base(null, Spec(d, nlist, m, nbits, metric, searchType)) => (M, NBits, SearchType) = (m, nbits, searchType);

    /// <summary>An untrained index over a coarse quantizer of the caller's.</summary>
    /// <param name="quantizer">A flat, SQ, PQ or HNSW index without vectors, or with <paramref name="nlist"/> centroids. It becomes a part of
    /// this index: see <see cref="FaissIndex.Parts"/>.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="m">Codebooks.</param>
    /// <param name="nbits">Bits per codebook.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="searchType">How codes are compared, and what is stored for it.</param>
    /// <inheritdoc cref="IndexIVFFlat(FaissIndex, int, int, MetricType)" path="/exception"/>
    public IndexIVFLocalSearchQuantizer(
        FaissIndex quantizer,
        int d,
        int nlist,
        int m,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : base(IndexArguments.NotNull(quantizer, nameof(quantizer)), Spec(d, nlist, m, nbits, metric, searchType)) =>
        (M, NBits, SearchType) = (m, nbits, searchType);

    internal IndexIVFLocalSearchQuantizer(FaissIndexHandle handle)
        : base(handle)
    {
        (M, NBits) = ((int)GetOption("M"), (int)GetOption("nbits"));
        SearchType = (AdditiveQuantizerSearchType)(int)GetOption("search_type");
    }

    /// <summary>Codebooks. FAISS's <c>lsq.M</c>.</summary>
    public int M { get; }

    /// <summary>Bits of the first codebook. FAISS's <c>lsq.nbits</c>.</summary>
    public int NBits { get; }

    /// <summary>How codes are compared. FAISS's <c>lsq.search_type</c>.</summary>
    public AdditiveQuantizerSearchType SearchType { get; }

    /// <summary>Whether codes stand for what is left of a vector after its list's centroid is subtracted, or for the vector itself. FAISS's
    /// <c>by_residual</c>; <see langword="true"/> until it is set.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public bool ByResidual
    {
        get => GetOption("by_residual") != 0;
        init => SetOption("by_residual", value ? 1 : 0);
    }

    /// <summary>Turns of training codebooks and codes. FAISS's <c>lsq.train_iters</c>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int TrainIters
    {
        get => (int)GetOption("train_iters");
        init => SetOption("train_iters", value);
    }

    /// <summary>Local searches per training turn. FAISS's <c>lsq.train_ils_iters</c>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int TrainIlsIters
    {
        get => (int)GetOption("train_ils_iters");
        init => SetOption("train_ils_iters", value);
    }

    /// <summary>Local searches per vector that is encoded: the more, the better the codes and the longer it takes. FAISS's
    /// <c>lsq.encode_ils_iters</c>.</summary>
    /// <exception cref="ArgumentException">The value is not from 1 to 10000.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int EncodeIlsIters
    {
        get => (int)GetOption("encode_ils_iters");
        set => SetOption("encode_ils_iters", value);
    }

    private static NativeIndexSpec Spec(int d, int nlist, int m, int nbits, MetricType metric, AdditiveQuantizerSearchType searchType)
    {
        var spec = Spec(IndexKind.IvfLocalSearchQuantizer, d, nlist, metric);
        IndexArguments.RequireAdditive(m, nbits, searchType);
        (spec.M, spec.NBits, spec.SearchType) = (m, nbits, (int)searchType);
        return spec;
    }
}
