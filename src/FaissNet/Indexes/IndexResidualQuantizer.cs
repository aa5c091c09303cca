using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// Codes that are sums of entries of several codebooks, each learned on what the ones before leave over. FAISS's <c>IndexResidualQuantizer</c>
/// (<c>faiss/IndexAdditiveQuantizer.h</c>); Liu, Lu and Liu, Improved residual vector quantization for high-dimensional approximate nearest
/// neighbor search, 2015.
/// </summary>
/// <remarks>Training needs at least 2^nbits vectors. There is no selector, and no range search before FAISS 1.9.</remarks>
public sealed class IndexResidualQuantizer : IndexAdditiveQuantizer
{
    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Codebooks; a vector is the sum of an entry of each. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per codebook: each has 2^nbits entries.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="searchType">How codes are compared, and what is stored for it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexResidualQuantizer(
        int d,
        int m,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : this(Create(IndexKind.ResidualQuantizer, d, m, nbits, metric, searchType))
    {
    }

    internal IndexResidualQuantizer(FaissIndexHandle handle)
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
