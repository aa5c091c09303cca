using System.Runtime.InteropServices;

namespace FaissNet.Interop;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_index_factory(int d, string description, int metric, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_flat_new(int d, int metric, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_clone(FaissIndexHandle index, out FaissIndexHandle copy);

    [LibraryImport(Library)]
    internal static partial void faissnet_index_free(nint index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_train(
        FaissIndexHandle index, long n, ReadOnlySpan<float> x, NativeMonitor* monitor);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_make_room(FaissIndexHandle index, long n, int withIds, NativeMonitor* monitor);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_add(FaissIndexHandle index, long n, ReadOnlySpan<float> x);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_add_with_ids(
        FaissIndexHandle index, long n, ReadOnlySpan<float> x, ReadOnlySpan<long> ids);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_reset(FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_remove_ids(
        FaissIndexHandle index, NativeSelector* selector, out long removed);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_merge_from(FaissIndexHandle index, FaissIndexHandle other, long addId);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_search(
        FaissIndexHandle index,
        long n,
        ReadOnlySpan<float> x,
        long k,
        NativeSearchParameters* parameters,
        Span<float> distances,
        Span<long> labels);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_range_search(
        FaissIndexHandle index,
        long n,
        ReadOnlySpan<float> x,
        float radius,
        NativeSearchParameters* parameters,
        out RangeResultHandle result);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_range_result_view(
        RangeResultHandle result, out long* limits, out long* labels, out float* distances);

    [LibraryImport(Library)]
    internal static partial void faissnet_range_result_free(nint result);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_reconstruct(FaissIndexHandle index, long id, Span<float> vector);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_encoded_size(FaissIndexHandle index, out long size);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_encode(FaissIndexHandle index, long n, ReadOnlySpan<float> x, Span<byte> codes);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_decode(FaissIndexHandle index, long n, ReadOnlySpan<byte> codes, Span<float> x);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_add_codes(
        FaissIndexHandle index, long n, ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids);
}
