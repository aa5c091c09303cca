namespace FaissNet.Benchmarks.Interop;

/// <summary>FAISS from C++: <c>peer.cpp</c> in a process of its own, which waits for input while the other side works.</summary>
internal sealed class Peer : IContender
{
    private readonly LineProcess _process;

    public Peer(string file, int cpu)
    {
        _process = FaissProcess.Start(file, "The C++ side");
        try
        {
            Build = FaissBuild.Of(_process);
            _process.Ask(FormattableString.Invariant($"pin {cpu}"));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public FaissBuild Build { get; }

    public void Load(string index, string queries, int queryCount, int nprobe)
    {
        _process.Ask($"load {index}");
        _process.Ask(FormattableString.Invariant($"queries {queryCount} {queries}"));
        if (nprobe > 0)
            _process.Ask(FormattableString.Invariant($"set nprobe {nprobe}"));
    }

    public Sample Batch(Work work) => Measure("batch", work, []);

    public Sample Single(Work work) => Measure("single", work, []);

    public Sample Many(Work work, ReadOnlySpan<int> cpus) => Measure("many", work, cpus);

    public void Dispose() => _process.Dispose();

    private Sample Measure(string verb, Work work, ReadOnlySpan<int> cpus)
    {
        var answer = _process.Ask(FormattableString.Invariant($"{verb} {work.K} {work.NProbe} {work.Count} {string.Join(' ', cpus.ToArray())}").TrimEnd());
        return Sample.Of(answer);
    }
}
