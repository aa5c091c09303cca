using FaissNet.Data;

namespace FaissNet.Evaluation;

/// <summary>One index type, built and measured.</summary>
/// <param name="Factory">FAISS's description of it.</param>
/// <param name="BytesPerVector">Bytes of one vector: code and id.</param>
/// <param name="TotalBytes">Bytes of the whole index as a file, centroids and codebooks included.</param>
/// <param name="BuildSeconds">Training and adding.</param>
/// <param name="Search">Recall and speed, per nprobe; one entry for types without lists.</param>
public sealed record ConfigurationResult(
    string Factory, double BytesPerVector, long TotalBytes, double BuildSeconds, IReadOnlyList<EvaluationResult> Search);

/// <summary>Memory against accuracy: builds several index types over the same vectors and measures each.</summary>
public static class ConfigurationComparison
{
    /// <summary>The usual choices for vectors of d components: lists of vectors as they are, then ever smaller codes.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="count">The vectors to hold, which decide the number of lists.</param>
    /// <returns>FAISS's descriptions, from the largest to the smallest.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1.</exception>
    public static IReadOnlyList<string> Suggest(int d, long count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(d, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        // 4·√n, as a power of two, with at least 39 vectors to train each centroid with.
        var lists = 1L << (int)Math.Floor(Math.Log2(Math.Max(1, Math.Min(4 * Math.Sqrt(count), count / 39.0))));
        // Sub-quantizers of about 4, 8 and 16 components; numbers that divide d.
        int[] sizes = [Divisor(d, d / 4), Divisor(d, d / 8), Divisor(d, d / 16)];
        var half = Divisor(d, d / 2);
        return
        [
            $"IVF{lists},Flat",
            $"IVF{lists},SQ8",
            .. sizes.Distinct().Select(m => $"IVF{lists},PQ{m}np"),
            $"IVF{lists},PQ{half}x4fs,RFlat",
            $"IVF{lists},PQ{half}x4fs",
        ];
    }

    /// <summary>Builds and measures each type.</summary>
    /// <param name="create">Makes an empty index from a description.</param>
    /// <param name="factories">FAISS's descriptions.</param>
    /// <param name="vectors">The vectors to search in.</param>
    /// <param name="queries">n·d floats.</param>
    /// <param name="truth">The exact neighbours of the queries.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="nprobes">The values to measure types with lists at; more than there are lists means all.</param>
    /// <param name="begin">Told each description before it is built.</param>
    /// <param name="progress">Told how far each build is.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="ArgumentException">A description cannot be built, or the data do not fit each other.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public static IReadOnlyList<ConfigurationResult> Run(
        Func<string, VectorIndex> create,
        IReadOnlyList<string> factories,
        VectorReader vectors,
        ReadOnlyMemory<float> queries,
        NeighborSet truth,
        int k,
        IReadOnlyList<int> nprobes,
        Action<string>? begin = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(factories);
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(nprobes);
        var results = new List<ConfigurationResult>(factories.Count);
        foreach (var factory in factories)
        {
            begin?.Invoke(factory);
            using var index = create(factory);
            var empty = index.Describe();
            var trainSize = TrainingSample.DefaultSize(vectors.Count, vectors.Dimension, empty.NList ?? 0, empty.NBits ?? 0);
            var times = IndexBuilder.Build(index, vectors, trainSize, progress, cancellationToken);
            var built = index.Describe();
            var memory = MemoryReport.Measure(index, built.CodeSize, built.IdBytes);
            int[] probes = built.NList is { } nlist ? [.. nprobes.Select(nprobe => (int)Math.Min(nprobe, nlist)).Distinct()] : [];
            results.Add(new ConfigurationResult(
                factory,
                built.CodeSize is { } code ? code + built.IdBytes : memory.BytesPerVector,
                memory.SerializedBytes,
                times.TrainSeconds + times.AddSeconds,
                SearchEvaluation.Run(index, queries, truth, k, probes, cancellationToken: cancellationToken)));
        }

        return results;
    }

    private static int Divisor(int d, int wanted)
    {
        for (var distance = 0; ; distance++)
        {
            if (wanted + distance <= d && d % Math.Max(1, wanted + distance) == 0)
                return Math.Max(1, wanted + distance);

            if (wanted - distance >= 1 && d % (wanted - distance) == 0)
                return wanted - distance;
        }
    }
}
