using System.Globalization;
using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// An inverted file of binary vectors: they lie in the lists of their nearest coarse centroid, and a search visits the nprobe lists nearest
/// to the query. FAISS's <c>IndexBinaryIVF</c> (<c>faiss/IndexBinaryIVF.h</c>).
/// </summary>
public sealed class IndexBinaryIVF : FaissBinaryIndex
{
    private int _nprobe;

    /// <summary>An untrained index with a flat coarse quantizer.</summary>
    /// <param name="d">Bits per vector, a multiple of 8.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexBinaryIVF(int d, int nlist)
        : this(CreateLists(d, nlist))
    {
    }

    internal IndexBinaryIVF(BinaryIndexHandle handle)
        : base(handle) => (NList, _nprobe) = (ReadShape("nlist"), ReadShape("nprobe"));

    /// <summary>The number of inverted lists. FAISS's <c>nlist</c>.</summary>
    public int NList { get; }

    /// <summary>The lists that a search visits, 1 until it is set; larger than <see cref="NList"/> means all. This is shared by all callers;
    /// for one call there is <see cref="SearchParameters.NProbe"/>. FAISS's <c>nprobe</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int NProbe
    {
        get => Volatile.Read(ref _nprobe);
        set
        {
            if (value < 1)
                throw new ArgumentOutOfRangeException(nameof(value), value, $"NProbe is {value}: expected 1 to NList = {NList}.");

            SetParameter("nprobe", value);
        }
    }

    /// <summary>The number of vectors in each list.</summary>
    /// <returns><see cref="NList"/> sizes.</returns>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public long[] GetListSizes() => Reading(() =>
    {
        var sizes = new long[NList];
        NativeMethods.faissnet_binary_list_sizes(Handle, NList, sizes).ThrowIfFailed();
        return sizes;
    });

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value)
    {
        base.SetParameterCore(name, value);
        Volatile.Write(ref _nprobe, ReadShape("nprobe"));
    }

    private static BinaryIndexHandle CreateLists(int d, int nlist)
    {
        if (nlist < 1)
            throw new ArgumentOutOfRangeException(nameof(nlist), nlist, $"nlist is {nlist}: expected at least 1.");

        return Create(d, string.Create(CultureInfo.InvariantCulture, $"BIVF{nlist}"));
    }
}
