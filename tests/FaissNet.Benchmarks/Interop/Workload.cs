using System.Runtime.InteropServices;
using FaissNet.Data;

namespace FaissNet.Benchmarks.Interop;

/// <summary>The index and query files that both sides load. They are made once, by FaissNet, and kept.</summary>
internal sealed record Workload(string Index, string Queries, int QueryCount)
{
    /// <summary>MNIST's 60,000 training images under a factory string, and the first of its test images as queries.</summary>
    public static Workload Mnist(InteropOptions options, string factory, int queryCount, Action<string> say)
    {
        var files = DataFiles.Mnist(options.Mnist);
        var name = $"mnist-{factory.Replace(',', '-')}";
        return Make(name, queryCount, say, 784, factory, () => VectorFile.ReadAll(files.Base).Values, () => VectorFile.ReadAll(files.Queries).Values);
    }

    /// <summary>An index that fits into the cache, so that the call itself weighs most: uniform vectors and queries.</summary>
    public static Workload Small(int d, int n, string factory, int queryCount, Action<string> say) =>
        Make(
            $"uniform-{d}x{n}-{factory.Replace(',', '-')}", queryCount, say, d, factory,
            () => Uniform(n * d, seed: 1), () => Uniform(queryCount * d, seed: 2));

    // 39 vectors for each of the 256 centroids, below which FAISS warns; what is measured does not depend on more.
    private const int TrainingVectors = 39 * 256;

    private static Workload Make(
        string name, int queryCount, Action<string> say, int d, string factory, Func<float[]> vectors, Func<float[]> queries)
    {
        var index = Path.Combine(Repository.Work, $"{name}-faiss-{FaissRuntime.FaissVersion}.faiss");
        var queryFile = Path.Combine(Repository.Work, $"{name}-{queryCount}.queries");
        if (!File.Exists(index))
        {
            say($"Building {factory} …");
            var threads = FaissRuntime.ThreadCount;
            FaissRuntime.ThreadCount = Environment.ProcessorCount;
            using var made = IndexFactory.Create(d, factory);
            var all = vectors();
            made.Train(all.AsSpan(0, Math.Min(all.Length, TrainingVectors * d)));
            made.Add(all);
            made.Save(index);
            FaissRuntime.ThreadCount = threads;
        }

        if (!File.Exists(queryFile))
            File.WriteAllBytes(queryFile, MemoryMarshal.AsBytes(queries().AsSpan(0, queryCount * d)));

        return new Workload(index, queryFile, queryCount);
    }

    private static float[] Uniform(int length, int seed)
    {
        var random = new Random(seed);
        var values = new float[length];
        foreach (ref var value in values.AsSpan())
            value = random.NextSingle();

        return values;
    }
}
