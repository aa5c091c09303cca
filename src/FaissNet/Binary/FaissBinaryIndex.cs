using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// A binary index of FAISS's own: what <see cref="BinaryIndexFactory"/> makes and <see cref="Load(string, bool)"/> reads, as the class that fits
/// its type.
/// </summary>
public abstract partial class FaissBinaryIndex : BinaryIndex
{
    private long _count;
    private bool _isTrained;

    private protected FaissBinaryIndex(BinaryIndexHandle handle)
        : base(ReadDimension(handle))
    {
        Handle = handle;
        Refresh();
    }

    /// <inheritdoc/>
    public override long Count => Volatile.Read(ref _count);

    /// <inheritdoc/>
    public override bool IsTrained => Volatile.Read(ref _isTrained);

    /// <summary>FAISS's class name, wrappers from the outside in: <c>IndexBinaryIDMap(IndexBinaryFlat)</c>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public string TypeName => ReadTypeName(Handle);

    internal BinaryIndexHandle Handle { get; }

    /// <summary>Makes the class that fits what FAISS holds. Owns the handle from here on, also when this fails.</summary>
    internal static FaissBinaryIndex Wrap(BinaryIndexHandle handle)
    {
        try
        {
            var name = ReadTypeName(handle);
            return name.Split('(')[0] switch
            {
                "IndexBinaryFlat" => new IndexBinaryFlat(handle),
                "IndexBinaryIVF" => new IndexBinaryIVF(handle),
                "IndexBinaryHNSW" => new IndexBinaryHNSW(handle),
                "IndexBinaryHash" => new IndexBinaryHash(handle),
                "IndexBinaryMultiHash" => new IndexBinaryMultiHash(handle),
                "IndexBinaryFromFloat" => new IndexBinaryFromFloat(handle),
                "IndexBinaryIDMap" => new IndexBinaryIDMap(handle),
                "IndexBinaryIDMap2" => new IndexBinaryIDMap2(handle),
                _ => throw new NotSupportedException($"There is no class for an {name}."),
            };
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private protected static BinaryIndexHandle Create(int d, string description)
    {
        BinaryArguments.RequireDimension(d, nameof(d));
        NativeMethods.faissnet_binary_factory(d, description, out var handle).ThrowIfFailed();
        return handle;
    }

    private protected int ReadShape(string name)
    {
        NativeMethods.faissnet_binary_get_parameter(Handle, name, out var value).ThrowIfFailed();
        return (int)Math.Min(value, int.MaxValue);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // A finalizer of ours would run beside the handle's own.
        if (disposing)
            Handle.Dispose();
    }

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value) =>
        NativeMethods.faissnet_binary_set_parameter(Handle, name, value).ThrowIfFailed();

    /// <inheritdoc/>
    protected override double GetParameterCore(string name)
    {
        NativeMethods.faissnet_binary_get_parameter(Handle, name, out var value).ThrowIfFailed();
        return value;
    }

    /// <inheritdoc/>
    protected override BinaryIndex CloneCore()
    {
        NativeMethods.faissnet_binary_clone(Handle, out var copy).ThrowIfFailed();
        return Wrap(copy);
    }

    /// <inheritdoc/>
    protected override void SaveCore(Stream stream) =>
        StreamBridge.WriteBinary(Handle, stream);

    private protected override void Hold()
    {
        var held = false;
        Handle.DangerousAddRef(ref held);
    }

    private protected override void Release() => Handle.DangerousRelease();

    private static int ReadDimension(BinaryIndexHandle handle)
    {
        NativeMethods.faissnet_binary_d(handle, out var d).ThrowIfFailed();
        return d;
    }

    private static string ReadTypeName(BinaryIndexHandle handle) => NativeText.Read((buffer, capacity, out length) =>
        NativeMethods.faissnet_binary_type_name(handle, buffer, capacity, out length));

    // A call that failed half-way may have changed something: the state is read back before the error goes on.
    private void Finish(NativeStatus status)
    {
        var failure = status == NativeStatus.Ok ? null : NativeStatusExtensions.LastException(status);
        Refresh();
        if (failure is not null)
            throw failure;
    }

    /// <summary>Reads back what is kept on this side.</summary>
    private protected virtual void Refresh() => RefreshCounts();

    /// <summary>As <see cref="Refresh"/>, from a call on the index over floats inside; this one may have been disposed meanwhile.</summary>
    internal void RefreshFromInside()
    {
        try
        {
            RefreshCounts();
        }
        catch (ObjectDisposedException) when (IsDisposed)
        {
        }
    }

    // Count and IsTrained, which are kept on this side so that they never wait behind an add.
    private void RefreshCounts()
    {
        NativeMethods.faissnet_binary_ntotal(Handle, out var count).ThrowIfFailed();
        NativeMethods.faissnet_binary_is_trained(Handle, out var isTrained).ThrowIfFailed();
        Volatile.Write(ref _count, count);
        Volatile.Write(ref _isTrained, isTrained != 0);
    }
}
