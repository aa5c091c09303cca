using FaissNet.Interop;

namespace FaissNet;

/// <summary>Exact search on a GPU. FAISS's <c>GpuIndexFlat</c> (<c>faiss/gpu/GpuIndexFlat.h</c>).</summary>
public sealed class GpuIndexFlat : GpuIndex
{
    /// <summary>An empty index.</summary>
    /// <param name="resources">What the index works with, and keeps.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="metric">How vectors are compared; all but <see cref="MetricType.Lp"/>.</param>
    /// <param name="options">Where and how vectors are stored.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or there is no such device.</exception>
    /// <exception cref="NotSupportedException">An option is one that this FAISS or device does not have.</exception>
    /// <exception cref="OutOfMemoryException">The device has too little memory free.</exception>
    /// <exception cref="ObjectDisposedException">The resources were disposed.</exception>
    public GpuIndexFlat(GpuResources resources, int d, MetricType metric = MetricType.L2, GpuIndexFlatOptions? options = null)
        : this(Create(resources, d, metric, options))
    {
    }

    internal GpuIndexFlat(FaissIndexHandle handle)
        : base(handle)
    {
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<float> vector) =>
        NativeMethods.faissnet_index_reconstruct(Handle, id, vector).ThrowIfFailed();

    private static unsafe FaissIndexHandle Create(GpuResources resources, int d, MetricType metric, GpuIndexFlatOptions? options)
    {
        ArgumentNullException.ThrowIfNull(resources);
        IndexArguments.RequireDimension(d);
        IndexArguments.RequireMetric(metric);
        if (metric == MetricType.Lp)
            throw new ArgumentOutOfRangeException(nameof(metric), metric, $"metric is {metric}: make the index on the CPU, and take it to the GPU.");

        var native = (options ?? new GpuIndexFlatOptions()).Native;
        NativeMethods.faissnet_gpu_flat_new(resources.Handle, d, (int)metric, &native, out var handle).ThrowIfFailed();
        return handle;
    }
}
