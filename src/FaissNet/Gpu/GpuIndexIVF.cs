using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file on a GPU. FAISS's <c>GpuIndexIVF</c> (<c>faiss/gpu/GpuIndexIVF.h</c>).</summary>
public abstract class GpuIndexIVF : GpuIndex
{
    private int _nprobe;

    internal GpuIndexIVF(FaissIndexHandle handle)
        : base(handle)
    {
        NativeMethods.faissnet_gpu_index_nlist(handle, out var nlist).ThrowIfFailed();
        NativeMethods.faissnet_gpu_index_get_nprobe(handle, out var nprobe).ThrowIfFailed();
        (NList, _nprobe) = ((int)nlist, (int)nprobe);
    }

    /// <summary>The number of inverted lists. FAISS's <c>nlist</c>.</summary>
    public int NList { get; }

    /// <summary>
    /// The lists that a search visits, 1 until it is set; larger than <see cref="NList"/> means all. FAISS's <c>nprobe</c>. This is
    /// shared by all callers; for one call there is <see cref="SearchParameters.NProbe"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    /// <exception cref="NotSupportedException">The value is more than <see cref="GpuIndex.MaxK"/>.</exception>
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
        NativeMethods.faissnet_gpu_index_list_sizes(Handle, NList, sizes).ThrowIfFailed();
        return sizes;
    });

    /// <summary>Gives back the memory that lists have reserved for growing. FAISS's <c>reclaimMemory</c>.</summary>
    /// <returns>The bytes that this freed.</returns>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public long ReclaimMemory()
    {
        var bytes = 0L;
        Writing(() => NativeMethods.faissnet_gpu_index_reclaim(Handle, out bytes).ThrowIfFailed());
        return bytes;
    }

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value)
    {
        base.SetParameterCore(name, value);
        NativeMethods.faissnet_gpu_index_get_nprobe(Handle, out var nprobe).ThrowIfFailed();
        Volatile.Write(ref _nprobe, (int)nprobe);
    }
}

/// <summary>An inverted file on a GPU that stores the vectors as they are. FAISS's <c>GpuIndexIVFFlat</c>
/// (<c>faiss/gpu/GpuIndexIVFFlat.h</c>).</summary>
public sealed class GpuIndexIVFFlat : GpuIndexIVF
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="resources">What the index works with, and keeps.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="options">Where and how vectors are stored.</param>
    /// <inheritdoc cref="GpuIndexFlat(GpuResources, int, MetricType, GpuIndexFlatOptions?)" path="/exception"/>
    public GpuIndexIVFFlat(GpuResources resources, int d, int nlist, MetricType metric = MetricType.L2, GpuIndexIVFOptions? options = null)
        : this(Create(resources, d, nlist, metric, options))
    {
    }

    internal GpuIndexIVFFlat(FaissIndexHandle handle)
        : base(handle)
    {
    }

    private static unsafe FaissIndexHandle Create(GpuResources resources, int d, int nlist, MetricType metric, GpuIndexIVFOptions? options)
    {
        ArgumentNullException.ThrowIfNull(resources);
        IndexArguments.RequireIvf(d, nlist, metric);
        var native = (options ?? new GpuIndexIVFOptions()).Native;
        NativeMethods.faissnet_gpu_ivf_flat_new(resources.Handle, d, nlist, (int)metric, &native, out var handle).ThrowIfFailed();
        return handle;
    }
}
