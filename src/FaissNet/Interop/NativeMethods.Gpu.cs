using System.Runtime.InteropServices;

namespace FaissNet.Interop;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_device_count(out int count);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_device_name(int device, Span<byte> buffer, long capacity, out long length);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_device_memory(int device, out long available, out long total);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_device_compute_capability(int device, out int major, out int minor);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_resources_new(
        long temporaryBytes, long pinnedBytes, int nullStream, out GpuResourcesHandle resources);

    [LibraryImport(Library)]
    internal static partial void faissnet_gpu_resources_free(nint resources);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_resources_memory(
        GpuResourcesHandle resources, int device, out long allocated, out long temporaryAvailable);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_resources_set_stream(GpuResourcesHandle resources, int device, void* stream);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_resources_revert_stream(GpuResourcesHandle resources, int device);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_estimate(FaissIndexHandle index, NativeGpuOptions* options, out long bytes);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_flat_new(
        GpuResourcesHandle resources, int d, int metric, NativeGpuOptions* options, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_ivf_flat_new(
        GpuResourcesHandle resources, int d, long nlist, int metric, NativeGpuOptions* options, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_ivf_pq_new(
        GpuResourcesHandle resources, int d, long nlist, long m, int nbits, int metric, NativeGpuOptions* options, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_from_cpu(
        GpuResourcesHandle resources, FaissIndexHandle cpu, NativeGpuOptions* options, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_from_cpu_multiple(
        long count, ReadOnlySpan<nint> resources, ReadOnlySpan<int> devices, FaissIndexHandle cpu, NativeGpuOptions* options, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_to_cpu(FaissIndexHandle index, out FaissIndexHandle cpu);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_clone(FaissIndexHandle index, out FaissIndexHandle copy);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_search(
        FaissIndexHandle index, long n, ReadOnlySpan<float> x, long k, long nprobe, Span<float> distances, Span<long> labels);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_kind(FaissIndexHandle index, out int kind);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_max_k(FaissIndexHandle index, out long maxK);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_nlist(FaissIndexHandle index, out long nlist);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_get_nprobe(FaissIndexHandle index, out long nprobe);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_set_nprobe(FaissIndexHandle index, long nprobe);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_list_sizes(FaissIndexHandle index, long count, Span<long> sizes);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_pq(FaissIndexHandle index, out long m, out int nbits);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_gpu_index_reclaim(FaissIndexHandle index, out long bytes);
}
