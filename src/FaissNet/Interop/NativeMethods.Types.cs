using System.Runtime.InteropServices;

namespace FaissNet.Interop;

// Making index types, their parts and their options.
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_new(NativeIndexSpec* spec, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_id_map_new(FaissIndexHandle @base, int twoWay, out FaissIndexHandle index);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_index_pre_transform_new(
        int d, string transforms, FaissIndexHandle @base, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_pre_transform_of(
        long count, nint* transforms, FaissIndexHandle @base, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_refine_new(
        FaissIndexHandle @base, FaissIndexHandle refine, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_shards_new(int d, int metric, int successiveIds, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_replicas_new(int d, int metric, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_add_member(FaissIndexHandle index, FaissIndexHandle member);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_part_count(FaissIndexHandle index, int part, out long count);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_part(FaissIndexHandle index, int part, long number, out FaissIndexHandle view);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_index_set_option(FaissIndexHandle index, string name, double value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_index_get_option(FaissIndexHandle index, string name, out double value);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_parameter_ranges(
        FaissIndexHandle index, Span<byte> buffer, long capacity, out long length);
}
