using System.Globalization;
using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// A navigable graph over binary vectors. FAISS's <c>IndexBinaryHNSW</c> (<c>faiss/IndexBinaryHNSW.h</c>); Malkov, Yashunin: Efficient and
/// robust approximate nearest neighbor search using hierarchical navigable small world graphs, 2018.
/// </summary>
public sealed class IndexBinaryHNSW : FaissBinaryIndex
{
    /// <summary>An empty index.</summary>
    /// <param name="d">Bits per vector, a multiple of 8.</param>
    /// <param name="m">Links per vector, twice as many on the lowest level. FAISS's <c>M</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexBinaryHNSW(int d, int m = 32)
        : this(CreateGraph(d, m))
    {
    }

    internal IndexBinaryHNSW(BinaryIndexHandle handle)
        : base(handle) => M = ReadShape("M");

    /// <summary>Links per vector.</summary>
    public int M { get; }

    /// <summary>The candidates that a search keeps, 16 until it is set: more find better. Shared by all callers. FAISS's
    /// <c>efSearch</c>.</summary>
    /// <exception cref="ArgumentException">The value is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int EfSearch
    {
        get => (int)GetParameter("efSearch");
        set => SetParameter("efSearch", value);
    }

    /// <summary>The candidates that adding a vector keeps, 40 until it is set. FAISS's <c>efConstruction</c>.</summary>
    /// <exception cref="ArgumentException">The value is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int EfConstruction
    {
        get => (int)GetParameter("efConstruction");
        set => SetParameter("efConstruction", value);
    }

    private static BinaryIndexHandle CreateGraph(int d, int m)
    {
        if (m is < 2 or > 1 << 16)
            throw new ArgumentOutOfRangeException(nameof(m), m, $"m is {m}: expected 2 to {1 << 16}.");

        return Create(d, string.Create(CultureInfo.InvariantCulture, $"BHNSW{m}"));
    }
}
