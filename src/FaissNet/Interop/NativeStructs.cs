using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary><c>faissnet_search_parameters</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeSearchParameters
{
    public long NProbe;
    public long MaxCodes;
    public double KFactor;
    public NativeSelector* Selector;
    public long EfSearch;
    public long Ht;
    public int* Cancelled;

    /// <summary>0 is what the index is set to. The selector's memory must be held.</summary>
    public static NativeSearchParameters From(SearchParameters parameters, NativeSelector* selector) => new()
    {
        NProbe = parameters.NProbe ?? 0,
        MaxCodes = parameters.MaxCodes ?? 0,
        KFactor = parameters.KFactor ?? 0,
        Selector = selector,
        EfSearch = parameters.EfSearch ?? 0,
        Ht = parameters.PolysemousHt ?? 0,
    };
}

/// <summary><c>faissnet_selector</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeSelector
{
    public const int Range = 1;
    public const int Ids = 2;
    public const int Bitmap = 3;
    public const int All = 4;
    public const int Not = 5;
    public const int And = 6;
    public const int Or = 7;
    public const int XOr = 8;
    public const int Callback = 9;

    public int Kind;
    public int Reserved;
    public long Min;
    public long Max;
    public long Count;
    public long* IdsPointer;
    public byte* BitsPointer;
    public NativeSelector* Left;
    public NativeSelector* Right;
    public delegate* unmanaged<void*, long, int> Test;
    public void* Context;
}

/// <summary><c>faissnet_list_run</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeListRun
{
    public void* Source;
    public long First;
    public long Count;
    public long At;
    public long AddId;
}

/// <summary><c>faissnet_monitor</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMonitor
{
    public delegate* unmanaged<void*, int, long, long, int> Report;
    public void* Context;
}
