using FaissNet.Interop;

namespace FaissNet;

// To GPUs.
public partial class FaissIndex
{
    /// <summary>
    /// Copies the index to a GPU: Flat, IVFFlat, IVFPQ (8 bits), IVF scalar quantizers, SQfp16, and IDMap and PreTransform around them. FAISS's
    /// <c>index_cpu_to_gpu</c> (<c>faiss/gpu/GpuCloner.h</c>).
    /// </summary>
    /// <param name="resources">What the index works with, and keeps.</param>
    /// <param name="device">The number of the device.</param>
    /// <param name="options">How it is stored there.</param>
    /// <returns>A <see cref="GpuIndexFlat"/>, <see cref="GpuIndexIVFFlat"/> or <see cref="GpuIndexIVFPQ"/>, or a <see cref="GpuIndex"/> for the other
    /// types.</returns>
    /// <exception cref="ArgumentException">There is no such device, or an id does not fit into <see cref="GpuIndices.Bit32"/>.</exception>
    /// <exception cref="NotSupportedException">FAISS has no GPU form of this index, or of its settings (the message names which), or the native
    /// library was built without GPU support.</exception>
    /// <exception cref="OutOfMemoryException">The device has less memory free than the index takes; the message has both numbers.</exception>
    /// <exception cref="ObjectDisposedException">The index or the resources were disposed.</exception>
    public unsafe GpuIndex ToGpu(GpuResources resources, int device = 0, GpuClonerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(resources);
        var native = (options ?? new GpuClonerOptions()).For(GpuArguments.AtLeastZero(device, nameof(device)));
        return GpuIndex.WrapGpu(Reading(() =>
        {
            var here = native;
            NativeMethods.faissnet_gpu_index_from_cpu(resources.Handle, Handle, &here, out var made).ThrowIfFailed();
            return made;
        }));
    }

    /// <summary>Copies the index to several GPUs, as replicas or as shards. FAISS's <c>index_cpu_to_gpu_multiple</c>.</summary>
    /// <param name="resources">Resources of its own for each device: the devices work at once.</param>
    /// <param name="devices">The numbers of the devices, as many as resources.</param>
    /// <param name="options">How it is spread and stored.</param>
    /// <returns>One index that works on all of them.</returns>
    /// <inheritdoc cref="ToGpu(GpuResources, int, GpuClonerOptions?)" path="/exception"/>
    public unsafe GpuIndex ToGpus(
        IReadOnlyList<GpuResources> resources, IReadOnlyList<int> devices, GpuMultipleClonerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(resources);
        ArgumentNullException.ThrowIfNull(devices);
        if (resources.Count == 0 || resources.Count != devices.Count)
        {
            throw new ArgumentException(
                $"There are {resources.Count} resources and {devices.Count} devices: expected one of each per device, and at least one.", nameof(resources));
        }

        for (var i = 0; i < resources.Count; i++)
        {
            ArgumentNullException.ThrowIfNull(resources[i], nameof(resources));
            GpuArguments.AtLeastZero(devices[i], nameof(devices));
        }

        var native = (options ?? new GpuMultipleClonerOptions()).For(devices[0]);
        return GpuIndex.WrapGpu(Reading(() =>
        {
            var here = native;
            using var pointers = new HeldResources(resources);
            NativeMethods.faissnet_gpu_index_from_cpu_multiple(
                resources.Count, pointers.Pointers, [.. devices], Handle, &here, out var made).ThrowIfFailed();
            return made;
        }));
    }

    /// <summary>Copies the index to all GPUs of this machine. Python's <c>index_cpu_to_all_gpus</c>.</summary>
    /// <param name="options">How it is spread and stored.</param>
    /// <returns>One index that works on all of them, with resources of its own.</returns>
    /// <inheritdoc cref="ToGpu(GpuResources, int, GpuClonerOptions?)" path="/exception"/>
    public GpuIndex ToAllGpus(GpuMultipleClonerOptions? options = null)
    {
        var resources = new List<GpuResources> { new() };
        try
        {
            while (resources.Count < FaissRuntime.GpuCount)
                resources.Add(new GpuResources());

            return ToGpus(resources, [.. Enumerable.Range(0, resources.Count)], options);
        }
        finally
        {
            resources.ForEach(each => each.Dispose());
        }
    }

    /// <summary>About how many bytes the index takes on one GPU, by the sizes of FAISS's structures there, temporary memory not counted. Needs
    /// no GPU.</summary>
    /// <param name="options">How it is to be stored.</param>
    /// <returns>Bytes; 0 for types that FAISS has no GPU form of.</returns>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public unsafe long EstimateGpuMemory(GpuClonerOptions? options = null)
    {
        var native = (options ?? new GpuClonerOptions()).For(device: 0);
        return Reading(() =>
        {
            var here = native;
            NativeMethods.faissnet_gpu_estimate(Handle, &here, out var bytes).ThrowIfFailed();
            return bytes;
        });
    }

    /// <summary>Keeps several resources alive while native code has their addresses.</summary>
    private readonly struct HeldResources : IDisposable
    {
        private readonly List<GpuResourcesHandle> _held = [];

        public HeldResources(IReadOnlyList<GpuResources> resources)
        {
            try
            {
                foreach (var each in resources)
                {
                    var added = false;
                    each.Handle.DangerousAddRef(ref added);
                    _held.Add(each.Handle);
                }
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public nint[] Pointers => [.. _held.Select(handle => handle.DangerousGetHandle())];

        public void Dispose() => _held.ForEach(handle => handle.DangerousRelease());
    }
}
