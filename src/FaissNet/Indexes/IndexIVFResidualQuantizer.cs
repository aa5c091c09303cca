using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file whose codes are those of an <see cref="IndexResidualQuantizer"/>. FAISS's <c>IndexIVFResidualQuantizer</c>
/// (<c>faiss/IndexIVFAdditiveQuantizer.h</c>).</summary>
public sealed class IndexIVFResidualQuantizer : IndexIVFAdditiveQuantizer
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="m">Codebooks; a vector is the sum of an entry of each. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per codebook: each has 2^nbits entries.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="searchType">How codes are compared, and what is stored for it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFResidualQuantizer(
        int d,
        int nlist,
        int m,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : base(null, Spec(IndexKind.IvfResidualQuantizer, d, nlist, m, nbits, metric, searchType))
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
    public IndexIVFResidualQuantizer(
        FaissIndex quantizer,
        int d,
        int nlist,
        int m,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : base(IndexArguments.NotNull(quantizer, nameof(quantizer)), Spec(IndexKind.IvfResidualQuantizer, d, nlist, m, nbits, metric, searchType))
    {
    }

    internal IndexIVFResidualQuantizer(FaissIndexHandle handle)
        : base(handle)
    {
    }

    /// <summary>How many candidate sums an encoder keeps from one codebook to the next, 5 until it is set: the more, the better the codes and
    /// the longer it takes. FAISS's <c>rq.max_beam_size</c>.</summary>
    /// <exception cref="ArgumentException">The value is not from 1 to 1024.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int MaxBeamSize
    {
        get => (int)GetOption("max_beam_size");
        set => SetOption("max_beam_size", value);
    }
}
