namespace FaissNet.Interop;

/// <summary>Owns a <c>faissnet_pq*</c>.</summary>
internal sealed class ProductQuantizerHandle : NativeHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_pq_free(handle);
        return true;
    }
}

/// <summary>Owns a <c>faissnet_sq*</c>.</summary>
internal sealed class ScalarQuantizerHandle : NativeHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_sq_free(handle);
        return true;
    }
}

/// <summary>Owns a <c>faissnet_transform*</c>.</summary>
internal sealed class TransformHandle : NativeHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_transform_free(handle);
        return true;
    }
}
