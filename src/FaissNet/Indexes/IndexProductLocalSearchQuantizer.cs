using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// Splits vectors into parts, each with the codebooks of a local search quantizer of its own. FAISS's
/// <c>IndexProductLocalSearchQuantizer</c> (<c>faiss/IndexAdditiveQuantizer.h</c>).
/// </summary>
/// <remarks><inheritdoc cref="IndexLocalSearchQuantizer" path="/remarks"/></remarks>
public sealed class IndexProductLocalSearchQuantizer : IndexAdditiveQuantizer
{
    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nsplits">Parts of a vector; must divide <paramref name="d"/>.</param>
    /// <param name="msub">Codebooks of each part; a part is the sum of an entry of each. FAISS's <c>Msub</c>.</param>
    /// <param name="nbits">Bits per codebook: each has 2^nbits entries.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="searchType">How codes are compared, and what is stored for it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexProductLocalSearchQuantizer(
        int d,
        int nsplits,
        int msub,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : this(Create(IndexKind.ProductLocalSearchQuantizer, d, nsplits, msub, nbits, metric, searchType))
    {
    }

    internal IndexProductLocalSearchQuantizer(FaissIndexHandle handle)
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
