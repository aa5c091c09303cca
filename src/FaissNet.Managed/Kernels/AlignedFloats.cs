using System.Runtime.InteropServices;

namespace FaissNet.Managed;

/// <summary>Memory for kernels: aligned to cache lines, outside the garbage collector's heap, zeroed. On Linux what is large lies on huge pages, which
/// come, and are zeroed, as they are first written to: no call waits for all of them at once.</summary>
internal sealed unsafe class AlignedFloats : IDisposable
{
    private readonly bool _isHuge;
    private float* _pointer;

    public AlignedFloats(long length)
    {
        Length = length;
        var bytes = checked(Math.Max(1, length) * sizeof(float));
        _isHuge = HugePages.AreFor(bytes);
        if (_isHuge)
        {
            _pointer = (float*)HugePages.Allocate(bytes);
            return;
        }

        _pointer = (float*)NativeMemory.AlignedAlloc(checked((nuint)bytes), 64);
        NativeMemory.Clear(_pointer, (nuint)bytes);
    }

    ~AlignedFloats() => Release();

    public long Length { get; }

    public float* Pointer => _pointer is null ? throw new ObjectDisposedException(nameof(AlignedFloats)) : _pointer;

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_pointer is not null && _isHuge)
            HugePages.Free((byte*)_pointer, Length * sizeof(float));
        else
            NativeMemory.AlignedFree(_pointer);

        _pointer = null;
    }
}
