using System.Runtime.InteropServices;

namespace FaissNet.Interop;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_index_write_file(FaissIndexHandle index, string path);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_index_read_file(string path, out FaissIndexHandle index);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_write(
        FaissIndexHandle index, delegate* unmanaged<void*, void*, long, int> write, void* context);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_read(
        delegate* unmanaged<void*, void*, long, long> read, void* context, out FaissIndexHandle index);
}
