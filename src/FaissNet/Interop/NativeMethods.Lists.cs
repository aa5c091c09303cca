using System.Runtime.InteropServices;

namespace FaissNet.Interop;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_list_read(
        FaissIndexHandle index, long list, long count, Span<long> ids, Span<byte> codes);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_choose_lists(
        FaissIndexHandle index, long n, ReadOnlySpan<float> x, long nprobe, Span<long> lists, Span<float> distances);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_search_lists(
        FaissIndexHandle index,
        long n,
        ReadOnlySpan<float> x,
        long k,
        long nprobe,
        ReadOnlySpan<long> lists,
        ReadOnlySpan<float> listDistances,
        Span<float> distances,
        Span<long> labels);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_view_lists(
        FaissIndexHandle trained, long count, NativeListRun* runs, int choice, long maxSize, out FaissIndexHandle index);
}
