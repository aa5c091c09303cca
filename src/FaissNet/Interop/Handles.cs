using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary>Owns a <c>faissnet_index*</c>. A call in flight holds a reference, so the index outlives it.</summary>
internal sealed class FaissIndexHandle : SafeHandle
{
    public FaissIndexHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_index_free(handle);
        return true;
    }
}

/// <summary>Owns a <c>faissnet_range_result*</c>.</summary>
internal sealed class RangeResultHandle : SafeHandle
{
    public RangeResultHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_range_result_free(handle);
        return true;
    }
}
