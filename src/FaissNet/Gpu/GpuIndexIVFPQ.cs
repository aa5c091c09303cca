using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file on a GPU that stores product-quantized residuals. FAISS's <c>GpuIndexIVFPQ</c>
/// (<c>faiss/gpu/GpuIndexIVFPQ.h</c>); Johnson, Douze, Jégou: Billion-scale similarity search with GPUs, 2017.</summary>
public sealed class GpuIndexIVFPQ : GpuIndexIVF
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="resources">What the index works with, and keeps.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="m">Sub-quantizers; must divide <paramref name="d"/>. Without cuVS: 1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, and with
    /// <see cref="GpuIndexIVFPQOptions.Float16LookupTables"/> 56, 64 and 96.</param>
    /// <param name="nbits">Bits per sub-quantizer: 8, with cuVS 4 to 8.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="options">Where and how vectors are stored.</param>
    /// <inheritdoc cref="GpuIndexFlat(GpuResources, int, MetricType, GpuIndexFlatOptions?)" path="/exception"/>
    public GpuIndexIVFPQ(
        GpuResources resources, int d, int nlist, int m, int nbits = 8, MetricType metric = MetricType.L2, GpuIndexIVFPQOptions? options = null)
        : this(Create(resources, d, nlist, m, nbits, metric, options))
    {
    }

    internal GpuIndexIVFPQ(FaissIndexHandle handle)
        : base(handle)
    {
        NativeMethods.faissnet_gpu_index_pq(handle, out var m, out var nbits).ThrowIfFailed();
        (M, NBits) = ((int)m, nbits);
    }

    /// <summary>The number of sub-quantizers.</summary>
    public int M { get; }

    /// <summary>Bits per sub-quantizer.</summary>
    public int NBits { get; }

    private static unsafe FaissIndexHandle Create(
        GpuResources resources, int d, int nlist, int m, int nbits, MetricType metric, GpuIndexIVFPQOptions? options)
    {
        ArgumentNullException.ThrowIfNull(resources);
        IndexArguments.RequireIvf(d, nlist, metric);
        if (m < 1 || d % m != 0)
            throw new ArgumentOutOfRangeException(nameof(m), m, $"m is {m}: expected a divisor of d = {d}.");

        if (nbits is < 4 or > 8)
            throw new ArgumentOutOfRangeException(nameof(nbits), nbits, $"nbits is {nbits}: expected 8, or with cuVS 4 to 8.");

        var native = (options ?? new GpuIndexIVFPQOptions()).Native;
        NativeMethods.faissnet_gpu_ivf_pq_new(resources.Handle, d, nlist, m, nbits, (int)metric, &native, out var handle).ThrowIfFailed();
        return handle;
    }
}
