using System.Runtime.CompilerServices;
using FaissNet.Interop;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Hostile;

/// <summary>What is made and disposed again and again takes no more memory in the end than in the beginning.</summary>
public sealed class LeakTests
{
    private const int D = 16;

    // One index of one type that is not freed in each round would take six times as much.
    private const long MemoryLimit = 2L << 20;

    private const int WarmUpRounds = 20;
    private const int Rounds = 100;
    private const int Count = 2000;

    // Compiled code, the allocator's pools and the collector's reach their size at some time: one stretch that takes nothing says that nothing leaks.
    private const int Stretches = 5;

    [Fact]
    [NeedsNative]
    public void Native_indexes_leave_nothing_behind() => ChildProcess.Run(static _ =>
    {
        FaissRuntime.ThreadCount = 1;
        string[] types = ["Flat", "SQ8", "IVF4,Flat", "IVF4,PQ4x4np", "IVF4,PQ4x4fs", "HNSW4", "IDMap,Flat", "PCA8,IVF4,Flat", "IVF4,SQ8,RFlat"];
        RequireFlatMemory(() =>
        {
            foreach (var type in types)
                UseOnce(IndexFactory.Create(D, type), stream => FaissIndex.Load(stream));
        });
        Assert.Equal(0, FaissRuntime.LiveHandles);
        Assert.Equal(0, FaissRuntime.ForgottenHandles);
    }, timeoutSeconds: 300).RequireSuccess();

    [Fact]
    public void Managed_indexes_leave_nothing_behind() => ChildProcess.Run(static _ =>
    {
        string[] types = ["Flat", "SQ8", "IVF4,Flat", "IVF4,PQ4x4np", "IVF4,PQ4x4fs", "PQ4x4fs", "IDMap,Flat", "PCA8,IVF4,Flat", "IVF4,SQ8,RFlat"];
        RequireFlatMemory(() =>
        {
            foreach (var type in types)
                UseOnce(M.IndexFactory.Create(D, type), stream => M.ManagedIndex.Load(stream));
        });
    }, timeoutSeconds: 300).RequireSuccess();

    [Fact]
    [NeedsNative]
    public void A_handle_that_nobody_disposes_is_counted_and_told() => ChildProcess.Run(static _ =>
    {
        Forget();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal(1, FaissRuntime.ForgottenHandles);
        Assert.Contains(nameof(Forget), Assert.Single(FaissRuntime.ForgottenHandleOrigins), StringComparison.Ordinal);
        Assert.Equal(0, FaissRuntime.LiveHandles);
        Assert.Throws<InvalidOperationException>(new ForgottenHandles().Dispose);
    }).RequireSuccess();

    [Fact]
    public void Every_handle_is_counted() =>
        Assert.All(
            typeof(NativeHandle).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(System.Runtime.InteropServices.SafeHandle))),
            type => Assert.True(type == typeof(NativeHandle) || type.IsSubclassOf(typeof(NativeHandle)), $"{type} is no {nameof(NativeHandle)}"));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget()
    {
        var index = new IndexFlatL2(D);
        index.Add(new float[D]);
    }

    private static void RequireFlatMemory(Action round)
    {
        Repeat(WarmUpRounds);
        var growths = new List<long>();
        for (var before = MemoryInUse(); growths.Count < Stretches; before += growths[^1])
        {
            Repeat(Rounds);
            growths.Add(MemoryInUse() - before);
            if (growths[^1] < MemoryLimit)
                return;
        }

        Assert.Fail($"each {Rounds} rounds took more memory than they gave back, in KB: {string.Join(", ", growths.Select(growth => growth >> 10))}");

        void Repeat(int rounds)
        {
            for (var i = 0; i < rounds; i++)
                round();
        }

        static long MemoryInUse()
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return Environment.WorkingSet;
        }
    }

    private static void UseOnce(VectorIndex index, Func<Stream, VectorIndex> load)
    {
        var vectors = Shared.Vectors;
        using (index)
        {
            index.Train(vectors.AsSpan(0, 200 * D));
            if (index is FaissIndex { TypeName: var name } && name.StartsWith("IndexIDMap", StringComparison.Ordinal) || index is M.IndexIDMap)
                index.AddWithIds(vectors, Shared.Ids);
            else
                index.Add(index is FaissIndex { TypeName: "IndexHNSWFlat" } ? vectors.AsSpan(0, 200 * D) : vectors);
            index.Search(vectors.AsSpan(0, 5 * D), 5);
            Try(() => index.RangeSearch(vectors.AsSpan(0, 5 * D), 0.1f));
            Try(() => index.Reconstruct(3));
            Try(() => index.Search(vectors.AsSpan(0, D), 5, new SearchParameters { Selector = IdSelector.Range(0, 9) }));
            using var stream = new MemoryStream();
            index.Save(stream);
            stream.Position = 0;
            load(stream).Dispose();
            stream.Position = 4;
            Assert.Throws<InvalidDataException>(() => load(stream));
            index.Clone().Dispose();
            Try(() => index.Remove(IdSelector.Range(0, 9)));
            index.Reset();
        }

        static void Try(Action call)
        {
            try
            {
                call();
            }
            catch (NotSupportedException)
            {
                // Not with this type.
            }
        }
    }

    // Made once, so that the collector's heap has nothing to do with the result.
    private static class Shared
    {
        public static float[] Vectors { get; } = TestVectors.Clustered(Count, D, seed: 1);

        public static long[] Ids { get; } = [.. Enumerable.Range(0, Count).Select(i => (long)i)];
    }
}
