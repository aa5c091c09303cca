using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// 4-bit product-quantized codes, laid out so that one instruction looks up 32 of them; a search compares all. FAISS's <c>IndexPQFastScan</c>
/// (<c>faiss/IndexPQFastScan.h</c>).
/// </summary>
/// <remarks>FAISS rounds the distances of this type to 8 bits, and has no range search or selectors for it.</remarks>
public sealed class IndexPQFastScan : FaissIndex
{
    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Parts of a vector; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per part: 4.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="bbs">Vectors per block, a multiple of 32.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexPQFastScan(int d, int m, int nbits = 4, MetricType metric = MetricType.L2, int bbs = 32)
        : this(Create(d, m, nbits, metric, bbs))
    {
    }

    internal IndexPQFastScan(FaissIndexHandle handle)
        : base(handle)
    {
        (M, NBits) = ReadPq();
        BlockSize = (int)GetOption("bbs");
    }

    /// <summary>Parts of a vector. FAISS's <c>pq.M</c>.</summary>
    public int M { get; }

    /// <summary>Bits per part: 4.</summary>
    public int NBits { get; }

    /// <summary>Vectors per block. FAISS's <c>bbs</c>.</summary>
    public int BlockSize { get; }

    private static FaissIndexHandle Create(int d, int m, int nbits, MetricType metric, int bbs)
    {
        IndexArguments.RequireUsual(d, metric);
        IndexArguments.RequireFastScan(d, m, nbits, bbs);
        return NativeIndexSpec.Create(
            new NativeIndexSpec { Kind = (int)IndexKind.PqFastScan, D = d, M = m, NBits = nbits, Metric = (int)metric, Block = bbs });
    }
}
