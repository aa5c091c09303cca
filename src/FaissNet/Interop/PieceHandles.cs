using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary>Owns a <c>faissnet_pq*</c>.</summary>
internal sealed class ProductQuantizerHandle : SafeHandle
{
    public ProductQuantizerHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_pq_free(handle);
        return true;
    }
}

/// <summary>Owns a <c>faissnet_transform*</c>.</summary>
internal sealed class TransformHandle : SafeHandle
{
    public TransformHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_transform_free(handle);
        return true;
    }
}
