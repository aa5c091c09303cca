using System.Runtime.InteropServices;

namespace FaissNet.Interop;

// The functions of native/include/faissnet.h under their own names, in its order. A test holds the two against each other.
internal static partial class NativeMethods
{
    internal const string Library = "faissnet";
    internal const int AbiVersion = 5;

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_abi_version(out int version);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_last_error(Span<byte> buffer, long capacity, out long length);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_faiss_version(Span<byte> buffer, long capacity, out long length);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_compile_options(Span<byte> buffer, long capacity, out long length);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_variant(Span<byte> buffer, long capacity, out long length);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_get_simd_level(Span<byte> buffer, long capacity, out long length);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_set_simd_level(string level);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_blas_info(Span<byte> buffer, long capacity, out long length);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_capabilities(out long bits);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_get_thread_count(out int threads);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_set_thread_count(int threads);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_live_handles(out long count);}
