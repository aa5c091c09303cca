using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Interop;

/// <summary>
/// Finds the native library: the build for the best instruction set that this processor has, beside the application or in the
/// package. <c>FAISSNET_SIMD</c> (generic, avx2, avx512) overrides the choice, <c>FAISSNET_LIBRARY</c> names a file.
/// </summary>
internal static class NativeLibraryLoader
{
    private const string SimdVariable = "FAISSNET_SIMD";
    private const string LibraryVariable = "FAISSNET_LIBRARY";

    // From the best to the one that runs everywhere. FAISS with dynamic dispatch has the generic name alone.
    private static readonly Variant[] Variants =
    [
        new("avx512", "faissnet_avx512", () => HasAvx2 && Avx512F.IsSupported && Avx512BW.VL.IsSupported && Avx512DQ.VL.IsSupported && Avx512CD.VL.IsSupported),
        new("avx2", "faissnet_avx2", () => HasAvx2),
        new("generic", "faissnet", () => true),
    ];

    private static readonly Lazy<(nint Handle, string Path)> Loaded = new(Load);

    /// <summary>Where the library was loaded from; a bare name if the system's loader found it.</summary>
    public static string Path => Loaded.Value.Path;

    private static bool HasAvx2 => Avx2.IsSupported && Fma.IsSupported && Popcnt.IsSupported;

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The resolver must stand before the first P/Invoke of this assembly, whichever type makes it.")]
    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(
            typeof(NativeLibraryLoader).Assembly, (name, _, _) => name == NativeMethods.Library ? Loaded.Value.Handle : 0);

    private static (nint Handle, string Path) Load()
    {
        var found = Find();
        CheckAbi(found);
        LimitThreads(found.Handle);
        return found;
    }

    // OpenMP counts the machine's processors; .NET knows the container's share of them.
    private static unsafe void LimitThreads(nint library)
    {
        var threads = 0;
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OMP_NUM_THREADS")) &&
            ((delegate* unmanaged<int*, NativeStatus>)Export(library, nameof(NativeMethods.faissnet_get_thread_count)))(&threads) == NativeStatus.Ok &&
            threads > Environment.ProcessorCount)
        {
            _ = ((delegate* unmanaged<int, NativeStatus>)Export(library, nameof(NativeMethods.faissnet_set_thread_count)))(Environment.ProcessorCount);
        }
    }

    // While the library is being found, P/Invokes would ask the resolver that is doing it.
    private static unsafe void* Export(nint library, string name) => (void*)NativeLibrary.GetExport(library, name);

    private static (nint Handle, string Path) Find()
    {
        if (Environment.GetEnvironmentVariable(LibraryVariable) is { Length: > 0 } file)
        {
            return TryLoad(file, out var handle, out var failure)
                ? (handle, file)
                : throw new DllNotFoundException($"{LibraryVariable} is \"{file}\": {failure}");
        }

        var wanted = Environment.GetEnvironmentVariable(SimdVariable) is { Length: > 0 } name && name != "auto" ? name : null;
        if (wanted is not null && !Array.Exists(Variants, variant => variant.Name == wanted))
            throw new DllNotFoundException($"{SimdVariable} is \"{wanted}\": expected auto, generic, avx2 or avx512.");

        // Its first instruction that this processor lacks would end the process.
        if (wanted is not null && !Array.Exists(Variants, variant => variant.Name == wanted && variant.Runs()))
            throw new DllNotFoundException($"{SimdVariable} is \"{wanted}\": this processor does not have it; leave the variable unset for its best.");

        var failures = new List<string>();
        foreach (var variant in Variants)
        {
            if ((wanted is null ? variant.Runs() : variant.Name == wanted) && TryFind(variant, failures) is { } found)
                return found;
        }

        // A library with dynamic dispatch holds every level under the generic name.
        if (wanted is not null and not "generic" && TryFind(Variants[^1], failures) is { } dynamic && SetLevel(dynamic.Handle, wanted))
            return dynamic;

        throw new DllNotFoundException(NotFoundMessage(wanted, failures));
    }

    private static (nint Handle, string Path)? TryFind(Variant variant, List<string> failures)
    {
        var fileName = OperatingSystem.IsWindows() ? $"{variant.Library}.dll"
            : OperatingSystem.IsMacOS() ? $"lib{variant.Library}.dylib"
            : $"lib{variant.Library}.so";
        foreach (var folder in Folders())
        {
            var path = System.IO.Path.Combine(folder, fileName);
            if (!File.Exists(path))
                continue;

            if (TryLoad(path, out var handle, out var failure))
                return (handle, path);

            failures.Add(failure);
        }

        // Packages that are not published yet live in NuGet's folder, which only the runtime knows.
        return NativeLibrary.TryLoad(variant.Library, typeof(NativeLibraryLoader).Assembly, null, out var system)
            ? (system, fileName)
            : null;
    }

    private static IEnumerable<string> Folders()
    {
        var native = System.IO.Path.Combine("runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        foreach (var folder in new[] { AppContext.BaseDirectory, AssemblyFolder() }.Distinct())
        {
            if (folder.Length == 0)
                continue;

            yield return folder;
            yield return System.IO.Path.Combine(folder, native);
            // The runtime's own identifier may name a distribution; packages carry the portable one.
            yield return System.IO.Path.Combine(folder, "runtimes", PortableRuntimeIdentifier(), "native");
        }
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "Empty in a single file, which Folders() skips.")]
    private static string AssemblyFolder() =>
        System.IO.Path.GetDirectoryName(typeof(NativeLibraryLoader).Assembly.Location) ?? "";

    private static string PortableRuntimeIdentifier()
    {
        var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    }

    private static bool TryLoad(string path, out nint handle, out string failure)
    {
        try
        {
            (handle, failure) = (NativeLibrary.Load(path), "");
            return true;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            (handle, failure) = (0, e.Message);
            return false;
        }
    }

    private static unsafe bool SetLevel(nint library, string level)
    {
        var set = (delegate* unmanaged<byte*, NativeStatus>)Export(library, nameof(NativeMethods.faissnet_set_simd_level));
        fixed (byte* text = System.Text.Encoding.UTF8.GetBytes(level + "\0"))
            return set(text) == NativeStatus.Ok;
    }

    private static unsafe void CheckAbi((nint Handle, string Path) library)
    {
        var version = 0;
        var known = NativeLibrary.TryGetExport(library.Handle, nameof(NativeMethods.faissnet_abi_version), out var function) &&
            ((delegate* unmanaged<int*, NativeStatus>)function)(&version) == NativeStatus.Ok;
        if (!known || version != NativeMethods.AbiVersion)
        {
            throw new DllNotFoundException(
                $"{library.Path} speaks version {(known ? version : "unknown")} of FaissNet's native interface, this assembly version " +
                $"{NativeMethods.AbiVersion}: use the native library of the same FaissNet package.");
        }
    }

    private static string NotFoundMessage(string? wanted, List<string> failures)
    {
        var what = wanted is null ? "FaissNet's native library" : $"FaissNet's native library for {SimdVariable}={wanted}";
        return failures.Count > 0
            ? $"{what} cannot be loaded: {string.Join(" ", failures)}"
            : $"{what} was not found for {PortableRuntimeIdentifier()}. Looked in: {string.Join(", ", Folders().Distinct())}. " +
              "Reference the FaissNet package for this platform, build the library (eng/build-native.sh), or name a file in " +
              $"{LibraryVariable}.";
    }

    private sealed record Variant(string Name, string Library, Func<bool> Runs);
}
