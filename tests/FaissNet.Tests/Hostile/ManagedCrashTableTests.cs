using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Hostile;

/// <summary>
/// The rows of <see cref="CrashTableTests"/> for the managed engine, which has no FAISS to end the process, but pointers of its own. Damaged
/// files have <see cref="Serialization.ManagedDamageTests"/>, full disks <see cref="FullDiskTests"/>.
/// </summary>
public sealed class ManagedCrashTableTests
{
    private const int D = 8;

    private static readonly string[] s_types =
    [
        "Flat", "SQ8", "PQ4x4np", "PQ4x4fs", "IVF2,Flat", "IVF2,PQ4x4np", "IVF2,PQ4x4fs", "IVF2,SQ8", "IDMap,Flat", "IDMap2,IVF2,Flat", "PCA4,Flat",
        "RR8,IVF2,PQ2x4np", "L2norm,Flat", "IVF2,PQ4x4np,RFlat",
    ];

    [Fact]
    public void Reconstruct_out_of_range() => ForEachType(index =>
    {
        foreach (var id in new[] { 50, -1, -2, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue, 1L << 40 })
            Throws<KeyNotFoundException>(() => index.Reconstruct(id), $"{id}");

        Assert.Equal(D, index.Reconstruct(49).Length);
    });

    [Fact]
    public void Wrong_buffer_length_or_dimension() => ForEachType(index =>
    {
        foreach (var length in new[] { 1, D - 1, D + 1, 100 * D - 1 })
        {
            Throws<ArgumentException>(() => index.Add(new float[length]), $"{length}");
            Throws<ArgumentException>(() => index.Search(new float[length], 1), $"{length}");
        }

        Throws<ArgumentException>(() => index.Search(new float[4 * D], 5, new float[19], new long[20]), "19");
        Throws<ArgumentException>(() => index.Search(new float[4 * D], 5, new float[20], new long[19]), "19");
        Throws<ArgumentException>(() => index.Reconstruct(0, new float[D - 1]), $"{D - 1}");
        Throws<ArgumentException>(() => index.AddWithIds(new float[2 * D], [1]), "");
    });

    [Fact]
    public void A_k_of_2_to_the_31st() => ForEachType(index =>
    {
        var result = index.Search(new float[2 * D], int.MaxValue);
        Assert.Equal(2, result.QueryCount);
        Assert.InRange(result.K, 1, 50);
        Throws<ArgumentOutOfRangeException>(() => index.Search(new float[2 * D], int.MaxValue, new float[9], new long[9]), $"{int.MaxValue}");
    });

    [Fact]
    public void Adding_while_searching_and_adding_twice_at_once() => ForEachType(index =>
    {
        var vectors = TestVectors.Clustered(400, D, seed: 2);
        var failures = new List<Exception>();
        var adding = 2;
        var threads = Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            try
            {
                if (t < 2)
                {
                    for (var i = 0; i < 20; i++)
                        Fill(index, vectors.AsSpan(i * 20 * D, 20 * D), first: 1000 * (t + 1) + 20 * i);
                    Interlocked.Decrement(ref adding);
                }

                while (t >= 2 && Volatile.Read(ref adding) > 0)
                    index.Search(vectors.AsSpan(0, 4 * D), 5);
            }
            catch (Exception e)
            {
                Interlocked.Exchange(ref adding, 0);
                lock (failures)
                    failures.Add(e);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Empty(failures);
        Assert.Equal(850, index.Count);
    });

    [Fact]
    public void A_process_that_searched_with_several_threads_can_start_others() => InChild(static _ =>
    {
        M.ManagedThreads.Count = 2;
        using var index = Filled("IVF2,Flat", 5000);
        index.Search(TestVectors.Clustered(1000, D, seed: 3), 5);
        ChildProcess.Run(static _ => Assert.Single(Filled("Flat", 10).Search(new float[D], 1)[0])).RequireSuccess();
    });

    [Fact]
    public void NaN_in_a_query_or_an_add() => ForEachType(index =>
    {
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            var vectors = new float[3 * D];
            vectors[2 * D + 3] = value;
            Throws<ArgumentException>(() => index.Search(vectors, 1), "vector 2, component 3");
            Throws<ArgumentException>(() => index.RangeSearch(vectors, 1), "vector 2, component 3");
            Throws<ArgumentException>(() => index.Add(vectors), "");
            Throws<ArgumentException>(() => index.AddWithIds(vectors, [1, 2, 3]), "vector 2, component 3");
        }

        Assert.Equal(50, index.Count);
    });

    [Fact]
    public void Searching_an_untrained_index() => InChild(static _ =>
    {
        foreach (var description in s_types)
        {
            using var index = M.IndexFactory.Create(D, description);
            if (index.IsTrained)
                continue;

            Throws<InvalidOperationException>(() => index.Search(new float[D], 1), "not trained");
            Throws<InvalidOperationException>(() => index.AddWithIds(new float[D], [1]), "not trained");
            Throws<InvalidOperationException>(() => index.RangeSearch(new float[D], 1), "not trained");
        }
    });

    [Fact]
    public void Merging_an_index_into_itself() => ForEachType(index =>
    {
        Throws<ArgumentException>(() => index.MergeFrom(index), "");
        Assert.Equal(50, index.Count);
        index.Search(new float[D], 5);
    });

    [Fact]
    public void A_dimension_below_one_and_PQ_of_40_bits() => InChild(static _ =>
    {
        foreach (var d in new[] { 0, -1, int.MinValue, int.MaxValue, (1 << 20) + 1 })
        {
            foreach (var make in new Func<VectorIndex>[]
            {
                () => new M.IndexFlatL2(d), () => new M.IndexFlatIP(d), () => new M.IndexIVFFlat(d, 2), () => new M.IndexIVFPQ(d, 2, 1),
                () => M.IndexFactory.Create(d, "Flat"), () => M.IndexFactory.CreateCosine(d, "Flat"),
            })
            {
                Throws<ArgumentOutOfRangeException>(() => make(), $"d is {d}");
            }
        }

        foreach (var nbits in new[] { 40, 0, -1, int.MaxValue })
            Throws<ArgumentOutOfRangeException>(() => new M.IndexIVFPQ(D, 2, 2, nbits).Dispose(), $"nbits is {nbits}");

        foreach (var m in new[] { 0, -1, 3, D + 1, int.MaxValue, int.MinValue })
            Throws<ArgumentOutOfRangeException>(() => new M.IndexIVFPQ(D, 2, m).Dispose(), $"m is {m}");

        foreach (var nlist in new[] { 0, -1, int.MinValue })
            Throws<ArgumentOutOfRangeException>(() => new M.IndexIVFFlat(D, nlist).Dispose(), $"nlist is {nlist}");

        Throws<ArgumentException>(() => M.IndexFactory.Create(D, "IVF2,PQ2x40"), "PQ2x40");
    });

    [Fact]
    public void An_exception_inside_a_parallel_search_or_a_training() => InChild(static _ =>
    {
        M.ManagedThreads.Count = 4;
        foreach (var description in s_types)
        {
            using var index = Filled(description, 50);
            var selector = new SearchParameters { Selector = IdSelector.Where(id => id % 7 == 5 ? throw new InvalidTimeZoneException() : true) };
            var queries = TestVectors.Clustered(64, D, seed: 3);
            try
            {
                Assert.Throws<InvalidTimeZoneException>(() => index.Search(queries, 5, selector));
            }
            catch (Xunit.Sdk.ThrowsException e) when (e.InnerException is NotSupportedException)
            {
                // No selectors with this type.
            }

            index.Search(queries, 5);
        }

        using var untrained = new M.IndexIVFFlat(D, 2);
        Assert.Throws<InvalidTimeZoneException>(() =>
            untrained.Train(TestVectors.Clustered(100, D, seed: 1), new Recorder(_ => throw new InvalidTimeZoneException())));
        Assert.False(untrained.IsTrained);
        untrained.Train(TestVectors.Clustered(100, D, seed: 1));
    });

    [Fact]
    public void Removing_whatever_there_is() => ForEachType(index =>
    {
        foreach (var selector in new[]
        {
            IdSelector.Batch(long.MinValue, -1, 0, 1, 49, 50, long.MaxValue), IdSelector.Range(long.MinValue, 3), IdSelector.Where(id => id % 2 == 0), IdSelector.All,
            IdSelector.Range(0, 100),
        })
        {
            try
            {
                index.Remove(selector);
            }
            catch (NotSupportedException)
            {
                // Fast-scan over blocks, and what refines.
            }

            index.Search(new float[D], 5);
        }
    });

    private static M.ManagedIndex Filled(string description, int n)
    {
        var index = M.IndexFactory.Create(D, description);
        index.Train(TestVectors.Clustered(100, D, seed: 1));
        Fill(index, TestVectors.Clustered(n, D, seed: 2), first: 0);
        return index;
    }

    private static void Fill(VectorIndex index, ReadOnlySpan<float> vectors, long first)
    {
        if (index is M.IndexIDMap)
            index.AddWithIds(vectors, [.. Enumerable.Range(0, vectors.Length / D).Select(i => first + i)]);
        else
            index.Add(vectors);
    }

    private static void Throws<T>(Action call, string says)
        where T : Exception =>
        Assert.Contains(says, Assert.ThrowsAny<T>(call).Message, StringComparison.Ordinal);

    private static void InChild(Action<string[]> body) => ChildProcess.Run(body).RequireSuccess();

    // One process for all types: which one it died of is the last that it named.
    private static void ForEachType(Action<M.ManagedIndex> body) => ChildProcess.Run(
        static arguments =>
        {
            var method = typeof(ManagedCrashTableTests).Assembly.GetType(arguments[0], throwOnError: true)!
                .GetMethod(arguments[1], System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!;
            var target = method.IsStatic ? null : Activator.CreateInstance(method.DeclaringType!, nonPublic: true);
            foreach (var description in s_types)
            {
                Console.WriteLine(description);
                Console.Out.Flush();
                using var index = Filled(description, 50);
                method.CreateDelegate<Action<M.ManagedIndex>>(target)(index);
            }
        },
        [body.Method.DeclaringType!.FullName!, body.Method.Name],
        timeoutSeconds: 180).RequireSuccess();
}
