using System.Runtime.InteropServices;

namespace FaissNet.Interop;

internal static partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_kind(FaissIndexHandle index, out int kind);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_type_name(
        FaissIndexHandle index, Span<byte> buffer, long capacity, out long length);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_d(FaissIndexHandle index, out int d);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_ntotal(FaissIndexHandle index, out long ntotal);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_is_trained(FaissIndexHandle index, out int isTrained);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_metric(FaissIndexHandle index, out int metric);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_code_size(FaissIndexHandle index, out long codeSize);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_nlist(FaissIndexHandle index, out long nlist);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_get_nprobe(FaissIndexHandle index, out long nprobe);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_set_nprobe(FaissIndexHandle index, long nprobe);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_list_sizes(FaissIndexHandle index, long count, Span<long> sizes);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_pq_m(FaissIndexHandle index, out long m);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_pq_nbits(FaissIndexHandle index, out int nbits);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_index_set_parameter(FaissIndexHandle index, string name, double value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_index_get_parameter(FaissIndexHandle index, string name, out double value);
}
