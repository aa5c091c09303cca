using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using FaissNet.Cli.Output;
using FaissNet.Managed;

namespace FaissNet.Cli.Commands;

internal static class DoctorCommand
{
    public static Command Create()
    {
        var engine = Options.Engine();
        var json = Options.Json();
        var command = new Command("doctor", "Says what FaissNet runs on, and what keeps it from running.") { engine, json };
        command.SetAction(parsed =>
        {
            var report = Examine();
            JsonOutput.WriteOrDraw(report, parsed.GetValue(json), CliJson.Relaxed.DoctorOutput, Draw);

            // The managed engine runs anywhere.
            return report.Error is null || parsed.GetValue(engine) == Engine.Managed.Name ? 0 : throw new DllNotFoundException(report.Error);
        });
        return command;
    }

    private static DoctorOutput Examine()
    {
        var error = Engine.FindNativeError();
        var (devices, gpuError) = error is null ? Gpus() : ([], null);
        var faiss = error is not null
            ? null
            : new FaissOutput(
                FaissRuntime.FaissVersion,
                FaissRuntime.Variant,
                FaissRuntime.SimdLevel,
                FaissRuntime.LibraryPath,
                FaissRuntime.CompileOptions,
                FaissRuntime.Blas,
                FaissRuntime.ThreadCount,
                FaissRuntime.Capabilities.HasFlag(FaissCapabilities.Gpu),
                devices.Length,
                devices,
                gpuError);
        return new DoctorOutput(
            Version(),
            faiss,
            error,
            new ManagedOutput(VectorWidth(), Avx512Vbmi.IsSupported, ManagedThreads.Count),
            Environment.ProcessorCount,
            [.. CpuFeatures()],
            RuntimeInformation.FrameworkDescription,
            $"{RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture})",
            RuntimeInformation.RuntimeIdentifier);
    }

    // CUDA may be there and not work, which is for this command to say.
    private static (GpuOutput[] Devices, string? Error) Gpus()
    {
        try
        {
            return ([.. FaissRuntime.GpuDevices.Select(device => new GpuOutput(
                device.Number, device.Name, device.ComputeCapability.ToString(), device.TotalMemory, device.FreeMemory))], null);
        }
        catch (Exception e) when (e is FaissException or OutOfMemoryException)
        {
            return ([], e.Message);
        }
    }

    // What the managed engine's kernels are compiled for.
    private static string VectorWidth() =>
        Vector512.IsHardwareAccelerated ? "512-bit"
        : Vector256.IsHardwareAccelerated ? "256-bit"
        : Vector128.IsHardwareAccelerated ? "128-bit"
        : "scalar";

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
            ("managed engine", $"{report.Managed.VectorWidth} kernels{(report.Managed.ByteShuffles ? " with byte shuffles (VBMI)" : "")}, {report.Managed.Threads} threads"),
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
        .. faiss.Gpus.Length > 0 ? faiss.Gpus.Select(Describe) : [("GPU", faiss.GpuError ?? (faiss.GpuSupport ? "no device" : "not in this build"))],
    ];

    private static (string, string?) Describe(GpuOutput device) =>
        ($"GPU {device.Number}",
            $"{device.Name}, compute capability {device.ComputeCapability}, {Format.Bytes(device.FreeMemory)} free of {Format.Bytes(device.TotalMemory)}");
}
