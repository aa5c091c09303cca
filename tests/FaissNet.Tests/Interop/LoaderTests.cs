using FaissNet.Tests.Support;

namespace FaissNet.Tests.Interop;

/// <summary>Which native library is loaded, and what is said if none is. Each in a process that has not loaded one.</summary>
[NeedsNative]
public sealed class LoaderTests
{
    [Fact]
    public void Left_alone_the_loader_takes_the_best_that_there_is()
    {
        RequireVariants();
        var expected = System.Runtime.Intrinsics.X86.Avx2.IsSupported ? "avx2" : "generic";

        Assert.StartsWith($"{expected} {expected} ", Load(simd: null), StringComparison.Ordinal);
        Assert.StartsWith($"{expected} {expected} ", Load(simd: "auto"), StringComparison.Ordinal);
    }

    [Fact]
    public void Generic_loads_the_library_that_runs_everywhere()
    {
        RequireVariants();

        var loaded = Load("generic");

        Assert.StartsWith("generic generic ", loaded, StringComparison.Ordinal);
        Assert.EndsWith("/libfaissnet.so", loaded, StringComparison.Ordinal);
    }

    [Fact]
    public void Avx2_loads_the_library_for_it()
    {
        RequireVariants();
        Assert.SkipUnless(System.Runtime.Intrinsics.X86.Avx2.IsSupported, "the processor has no AVX2");

        var loaded = Load("avx2");

        Assert.StartsWith("avx2 avx2 ", loaded, StringComparison.Ordinal);
        Assert.EndsWith("/libfaissnet_avx2.so", loaded, StringComparison.Ordinal);
    }

    [Fact]
    public void A_processor_without_avx2_gets_the_generic_library()
    {
        RequireVariants();

        var loaded = Load(simd: null, ("DOTNET_EnableAVX2", "0"));

        Assert.StartsWith("generic generic ", loaded, StringComparison.Ordinal);
    }

    [Fact]
    public void An_instruction_set_that_the_processor_lacks_is_refused()
    {
        var error = LoadError("avx2", ("DOTNET_EnableAVX2", "0"));

        Assert.Contains("FAISSNET_SIMD is \"avx2\"", error, StringComparison.Ordinal);
        Assert.Contains("this processor", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_instruction_set_that_nobody_knows_is_refused_with_those_known()
    {
        var error = LoadError("nonsense");

        Assert.Contains("FAISSNET_SIMD is \"nonsense\": expected auto, generic, avx2 or avx512", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_is_named_and_missing_is_named_in_the_error()
    {
        var error = LoadError(simd: null, ("FAISSNET_LIBRARY", "/no/such/libfaissnet.so"));

        Assert.Contains("FAISSNET_LIBRARY is \"/no/such/libfaissnet.so\"", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_is_not_ours_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "names a library of Linux");

        var error = LoadError(simd: null, ("FAISSNET_LIBRARY", "libm.so.6"));

        Assert.Contains("libm.so.6", error, StringComparison.Ordinal);
        Assert.Contains("version unknown of FaissNet's native interface", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_library_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("text.so"), "no library");

        var error = LoadError(simd: null, ("FAISSNET_LIBRARY", folder.File("text.so")));

        Assert.Contains(folder.File("text.so"), error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_entry_says_the_same_when_there_is_no_library()
    {
        // The exception must not hide in another one, whatever is used first.
        ChildProcess.Run(
            _ =>
            {
                foreach (var call in new Action[]
                {
                    () => GC.KeepAlive(FaissRuntime.FaissVersion),
                    () => GC.KeepAlive(FaissRuntime.Variant),
                    () => GC.KeepAlive(FaissRuntime.LibraryPath),
                    () => FaissRuntime.ThreadCount = 1,
                    () => GC.KeepAlive(new IndexFlatL2(4)),
                    () => GC.KeepAlive(IndexFactory.Create(4, "Flat")),
                    () => GC.KeepAlive(FaissIndex.Load(new MemoryStream([1, 2, 3, 4]), trusted: true)),
                })
                {
                    Assert.Throws<DllNotFoundException>(call);
                }
            },
            environment: new Dictionary<string, string?> { ["FAISSNET_LIBRARY"] = "/no/such/libfaissnet.so" }).RequireSuccess();
    }

    // A library with dynamic dispatch, or one that a developer names, stands for all.
    private static void RequireVariants()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "variants are built on Linux");
        Assert.SkipWhen(FaissRuntime.Variant == "dynamic", "this FAISS holds every instruction set in one library");
        Assert.SkipWhen(Environment.GetEnvironmentVariable("FAISSNET_LIBRARY") is { Length: > 0 }, "FAISSNET_LIBRARY names one library");
    }

    private static string Load(string? simd, params (string Name, string Value)[] environment) =>
        Run(
            _ =>
            {
                using var index = new IndexFlatL2(4);
                index.Add([1, 2, 3, 4]);
                Assert.Equal(0, index.Search([1, 2, 3, 4], 1)[0][0].Distance);
                Console.Write($"{FaissRuntime.Variant} {FaissRuntime.SimdLevel} {FaissRuntime.LibraryPath}");
            },
            simd,
            environment);

    private static string LoadError(string? simd, params (string Name, string Value)[] environment) =>
        Run(_ => Console.Write(Assert.Throws<DllNotFoundException>(() => FaissRuntime.FaissVersion).Message), simd, environment);

    private static string Run(Action<string[]> body, string? simd, (string Name, string Value)[] environment)
    {
        var variables = environment.ToDictionary(pair => pair.Name, pair => (string?)pair.Value);
        variables["FAISSNET_SIMD"] = simd;
        return ChildProcess.Run(body, environment: variables).RequireSuccess();
    }
}
