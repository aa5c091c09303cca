using FaissNet.Interop;

namespace FaissNet;

/// <summary>What <see cref="GpuResources"/> set aside.</summary>
public sealed class GpuResourcesOptions
{
    /// <summary>Bytes of temporary memory on each device that is used, set aside at its first use; searches that need more allocate it
    /// then, which is slow. <see langword="null"/>: FAISS's choice, 1.5 GiB on devices with more than 8 GiB, 1 GiB or 0.5 GiB on smaller ones, which is also the
    /// most that FAISS takes. 0: none. FAISS's <c>setTempMemory</c> and <c>noTempMemory</c>.</summary>
    public long? TemporaryMemory
    {
        get;
        init => field = value is null ? null : GpuArguments.AtLeastZero(value.Value);
    }

    /// <summary>Bytes of pinned host memory, through which queries are copied while others are searched; used for batches above 256 MiB.
    /// <see langword="null"/>: FAISS's choice, 256 MiB. FAISS's <c>setPinnedMemory</c>.</summary>
    public long? PinnedMemory
    {
        get;
        init => field = value is null ? null : GpuArguments.AtLeastZero(value.Value);
    }

    /// <summary>Orders FAISS's work on CUDA's default stream on all devices, not on a stream of its own.
    /// FAISS's <c>setDefaultNullStreamAllDevices</c>.</summary>
    public bool UseNullStream { get; init; }
}

/// <summary>What FAISS holds on a device through one <see cref="GpuResources"/>.</summary>
/// <param name="Allocated">Bytes of device memory, the temporary ones included.</param>
/// <param name="TemporaryAvailable">Bytes of the temporary memory that are free.</param>
public readonly record struct GpuMemoryUse(long Allocated, long TemporaryAvailable);

/// <summary>
/// Streams, cuBLAS and temporary memory for the indexes on one or more devices. FAISS's <c>StandardGpuResources</c>
/// (<c>faiss/gpu/StandardGpuResources.h</c>).
/// </summary>
/// <remarks>Any number of indexes may share one, and keep what they need of it: it may be disposed of as soon as they are made.
/// FAISS lets one call at a time use them, so calls on indexes that share resources take turns, also from many threads; indexes that
/// are to work at once need resources of their own. A device is set up when the first index is made on it.</remarks>
public sealed class GpuResources : IDisposable
{
    /// <summary>Resources for the devices of this machine.</summary>
    /// <param name="options">What to set aside; FAISS's choice if not given.</param>
    /// <exception cref="NotSupportedException">The native library was built without GPU support, or there is no device or driver.</exception>
    /// <exception cref="FaissException">CUDA does not work here; the message says why.</exception>
    public GpuResources(GpuResourcesOptions? options = null)
    {
        NativeMethods.faissnet_gpu_resources_new(
            options?.TemporaryMemory ?? -1,
            options?.PinnedMemory ?? -1,
            options?.UseNullStream == true ? 1 : 0,
            out var handle).ThrowIfFailed();
        Handle = handle;
    }

    internal GpuResourcesHandle Handle { get; }

    /// <summary>What FAISS holds on a device through these resources; nothing before an index was made there.</summary>
    /// <param name="device">The number of the device.</param>
    /// <exception cref="ArgumentException">There is no such device.</exception>
    /// <exception cref="ObjectDisposedException">The resources were disposed.</exception>
    public GpuMemoryUse GetMemoryUse(int device)
    {
        NativeMethods.faissnet_gpu_resources_memory(Handle, device, out var allocated, out var available).ThrowIfFailed();
        return new GpuMemoryUse(allocated, available);
    }

    /// <summary>Orders FAISS's work on a device on a stream of yours. FAISS's <c>setDefaultStream</c>.</summary>
    /// <param name="device">The number of the device.</param>
    /// <param name="stream">A <c>cudaStream_t</c> of that device, which must live as long as the resources and their indexes use it.
    /// What is no stream can end the process.</param>
    /// <exception cref="ArgumentException">There is no such device, or CUDA knows no such stream.</exception>
    /// <exception cref="ObjectDisposedException">The resources were disposed.</exception>
    public unsafe void SetDefaultStream(int device, nint stream) =>
        NativeMethods.faissnet_gpu_resources_set_stream(Handle, device, (void*)stream).ThrowIfFailed();

    /// <summary>Ends <see cref="SetDefaultStream"/>. FAISS's <c>revertDefaultStream</c>.</summary>
    /// <param name="device">The number of the device.</param>
    /// <exception cref="ArgumentException">There is no such device.</exception>
    /// <exception cref="ObjectDisposedException">The resources were disposed.</exception>
    public void RevertDefaultStream(int device) =>
        NativeMethods.faissnet_gpu_resources_revert_stream(Handle, device).ThrowIfFailed();

    /// <summary>Gives back what no index uses any more, once the last of them is disposed.</summary>
    public void Dispose() => Handle.Dispose();
}
