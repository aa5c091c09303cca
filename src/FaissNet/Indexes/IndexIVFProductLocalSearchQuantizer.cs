using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file whose codes are those of an <see cref="IndexProductLocalSearchQuantizer"/>. FAISS's
/// <c>IndexIVFProductLocalSearchQuantizer</c> (<c>faiss/IndexIVFAdditiveQuantizer.h</c>).</summary>
public sealed class IndexIVFProductLocalSearchQuantizer : IndexIVFAdditiveQuantizer
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="nsplits">Parts of a vector; must divide <paramref name="d"/>.</param>
    /// <param name="msub">Codebooks of each part; a part is the sum of an entry of each. FAISS's <c>Msub</c>.</param>
    /// <param name="nbits">Bits per codebook: each has 2^nbits entries.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="searchType">How codes are compared, and what is stored for it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFProductLocalSearchQuantizer(
        int d,
        int nlist,
        int nsplits,
        int msub,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : base(null, Spec(IndexKind.IvfProductLocalSearchQuantizer, d, nlist, nsplits, msub, nbits, metric, searchType)) => NSplits = nsplits;

    /// <summary>An untrained index over a coarse quantizer of the caller's.</summary>
    /// <param name="quantizer">A flat, SQ, PQ or HNSW index without vectors, or with <paramref name="nlist"/> centroids. It becomes a part of
    /// this index: see <see cref="FaissIndex.Parts"/>.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="nsplits">Parts of a vector.</param>
    /// <param name="msub">Codebooks of each part.</param>
    /// <param name="nbits">Bits per codebook.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="searchType">How codes are compared, and what is stored for it.</param>
    /// <inheritdoc cref="IndexIVFFlat(FaissIndex, int, int, MetricType)" path="/exception"/>
    public IndexIVFProductLocalSearchQuantizer(
        FaissIndex quantizer,
        int d,
        int nlist,
        int nsplits,
        int msub,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : base(
            IndexArguments.NotNull(quantizer, nameof(quantizer)),
            Spec(IndexKind.IvfProductLocalSearchQuantizer, d, nlist, nsplits, msub, nbits, metric, searchType)) => NSplits = nsplits;

    internal IndexIVFProductLocalSearchQuantizer(FaissIndexHandle handle)
        : base(handle) => NSplits = (int)GetOption("nsplits");

    /// <summary>Parts of a vector. FAISS's <c>nsplits</c>.</summary>
    public int NSplits { get; }

    /// <summary>Turns of training codebooks and codes. FAISS's <c>train_iters</c> of each part's quantizer.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int TrainIters
    {
        get => (int)GetOption("train_iters");
        init => SetOption("train_iters", value);
    }

    /// <summary>Local searches per training turn. FAISS's <c>train_ils_iters</c> of each part's quantizer.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int TrainIlsIters
    {
        get => (int)GetOption("train_ils_iters");
        init => SetOption("train_ils_iters", value);
    }

    /// <summary>Local searches per vector that is encoded: the more, the better the codes and the longer it takes. FAISS's
    /// <c>encode_ils_iters</c> of each part's quantizer.</summary>
    /// <exception cref="ArgumentException">The value is not from 1 to 10000.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int EncodeIlsIters
    {
        get => (int)GetOption("encode_ils_iters");
        set => SetOption("encode_ils_iters", value);
    }
}
