using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FaissNet.Managed;
using ManagedClustering = FaissNet.Managed.Clustering;
using ManagedClusteringParameters = FaissNet.Managed.ClusteringParameters;
using ManagedProductQuantizer = FaissNet.Managed.ProductQuantizer;

namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>The managed engine in a process of its own: it answers <c>peer.cpp</c>'s requests through the public API.</summary>
internal sealed class Worker : IDisposable
{
    /// <summary>What a worker calls its FAISS variant.</summary>
    public const string Variant = "managed";

    /// <summary>The argument that makes this program a worker.</summary>
    public const string Command = "managed-worker";

    private VectorIndex _index = new IndexFlatL2(1);
    private Memory<float> _queries;
    private int _queryCount;
    private Memory<float> _base;
    private int _dimension;

    public static int Run()
    {
        ManagedThreads.Count = 1;
        using var worker = new Worker();
        while (Console.In.ReadLine() is { } line)
        {
            try
            {
                Console.Out.WriteLine(string.Join('\t', ["ok", .. worker.Answer(line.Split(' '))]));
            }
            catch (Exception e)
            {
                Console.Out.WriteLine($"error\t{e.ToString().ReplaceLineEndings(" ")}");
            }

            Console.Out.Flush();
        }

        return 0;
    }

    public void Dispose() => _index.Dispose();

    private string[] Answer(string[] request)
    {
        switch (request)
        {
            case ["about"]:
                return [Environment.Version.ToString(), Variant, Instructions(), RuntimeInformation.RuntimeIdentifier, "none"];
            case ["pin", var cpu]:
                Processors.Pin(Number(cpu));
                return [];
            case ["threads", var count]:
                ManagedThreads.Count = Number(count);
                return [];
            case ["base", var n, var d, var path]:
                _dimension = Number(d);
                _base = Buffers.ReadFloats(path, Number(n) * _dimension);
                return [];
            case ["load", var path]:
                Load(path);
                return [];
            case ["queries", var n, var path]:
                _queryCount = Number(n);
                _queries = Buffers.ReadFloats(path, _queryCount * _index.Dimension);
                return [];
            case ["set", var name, var value]:
                _index.SetParameter(name, Number(value));
                return [];
            case ["batch", var k, _, var repeat]:
                return Batch(Number(k), Number(repeat));
            case ["single", var k, _, var calls]:
                return Single(Number(k), Number(calls), () => { });
            case ["many", var k, _, var calls, .. var cpus]:
                return Many(Number(k), Number(calls), [.. cpus.Select(Number)]);
            case ["results", var k, var path]:
                WriteResults(Number(k), path);
                return [];
            case ["train-pq", var m, var nbits, var n, var path]:
                return TrainProductQuantizer(Number(m), Number(nbits), Number(n), path);
            case ["train-clustering", var k, var niter]:
                return TrainClustering(Number(k), Number(niter));
            case ["encode", var m, var nbits, var n, var from, var to]:
                return Encode(Number(m), Number(nbits), Number(n), from, to);
            case ["add", var n, var path]:
                return Add(Number(n), path);
            default:
                throw new ArgumentException($"unknown request: {string.Join(' ', request)}");
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Instructions() =>
        Avx512Vbmi.IsSupported && Vector512.IsHardwareAccelerated ? "AVX-512 with VBMI"
        : Vector512.IsHardwareAccelerated ? "AVX-512"
        : Vector256.IsHardwareAccelerated ? "AVX2"
        : Vector128.IsHardwareAccelerated ? "128 bits"
        : "scalar";

    private void Load(string path)
    {
        _index.Dispose();
        _index = ManagedIndex.Load(path);
    }

    private static string[] Timed(Action run, params ReadOnlySpan<string> rest)
    {
        var (cpu, wall) = (Processors.ThreadSeconds(), Stopwatch.GetTimestamp());
        run();
        var (elapsed, cpuElapsed) = (Stopwatch.GetElapsedTime(wall).TotalSeconds, Processors.ThreadSeconds() - cpu);
        return [Text(elapsed), Text(cpuElapsed), .. rest];
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string[] WithChecksums(string[] times, Memory<long> labels, Memory<float> distances) =>
    [
        times[0], times[1],
        Buffers.Checksum(MemoryMarshal.AsBytes(labels.Span)).ToString("x", CultureInfo.InvariantCulture),
        Buffers.Checksum(MemoryMarshal.AsBytes(distances.Span)).ToString("x", CultureInfo.InvariantCulture),
    ];

    private string[] Batch(int k, int repeat)
    {
        var distances = Buffers.Aligned<float>(_queryCount * k);
        var labels = Buffers.Aligned<long>(_queryCount * k);
        var times = Timed(() =>
        {
            for (var i = 0; i < repeat; i++)
                _index.Search(_queries.Span, k, distances.Span, labels.Span);
        });
        return WithChecksums(times, labels, distances);
    }

    private string[] Single(int k, int calls, Action wait)
    {
        var distances = Buffers.Aligned<float>(k);
        var labels = Buffers.Aligned<long>(k);
        var d = _index.Dimension;
        wait();
        var times = Timed(() =>
        {
            var queries = _queries.Span;
            for (int i = 0, query = 0; i < calls; i++)
            {
                _index.Search(queries.Slice(query * d, d), k, distances.Span, labels.Span);
                query = query + 1 == _queryCount ? 0 : query + 1;
            }
        });
        return WithChecksums(times, labels, distances);
    }

    private string[] Many(int k, int calls, int[] cpus)
    {
        var (wall, cpu, first) = PinnedThreads.Run(cpus, wait => Single(k, calls, wait));
        return [Text(wall), Text(cpu), first[2], first[3]];
    }

    private void WriteResults(int k, string path)
    {
        var distances = new float[_queryCount * k];
        var labels = new long[_queryCount * k];
        _index.Search(_queries.Span, k, distances, labels);
        using var file = File.Create(path);
        file.Write(MemoryMarshal.AsBytes(labels.AsSpan()));
        file.Write(MemoryMarshal.AsBytes(distances.AsSpan()));
    }

    private string[] TrainProductQuantizer(int m, int nbits, int n, string path)
    {
        var quantizer = new ManagedProductQuantizer(_dimension, m, nbits);
        var vectors = _base[..(n * _dimension)];
        var times = Timed(() => quantizer.Train(vectors.Span));
        File.WriteAllBytes(path, MemoryMarshal.AsBytes(quantizer.Centroids));
        return [.. times, Text(ReconstructionError(quantizer, vectors.Span, n))];
    }

    // The mean squared distance of the vectors to what their codes stand for.
    private static double ReconstructionError(ManagedProductQuantizer quantizer, ReadOnlySpan<float> vectors, int n)
    {
        var codes = new byte[n * quantizer.CodeSize];
        var decoded = new float[vectors.Length];
        quantizer.Encode(vectors, codes);
        quantizer.Decode(codes, decoded);
        var sum = 0.0;
        for (var i = 0; i < decoded.Length; i++)
        {
            double difference = vectors[i] - decoded[i];
            sum += difference * difference;
        }

        return sum / n;
    }

    private string[] TrainClustering(int k, int niter)
    {
        ManagedClustering? clustering = null;
        var times = Timed(() =>
        {
            clustering = new ManagedClustering(_dimension, k, new ManagedClusteringParameters { NIter = niter });
            clustering.Train(_base.Span);
        });
        return [.. times, Text(clustering!.Iterations[^1].Objective)];
    }

    private string[] Encode(int m, int nbits, int n, string from, string to)
    {
        var quantizer = new ManagedProductQuantizer(_dimension, m, nbits);
        quantizer.SetCentroids(MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(from)));
        var codes = new byte[n * quantizer.CodeSize];
        var times = Timed(() => quantizer.Encode(_base.Span[..(n * _dimension)], codes));
        File.WriteAllBytes(to, codes);
        return times;
    }

    private string[] Add(int n, string path)
    {
        Load(path);
        return Timed(() => _index.Add(_base.Span[..(n * _dimension)]));
    }
}
