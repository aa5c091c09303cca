using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// An inverted file: vectors lie in the lists of their nearest coarse centroid, and a search visits the nprobe lists nearest to the
/// query. FAISS's <c>IndexIVF</c> (<c>faiss/IndexIVF.h</c>).
/// </summary>
public abstract class IndexIVF : FaissIndex
{
    private int _nprobe;

    internal IndexIVF(FaissIndexHandle handle)
        : base(handle)
    {
        NativeMethods.faissnet_index_nlist(handle, out var nlist).ThrowIfFailed();
        NativeMethods.faissnet_index_get_nprobe(handle, out var nprobe).ThrowIfFailed();
        (NList, _nprobe) = ((int)nlist, (int)Math.Min(nprobe, int.MaxValue));
    }

    /// <summary>The number of inverted lists. FAISS's <c>nlist</c>.</summary>
    public int NList { get; }

    /// <summary>
    /// The lists that a search visits, 1 until it is set; larger than <see cref="NList"/> means all. FAISS's <c>nprobe</c>. This is
    /// shared by all callers; for one call there is <see cref="SearchParameters.NProbe"/>.
    /// </summary>
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
        NativeMethods.faissnet_index_list_sizes(Handle, NList, sizes).ThrowIfFailed();
        return sizes;
    });

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value)
    {
        base.SetParameterCore(name, value);
        NativeMethods.faissnet_index_get_nprobe(Handle, out var nprobe).ThrowIfFailed();
        Volatile.Write(ref _nprobe, (int)Math.Min(nprobe, int.MaxValue));
    }
}
