using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// Product-quantized codes of m·nbits bits per vector, all of which a search compares. FAISS's <c>IndexPQ</c> (<c>faiss/IndexPQ.h</c>); Jégou,
/// Douze, Schmid: Product quantization for nearest neighbor search, 2011.
/// </summary>
public sealed class IndexPQ : FaissIndex
{
    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Parts of a vector, each with a codebook of its own; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per part, 1 to 16.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexPQ(int d, int m, int nbits = 8, MetricType metric = MetricType.L2)
        : this(Create(d, m, nbits, metric))
    {
    }

    internal IndexPQ(FaissIndexHandle handle)
        : base(handle) => (M, NBits) = ReadPq();

    /// <summary>Parts of a vector. FAISS's <c>pq.M</c>.</summary>
    public int M { get; }

    /// <summary>Bits per part. FAISS's <c>pq.nbits</c>.</summary>
    public int NBits { get; }

    /// <summary>Whether training orders the centroids so that codes can be compared by their bits first (<c>ht</c>). FAISS's
    /// <c>do_polysemous_training</c>; the factory sets it for <c>PQ…</c> without <c>np</c>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public bool PolysemousTraining
    {
        get => GetOption("do_polysemous_training") != 0;
        init => SetOption("do_polysemous_training", value ? 1 : 0);
    }

    private static FaissIndexHandle Create(int d, int m, int nbits, MetricType metric)
    {
        IndexArguments.RequireUsual(d, metric);
        IndexArguments.RequirePq(d, m, nbits);
        return NativeIndexSpec.Create(new NativeIndexSpec { Kind = (int)IndexKind.Pq, D = d, M = m, NBits = nbits, Metric = (int)metric });
    }
}
