using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// Splits vectors into parts, each with the codebooks of a residual quantizer of its own. FAISS's
/// <c>IndexProductResidualQuantizer</c> (<c>faiss/IndexAdditiveQuantizer.h</c>).
/// </summary>
/// <remarks>Training needs at least 2^nbits vectors. There is no selector, and no range search before FAISS 1.9.</remarks>
public sealed class IndexProductResidualQuantizer : IndexAdditiveQuantizer
{
    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nsplits">Parts of a vector; must divide <paramref name="d"/>.</param>
    /// <param name="msub">Codebooks of each part; a part is the sum of an entry of each. FAISS's <c>Msub</c>.</param>
    /// <param name="nbits">Bits per codebook: each has 2^nbits entries.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="searchType">How codes are compared, and what is stored for it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexProductResidualQuantizer(
        int d,
        int nsplits,
        int msub,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : this(Create(IndexKind.ProductResidualQuantizer, d, nsplits, msub, nbits, metric, searchType))
    {
    }

    internal IndexProductResidualQuantizer(FaissIndexHandle handle)
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
