using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FaissNet.Benchmarks.Gpu;

/// <summary>FAISS from C#: FaissNet's public API in this process, on the device and on the processors.</summary>
internal sealed class GpuLocal : IDisposable
{
    private readonly GpuResources _resources = new();
    private readonly GpuData _data;
    private readonly ReadOnlyMemory<float> _base;
    private readonly ReadOnlyMemory<float> _queries;
    private FaissIndex _cpu = new IndexFlatL2(1);
    private FaissIndex _gpu = new IndexFlatL2(1);

    public GpuLocal(GpuData data)
    {
        _data = data;
        _base = Buffers.ReadFloats(data.BaseFile, data.BaseCount * data.Dimension);
        _queries = Buffers.ReadFloats(data.QueryFile, data.QueryCount * data.Dimension);
    }

    /// <summary>Trains a new index on the GPU.</summary>
    public Sample Train()
    {
        _gpu.Dispose(); // before the next one needs its memory
        _gpu = new GpuIndexIVFPQ(_resources, _data.Dimension, _data.NList, _data.M);
        return Timed(() => _gpu.Train(_base.Span));
    }

    /// <summary>Empties that index and adds the vectors. The search of one query that follows is a part of it: it waits until the device is done.</summary>
    public Sample Add()
    {
        _gpu.Reset();
        var (distance, label) = (new float[1], new long[1]);
        return Timed(() =>
        {
            _gpu.Add(_base.Span);
            _gpu.Search(_base.Span[.._data.Dimension], 1, distance, label);
        });
    }

    /// <summary>The same on the processors, once.</summary>
    public (Sample Train, Sample Add) BuildOnCpu()
    {
        using var index = IndexFactory.Create(_data.Dimension, _data.Factory);
        return (Timed(() => index.Train(_base.Span)), Timed(() => index.Add(_base.Span)));
    }

    /// <summary>Writes the index that is on the GPU, and loads that file on both.</summary>
    public void SaveAndLoad(string file)
    {
        _gpu.Save(file);
        _cpu.Dispose();
        _cpu = FaissIndex.Load(file);
        _gpu.Dispose();
        _gpu = _cpu.ToGpu(_resources);
    }

    public void SetNProbe(int nprobe)
    {
        _cpu.SetParameter("nprobe", nprobe);
        _gpu.SetParameter("nprobe", nprobe);
    }

    /// <summary>All queries in one call.</summary>
    public Sample Batch(bool onGpu, int k) => Search(onGpu, k, _data.QueryCount, 1);

    /// <summary>One query a call.</summary>
    public Sample Single(bool onGpu, int k, int calls) => Search(onGpu, k, 1, calls);

    /// <summary>The ids that a batch finds.</summary>
    public long[] Labels(bool onGpu, int k) => (onGpu ? _gpu : _cpu).Search(_queries.Span, k).Labels.ToArray();

    /// <summary>The ids of the true neighbours of the first queries.</summary>
    public long[] Truth(int queries, int k)
    {
        using var exact = new GpuIndexFlat(_resources, _data.Dimension);
        exact.Add(_base.Span);
        return exact.Search(_queries.Span[..(queries * _data.Dimension)], k).Labels.ToArray();
    }

    public void Dispose()
    {
        _cpu.Dispose();
        _gpu.Dispose();
        _resources.Dispose();
    }

    private Sample Search(bool onGpu, int k, int rows, int calls)
    {
        var index = onGpu ? _gpu : _cpu;
        var (distances, labels) = (Buffers.Aligned<float>(rows * k), Buffers.Aligned<long>(rows * k));
        var sample = Timed(() =>
        {
            var length = rows * _data.Dimension;
            for (int i = 0, first = 0; i < calls; i++)
            {
                index.Search(_queries.Span.Slice(first, length), k, distances.Span, labels.Span);
                first = first + length < _queries.Length ? first + length : 0;
            }
        });
        return sample with
        {
            Labels = Buffers.Checksum(MemoryMarshal.AsBytes(labels.Span)),
            Distances = Buffers.Checksum(MemoryMarshal.AsBytes(distances.Span)),
        };
    }

    private static Sample Timed(Action run)
    {
        var (cpu, wall) = (Processors.ThreadSeconds(), Stopwatch.GetTimestamp());
        run();
        return new Sample(Stopwatch.GetElapsedTime(wall).TotalSeconds, Processors.ThreadSeconds() - cpu, 0, 0, 0);
    }
}
