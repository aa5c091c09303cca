using FaissNet.Interop;

namespace FaissNet;

/// <summary>Codes of one bit per component, of which distances are estimated without bias. FAISS's <c>IndexRaBitQ</c>
/// (<c>faiss/IndexRaBitQ.h</c>); Gao and Long, RaBitQ, 2024.</summary>
/// <remarks>FAISS 1.11 and later: <see cref="FaissRuntime.Capabilities"/> says whether it is there. Vectors should be rotated at random
/// before (<c>RR…,RaBitQ</c>).</remarks>
public sealed class IndexRaBitQ : FaissIndex
{
    /// <summary>An untrained index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException">This FAISS has no RaBitQ.</exception>
    public IndexRaBitQ(int d, MetricType metric = MetricType.L2)
        : this(Create(d, metric))
    {
    }

    internal IndexRaBitQ(FaissIndexHandle handle)
        : base(handle)
    {
    }

    /// <summary>Bits that a query is written with to compare it, 4 until it is set; 0 for floats. FAISS's <c>qb</c>.</summary>
    /// <exception cref="ArgumentException">The value is not from 0 to 8.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int QueryBits
    {
        get => (int)GetOption("qb");
        set => SetOption("qb", value);
    }

    private static FaissIndexHandle Create(int d, MetricType metric)
    {
        IndexArguments.RequireUsual(d, metric);
        return NativeIndexSpec.Create(new NativeIndexSpec { Kind = (int)IndexKind.RaBitQ, D = d, Metric = (int)metric });
    }
}
