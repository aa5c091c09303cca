using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary><c>faissnet_search_parameters</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeSearchParameters
{
    public long NProbe;
    public long MaxCodes;
}

/// <summary><c>faissnet_selector</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeSelector
{
    public const int Range = 1;
    public const int Ids = 2;

    public int Kind;
    public int Reserved;
    public long Min;
    public long Max;
    public long Count;
    public long* IdsPointer;
}

/// <summary><c>faissnet_monitor</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMonitor
{
    public delegate* unmanaged<void*, int, long, long, int> Report;
    public void* Context;
}
