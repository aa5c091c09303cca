using FaissNet.Interop;

namespace FaissNet;

/// <summary>A CUDA device.</summary>
/// <param name="Number">Its number, from 0, as <see cref="GpuIndexOptions.Device"/> takes it.</param>
/// <param name="Name">What its maker calls it.</param>
/// <param name="ComputeCapability">CUDA's version of what it can do, such as 9.0.</param>
/// <param name="TotalMemory">Its memory in bytes.</param>
/// <param name="FreeMemory">What nobody used of that when this was asked for.</param>
public sealed record GpuDevice(int Number, string Name, Version ComputeCapability, long TotalMemory, long FreeMemory);

// What the GPU part of the native library sees.
public static partial class FaissRuntime
{
    /// <summary>The number of CUDA devices that FAISS can use; 0 where the build has no GPU part, and where there is no driver.</summary>
    /// <exception cref="FaissException">CUDA does not work here; the message says why.</exception>
    public static int GpuCount
    {
        get
        {
            if (!Capabilities.HasFlag(FaissCapabilities.Gpu))
                return 0;

            NativeMethods.faissnet_gpu_device_count(out var count).ThrowIfFailed();
            return count;
        }
    }

    /// <summary>The CUDA devices that FAISS can use, asked anew each time; none where the build has no GPU part.</summary>
    /// <exception cref="FaissException">CUDA does not work here; the message says why.</exception>
    public static IReadOnlyList<GpuDevice> GpuDevices => [.. Enumerable.Range(0, GpuCount).Select(ReadDevice)];

    private static GpuDevice ReadDevice(int device)
    {
        NativeMethods.faissnet_gpu_device_memory(device, out var available, out var total).ThrowIfFailed();
        NativeMethods.faissnet_gpu_device_compute_capability(device, out var major, out var minor).ThrowIfFailed();
        var name = NativeText.Read((buffer, capacity, out length) =>
            NativeMethods.faissnet_gpu_device_name(device, buffer, capacity, out length));
        return new GpuDevice(device, name, new Version(major, minor), total, available);
    }
}
