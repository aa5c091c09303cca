using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file whose codes are those of an <see cref="IndexLocalSearchQuantizer"/>. FAISS's <c>IndexIVFLocalSearchQuantizer</c>
/// (<c>faiss/IndexIVFAdditiveQuantizer.h</c>).</summary>
public sealed class IndexIVFLocalSearchQuantizer : IndexIVFAdditiveQuantizer
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
        : base(null, Spec(IndexKind.IvfLocalSearchQuantizer, d, nlist, m, nbits, metric, searchType))
    {
    }

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
        : base(IndexArguments.NotNull(quantizer, nameof(quantizer)), Spec(IndexKind.IvfLocalSearchQuantizer, d, nlist, m, nbits, metric, searchType))
    {
    }

    internal IndexIVFLocalSearchQuantizer(FaissIndexHandle handle)
        : base(handle)
    {
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
}
