using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// An inverted file that stores product-quantized residuals: M·nbits bits per vector. FAISS's <c>IndexIVFPQ</c>
/// (<c>faiss/IndexIVFPQ.h</c>); Jégou, Douze, Schmid: Product quantization for nearest neighbor search, 2011.
/// </summary>
public sealed class IndexIVFPQ : IndexIVF
{
    /// <summary>FAISS's limit for the bits per sub-quantizer.</summary>
    public const int MaxNBits = 16;

    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="m">Sub-quantizers; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per sub-quantizer: each has 2^nbits centroids. 1 to 16; 8 is the usual and fastest choice.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFPQ(int d, int nlist, int m, int nbits = 8, MetricType metric = MetricType.L2)
        : this(Create(d, nlist, m, nbits, metric))
    {
    }

    internal IndexIVFPQ(FaissIndexHandle handle)
        : base(handle)
    {
        NativeMethods.faissnet_index_pq_m(handle, out var m).ThrowIfFailed();
        NativeMethods.faissnet_index_pq_nbits(handle, out var nbits).ThrowIfFailed();
        (M, NBits) = ((int)m, nbits);
    }

    /// <summary>The number of sub-quantizers.</summary>
    public int M { get; }

    /// <summary>Bits per sub-quantizer.</summary>
    public int NBits { get; }

    private static FaissIndexHandle Create(int d, int nlist, int m, int nbits, MetricType metric)
    {
        IndexArguments.RequireIvf(d, nlist, metric);
        if (m < 1 || d % m != 0)
            throw new ArgumentOutOfRangeException(nameof(m), m, $"m is {m}: expected a divisor of d = {d}.");

        if (nbits is < 1 or > MaxNBits)
            throw new ArgumentOutOfRangeException(nameof(nbits), nbits, $"nbits is {nbits}: expected 1 to {MaxNBits}.");

        NativeMethods.faissnet_index_ivf_pq_new(d, nlist, m, nbits, (int)metric, out var handle).ThrowIfFailed();
        return handle;
    }
}
