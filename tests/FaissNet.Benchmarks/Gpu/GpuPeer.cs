using System.Globalization;
using System.Runtime.InteropServices;

namespace FaissNet.Benchmarks.Gpu;

/// <summary>FAISS from C++: <c>peer.cpp</c> in a process of its own, on the same device.</summary>
internal sealed class GpuPeer : IDisposable
{
    private readonly LineProcess _process;

    public GpuPeer(string file, int threads)
    {
        _process = FaissProcess.Start(file, "The C++ side");
        try
        {
            Build = FaissBuild.Of(_process);
            _process.Ask(FormattableString.Invariant($"threads {threads}"));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public FaissBuild Build { get; }

    public void Use(GpuData data) => _process.Ask(FormattableString.Invariant($"base {data.BaseCount} {data.Dimension} {data.BaseFile}"));

    public Sample Train(GpuData data) => Timed(FormattableString.Invariant($"gpu-train {data.NList} {data.M}"));

    public Sample Add() => Timed("gpu-add");

    public void Load(string index, GpuData data)
    {
        _process.Ask($"gpu-load {index}");
        _process.Ask(FormattableString.Invariant($"queries {data.QueryCount} {data.QueryFile}"));
    }

    public void SetNProbe(int nprobe) => _process.Ask(FormattableString.Invariant($"set nprobe {nprobe}"));

    /// <summary>All queries in one call.</summary>
    public Sample Batch(int k) => Sample.Of(_process.Ask(FormattableString.Invariant($"batch {k} 0 1")));

    /// <summary>One query a call.</summary>
    public Sample Single(int k, int calls) => Sample.Of(_process.Ask(FormattableString.Invariant($"single {k} 0 {calls}")));

    /// <summary>The ids that a batch finds.</summary>
    public long[] Labels(int k, int queries)
    {
        var file = Path.Combine(Repository.Work, $"{Guid.NewGuid():N}.tmp");
        try
        {
            _process.Ask(FormattableString.Invariant($"results {k} {file}"));
            return MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(file).AsSpan(0, queries * k * sizeof(long))).ToArray();
        }
        finally
        {
            File.Delete(file);
        }
    }

    public void Dispose() => _process.Dispose();

    private Sample Timed(string request)
    {
        var answer = _process.Ask(request);
        return new Sample(double.Parse(answer[0], CultureInfo.InvariantCulture), double.Parse(answer[1], CultureInfo.InvariantCulture), 0, 0, 0);
    }
}
