using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Parity;

/// <summary>One kind of index, as Python and FaissNet both make it.</summary>
public sealed record ParityCase(string Kind, MetricType Metric, bool GivenIds)
{
    public const int D = 16, NList = 16, M = 4, NBits = 8, NProbe = 4, Count = 3000, Queries = 60, K = 10;

    public string Name => $"{Kind} {Metric} {(GivenIds ? "given ids" : "default ids")}";

    /// <summary>Sums of small integers: every build of FAISS gets them exactly.</summary>
    public bool IsExact => !Kind.Contains("PQ", StringComparison.Ordinal);

    public VectorIndex Create() => Kind switch
    {
        "Flat" => Metric == MetricType.L2 ? new IndexFlatL2(D) : new IndexFlatIP(D),
        "IDMap,Flat" => IndexFactory.Create(D, Kind, Metric),
        "IVFFlat" => new IndexIVFFlat(D, NList, Metric),
        "IVFPQ" => new IndexIVFPQ(D, NList, M, NBits, Metric),
        _ => throw new InvalidOperationException(Kind),
    };
}

/// <summary>
/// Runs Python's faiss once for all parity tests: it makes an index of every kind, and searches both its own and those that
/// FaissNet made.
/// </summary>
public sealed class Witness : IDisposable
{
    private const string Missing =
        "Python's faiss is missing: apt install python3-faiss (or set FAISSNET_PYTHON to a Python that has it, or FAISSNET_SKIP_PYTHON=1).";

    public static readonly ParityCase[] Cases =
    [
        .. from metric in new[] { MetricType.L2, MetricType.InnerProduct }
           from kind in new[] { ("Flat", false), ("IDMap,Flat", true), ("IVFFlat", false), ("IVFFlat", true), ("IVFPQ", false), ("IVFPQ", true) }
           select new ParityCase(kind.Item1, metric, kind.Item2),
    ];

    private readonly TemporaryFolder _folder = new();

    public Witness()
    {
        if (Skip)
            return;

        Write("vectors", Vectors);
        Write("queries", Queries);
        Write("ids", Ids);
        var jobs = new List<object>();
        foreach (var parity in Cases)
        {
            MakeOurs(parity);
            jobs.Add(new
            {
                @do = "make",
                d = ParityCase.D,
                kind = parity.Kind,
                metric = parity.Metric.ToString(),
                nlist = ParityCase.NList,
                m = ParityCase.M,
                nbits = ParityCase.NBits,
                nprobe = ParityCase.NProbe,
                vectors = _folder.File("vectors"),
                given_ids = parity.GivenIds ? _folder.File("ids") : null,
                index = File(parity, "python"),
            });
            foreach (var maker in new[] { "python", "faissnet" })
            {
                jobs.Add(new
                {
                    @do = "search",
                    d = ParityCase.D,
                    index = File(parity, maker),
                    queries = _folder.File("queries"),
                    k = ParityCase.K,
                    ids = File(parity, $"{maker}.ids"),
                    distances = File(parity, $"{maker}.distances"),
                    copy = File(parity, $"{maker}.copy"),
                });
            }
        }

        RunPython(_folder, jobs);
    }

    public static bool Skip => TestEngine.IsManagedOnly || Environment.GetEnvironmentVariable("FAISSNET_SKIP_PYTHON") == "1";

    public static float[] Vectors { get; } = TestVectors.Clustered(ParityCase.Count, ParityCase.D, seed: 2);

    public static float[] Queries { get; } = TestVectors.Clustered(ParityCase.Queries, ParityCase.D, seed: 3);

    /// <summary>Distinct, in no order, beyond 32 bits.</summary>
    public static long[] Ids { get; } = [.. Enumerable.Range(0, ParityCase.Count).Select(i => (i * 7919L % ParityCase.Count << 33) + 5)];

    public string File(ParityCase parity, string what) => _folder.File($"{parity.Name} {what}");

    /// <summary>What Python found in the index that <paramref name="maker"/> made.</summary>
    public (long[] Ids, float[] Distances) PythonFound(ParityCase parity, string maker) => (
        MemoryMarshal.Cast<byte, long>(System.IO.File.ReadAllBytes(File(parity, $"{maker}.ids"))).ToArray(),
        MemoryMarshal.Cast<byte, float>(System.IO.File.ReadAllBytes(File(parity, $"{maker}.distances"))).ToArray());

    public void Dispose() => _folder.Dispose();

    private void MakeOurs(ParityCase parity)
    {
        using var index = parity.Create();
        index.Train(Vectors);
        if (parity.GivenIds)
            index.AddWithIds(Vectors, Ids);
        else
            index.Add(Vectors);

        if (index is IndexIVF ivf)
            ivf.NProbe = ParityCase.NProbe;

        index.Save(File(parity, "faissnet"));
    }

    /// <summary>Runs Python code, which finds <c>faiss</c>, <c>np</c> and the path <c>folder</c>; skips the test where Python is to be left out.</summary>
    internal static void RunScript(TemporaryFolder folder, string code)
    {
        Assert.SkipWhen(Skip, "FAISSNET_SKIP_PYTHON is 1");
        RunPython(folder, [new { @do = "script", code, folder = folder.Path }]);
    }

    /// <summary>Runs a script, witness.py unless another is named, with jobs.</summary>
    internal static void RunPython(TemporaryFolder folder, List<object> jobs, string? script = null)
    {
        System.IO.File.WriteAllText(folder.File("jobs.json"), JsonSerializer.Serialize(jobs));
        // The system's own, where apt puts the package, rather than whichever is first on the path.
        var python = Environment.GetEnvironmentVariable("FAISSNET_PYTHON") is { Length: > 0 } named ? named
            : System.IO.File.Exists("/usr/bin/python3") ? "/usr/bin/python3"
            : "python3";
        script ??= Path.Combine("Parity", "witness.py");
        var start = new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, script), folder.File("jobs.json")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // As in this process: tests run beside each other.
        start.Environment["OMP_NUM_THREADS"] = "1";
        Process? process = null;
        try
        {
            process = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // No Python at all.
        }

        Assert.True(process is not null, Missing);
        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            process.WaitForExit();
            Assert.False(errors.Result.Contains("No module named", StringComparison.Ordinal), Missing);
            Assert.True(process.ExitCode == 0, $"{script} ended with {process.ExitCode}.\n{output.Result}\n{errors.Result}");
        }
    }

    private void Write<T>(string name, T[] values)
        where T : unmanaged =>
        System.IO.File.WriteAllBytes(_folder.File(name), MemoryMarshal.AsBytes<T>(values).ToArray());
}
