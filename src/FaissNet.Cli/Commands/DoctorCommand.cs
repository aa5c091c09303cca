using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using FaissNet.Cli.Output;

namespace FaissNet.Cli.Commands;

internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = Options.Json();
        var command = new Command("doctor", "Says what FaissNet runs on, and what keeps it from running.") { json };
        command.SetAction(parsed =>
        {
            var report = Examine();
            if (parsed.GetValue(json))
                JsonOutput.Write(report, CliJson.Relaxed.DoctorOutput);
            else
                Draw(report);

            return report.Error is null ? 0 : throw new DllNotFoundException(report.Error);
        });
        return command;
    }

    private static DoctorOutput Examine()
    {
        FaissOutput? faiss = null;
        string? error = null;
        try
        {
            faiss = new FaissOutput(
                FaissRuntime.FaissVersion,
                FaissRuntime.Variant,
                FaissRuntime.SimdLevel,
                FaissRuntime.LibraryPath,
                FaissRuntime.CompileOptions,
                FaissRuntime.Blas,
                FaissRuntime.ThreadCount,
                FaissRuntime.Capabilities.HasFlag(FaissCapabilities.Gpu),
                FaissRuntime.GpuCount);
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            error = ErrorText.Of(e);
        }

        return new DoctorOutput(
            Version(),
            faiss,
            error,
            Environment.ProcessorCount,
            [.. CpuFeatures()],
            RuntimeInformation.FrameworkDescription,
            $"{RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture})",
            RuntimeInformation.RuntimeIdentifier);
    }

    private static string Version() =>
        typeof(DoctorCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static IEnumerable<string> CpuFeatures() =>
        ((bool IsSupported, string Name)[])[
            (Sse42.IsSupported, "SSE4.2"),
            (Popcnt.IsSupported, "POPCNT"),
            (Avx.IsSupported, "AVX"),
            (Avx2.IsSupported, "AVX2"),
            (Fma.IsSupported, "FMA"),
            (Avx512F.IsSupported, "AVX512F"),
            (Avx512BW.VL.IsSupported, "AVX512BW+VL"),
            (Avx512Vbmi.IsSupported, "AVX512VBMI"),
            (AdvSimd.IsSupported, "AdvSimd"),
            (Dp.IsSupported, "DP"),
        ] is var features ? features.Where(feature => feature.IsSupported).Select(feature => feature.Name) : [];

    private static void Draw(DoctorOutput report)
    {
        Terminal.WriteFacts([
            ("FaissNet", report.Version),
            .. report.Faiss is { } faiss ? Describe(faiss, report.Processors) : [("FAISS", "cannot be loaded, see below")],
            ("processor", $"{report.Processors} cores, {string.Join(" ", report.CpuFeatures)}"),
            (".NET", report.Runtime),
            ("system", $"{report.Os}, {report.Rid}"),
        ]);
    }

    private static IEnumerable<(string, string?)> Describe(FaissOutput faiss, int processors) =>
    [
        ("FAISS", $"{faiss.Version} ({faiss.CompileOptions})"),
        ("library", faiss.Library),
        ("variant", faiss.Variant == faiss.SimdLevel ? faiss.Variant : $"{faiss.Variant}, using {faiss.SimdLevel}"),
        ("BLAS", faiss.Blas),
        ("threads", $"{faiss.Threads} of {processors} processors"),
        ("GPU", !faiss.GpuSupport ? "not in this build" : faiss.GpuCount == 0 ? "no device" : $"{faiss.GpuCount} devices"),
    ];
}
