using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FaissNet.Benchmarks.Interop;

/// <summary>FAISS from C#: FaissNet's public API in this process, as an application uses it.</summary>
internal sealed class Local : IContender
{
    private FaissIndex _index = new IndexFlatL2(1);
    private ReadOnlyMemory<float> _queries;
    private int _queryCount;

    public Local(int cpu)
    {
        FaissRuntime.ThreadCount = 1;
        Processors.Pin(cpu);
    }

    public static FaissBuild LocalBuild => new(
        FaissRuntime.FaissVersion, FaissRuntime.Variant, FaissRuntime.SimdLevel, FaissRuntime.CompileOptions, FaissRuntime.Blas);

    public FaissBuild Build => LocalBuild;

    public void Load(string index, string queries, int queryCount, int nprobe)
    {
        _index.Dispose();
        _index = FaissIndex.Load(index);
        if (nprobe > 0)
            _index.SetParameter("nprobe", nprobe);

        _queryCount = queryCount;
        _queries = Buffers.ReadFloats(queries, queryCount * _index.Dimension);
    }

    public Sample Batch(Work work) => Measure(work, _queryCount, static (index, queries, _, work, parameters, distances, labels) =>
    {
        for (var i = 0; i < work.Count; i++)
            index.Search(queries, work.K, distances, labels, parameters);
    });

    public Sample Single(Work work) => Measure(work, 1, SearchOneByOne);

    public Sample Many(Work work, ReadOnlySpan<int> cpus)
    {
        var (wall, cpu, first) = PinnedThreads.Run(cpus, wait => Measure(work, 1, SearchOneByOne, wait));
        return first with { Wall = wall, Cpu = cpu };
    }

    public void Dispose() => _index.Dispose();

    private static void SearchOneByOne(
        FaissIndex index, ReadOnlySpan<float> queries, int queryCount, Work work, SearchParameters? parameters, Span<float> distances, Span<long> labels)
    {
        var d = index.Dimension;
        for (int i = 0, query = 0; i < work.Count; i++)
        {
            index.Search(queries.Slice(query * d, d), work.K, distances, labels, parameters);
            query = query + 1 == queryCount ? 0 : query + 1;
        }
    }

    private delegate void Searches(
        FaissIndex index, ReadOnlySpan<float> queries, int queryCount, Work work, SearchParameters? parameters, Span<float> distances, Span<long> labels);

    private Sample Measure(Work work, int rows, Searches search, Action? wait = null)
    {
        var distances = Buffers.Aligned<float>(rows * work.K).Span;
        var labels = Buffers.Aligned<long>(rows * work.K).Span;
        var queries = _queries.Span;
        var parameters = work.NProbe > 0 ? new SearchParameters { NProbe = work.NProbe } : null;

        wait?.Invoke();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var (cpu, wall) = (Processors.ThreadSeconds(), Stopwatch.GetTimestamp());
        search(_index, queries, _queryCount, work, parameters, distances, labels);
        var (elapsed, cpuElapsed) = (Stopwatch.GetElapsedTime(wall).TotalSeconds, Processors.ThreadSeconds() - cpu);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return new Sample(elapsed, cpuElapsed, Buffers.Checksum(MemoryMarshal.AsBytes(labels)), Buffers.Checksum(MemoryMarshal.AsBytes(distances)), allocated);
    }
}
