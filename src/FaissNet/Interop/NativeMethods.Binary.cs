using System.Runtime.InteropServices;

namespace FaissNet.Interop;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_binary_factory(int d, string description, out BinaryIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_from_float_new(FaissIndexHandle @base, out BinaryIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_base(BinaryIndexHandle index, out FaissIndexHandle @base);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_clone(BinaryIndexHandle index, out BinaryIndexHandle copy);

    [LibraryImport(Library)]
    internal static partial void faissnet_binary_free(nint index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_type_name(
        BinaryIndexHandle index, Span<byte> buffer, long capacity, out long length);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_d(BinaryIndexHandle index, out int d);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_ntotal(BinaryIndexHandle index, out long ntotal);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_is_trained(BinaryIndexHandle index, out int isTrained);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_list_sizes(BinaryIndexHandle index, long count, Span<long> sizes);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_binary_set_parameter(BinaryIndexHandle index, string name, double value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_binary_get_parameter(BinaryIndexHandle index, string name, out double value);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_train(
        BinaryIndexHandle index, long n, ReadOnlySpan<byte> x, NativeMonitor* monitor);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_add(BinaryIndexHandle index, long n, ReadOnlySpan<byte> x);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_add_with_ids(
        BinaryIndexHandle index, long n, ReadOnlySpan<byte> x, ReadOnlySpan<long> ids);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_reset(BinaryIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_remove_ids(
        BinaryIndexHandle index, NativeSelector* selector, out long removed);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_merge_from(BinaryIndexHandle index, BinaryIndexHandle other, long addId);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_search(
        BinaryIndexHandle index,
        long n,
        ReadOnlySpan<byte> x,
        long k,
        NativeSearchParameters* parameters,
        Span<int> distances,
        Span<long> labels);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_range_search(
        BinaryIndexHandle index,
        long n,
        ReadOnlySpan<byte> x,
        int radius,
        NativeSearchParameters* parameters,
        out RangeResultHandle result);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_reconstruct(BinaryIndexHandle index, long id, Span<byte> vector);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_write(
        BinaryIndexHandle index, delegate* unmanaged<void*, void*, long, int> write, void* context);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_binary_read(
        delegate* unmanaged<void*, void*, long, long> read, void* context, out BinaryIndexHandle index);
}
