using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// Codes that are sums of entries of several codebooks, found together by local search. FAISS's <c>IndexLocalSearchQuantizer</c>
/// (<c>faiss/IndexAdditiveQuantizer.h</c>); Martinez et al., LSQ++: Lower running time and higher recall in multi-codebook quantization, 2018.
/// </summary>
/// <remarks>Encoding is slow and draws random numbers, as many at a time as there are vectors: the same vectors in other portions get other
/// codes. Of all indexes with such a quantizer one at a time trains, adds or encodes: FAISS shares a table among them. There is no selector, and no range
/// search before FAISS 1.9.</remarks>
public sealed class IndexLocalSearchQuantizer : IndexAdditiveQuantizer
{
    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Codebooks; a vector is the sum of an entry of each. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per codebook: each has 2^nbits entries.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="searchType">How codes are compared, and what is stored for it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexLocalSearchQuantizer(
        int d,
        int m,
        int nbits,
        MetricType metric = MetricType.L2,
        AdditiveQuantizerSearchType searchType = AdditiveQuantizerSearchType.ST_decompress)
        : this(Create(IndexKind.LocalSearchQuantizer, d, m, nbits, metric, searchType))
    {
    }

    internal IndexLocalSearchQuantizer(FaissIndexHandle handle)
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
