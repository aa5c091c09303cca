using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary><c>faissnet_gpu_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeGpuOptions
{
    public int Device;
    public int MemorySpace;
    public int Float16;
    public int Float16Coarse;
    public int PrecomputedTables;
    public int Indices;
    public int Cuvs;
    public int CpuCoarse;
    public long ReserveVectors;
    public int Shard;
    public int ShardType;
}

/// <summary>Owns a <c>faissnet_gpu_resources*</c>. Indexes on it keep what they need.</summary>
internal sealed class GpuResourcesHandle : NativeHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_gpu_resources_free(handle);
        return true;
    }
}
