namespace FaissNet.Interop;

/// <summary>Owns a <c>faissnet_binary_index*</c>.</summary>
internal sealed class BinaryIndexHandle : NativeHandle
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.faissnet_binary_free(handle);
        return true;
    }
}
