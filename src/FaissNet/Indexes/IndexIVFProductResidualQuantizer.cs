using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file whose codes are those of an <see cref="IndexProductResidualQuantizer"/>. FAISS's
/// <c>IndexIVFProductResidualQuantizer</c> (<c>faiss/IndexIVFAdditiveQuantizer.h</c>).</summary>
public sealed class IndexIVFProductResidualQuantizer : IndexIVFAdditiveQuantizer
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
    public IndexIVFProductResidualQuantizer(
        int d,
        int nlist,
        int nsplits,
        int msub,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : base(null, Spec(IndexKind.IvfProductResidualQuantizer, d, nlist, nsplits, msub, nbits, metric, searchType)) => NSplits = nsplits;

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
    public IndexIVFProductResidualQuantizer(
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
            Spec(IndexKind.IvfProductResidualQuantizer, d, nlist, nsplits, msub, nbits, metric, searchType)) => NSplits = nsplits;

    internal IndexIVFProductResidualQuantizer(FaissIndexHandle handle)
        : base(handle) => NSplits = (int)GetOption("nsplits");

    /// <summary>Parts of a vector. FAISS's <c>nsplits</c>.</summary>
    public int NSplits { get; }

    /// <summary>How many candidate sums an encoder keeps from one codebook to the next, 5 until it is set: the more, the better the codes and
    /// the longer it takes. FAISS's <c>max_beam_size</c> of each part's quantizer.</summary>
    /// <exception cref="ArgumentException">The value is not from 1 to 1024.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int MaxBeamSize
    {
        get => (int)GetOption("max_beam_size");
        set => SetOption("max_beam_size", value);
    }
}
