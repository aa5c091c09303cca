using System.Runtime.InteropServices;

namespace FaissNet.Interop;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_index_lists_to_disk(
        FaissIndexHandle index, string path, long count, nint* others, int shiftIds);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_lists_path(
        FaissIndexHandle index, Span<byte> buffer, long capacity, out long length);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_index_open(
        string path, string? listsPath, int map, int writable, out FaissIndexHandle index);
}
