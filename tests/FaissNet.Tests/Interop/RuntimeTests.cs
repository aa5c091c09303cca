using FaissNet.Tests.Support;

namespace FaissNet.Tests.Interop;

/// <summary>What belongs to the whole process, and so is tested while nothing else runs.</summary>
[Collection(nameof(Alone))]
[NeedsNative]
public sealed class RuntimeTests
{
    [Fact]
    public void The_runtime_says_what_it_is()
    {
        Assert.Matches(@"^1\.\d+\.\d+$", FaissRuntime.FaissVersion);
        Assert.Contains(FaissRuntime.Variant, new[] { "generic", "avx2", "avx512", "dynamic" });
        Assert.Contains(FaissRuntime.SimdLevel, new[] { "generic", "avx2", "avx512" });
        Assert.NotEqual("", FaissRuntime.Blas);
        Assert.NotEqual("", FaissRuntime.CompileOptions);
        Assert.Contains("faissnet", FaissRuntime.LibraryPath, StringComparison.Ordinal);
        Assert.Equal(FaissRuntime.Variant == "dynamic", FaissRuntime.Capabilities.HasFlag(FaissCapabilities.DynamicSimd));
        Assert.True(FaissRuntime.Capabilities.HasFlag(FaissCapabilities.Gpu) || FaissRuntime.GpuCount == 0);
    }

    [Fact]
    public void One_thread_count_holds_on_every_thread()
    {
        var before = FaissRuntime.ThreadCount;
        try
        {
            foreach (var count in new[] { 2, FaissRuntime.MaxThreadCount, 1 })
            {
                FaissRuntime.ThreadCount = count;
                Assert.Equal(count, FaissRuntime.ThreadCount);
                var elsewhere = 0;
                var thread = new Thread(() => elsewhere = FaissRuntime.ThreadCount);
                thread.Start();
                thread.Join();
                Assert.Equal(count, elsewhere);
            }
        }
        finally
        {
            FaissRuntime.ThreadCount = before;
        }
    }

    [Theory]
    [InlineData("IVF2,Flat", 200, 4)]
    [InlineData("IVF2,Flat", 200, 1)]
    [InlineData("Flat", 200, 1)]
    [InlineData("Flat", 10_000, 1)]
    public void Searches_at_once_share_the_threads(string description, int count, int queries)
    {
        // One query is answered on the thread that calls; since 1.14 the scan of many vectors is divided.
        var usesAll = queries > 1 || (description == "Flat" && count >= 10_000 && FaissVersions.IsAtLeast(14));
        var before = FaissRuntime.ThreadCount;
        try
        {
            const int d = 8;
            var vectors = TestVectors.Clustered(count, d, seed: 2);
            using var index = IndexFactory.Create(d, description);
            index.Train(vectors);
            index.Add(vectors);
            FaissRuntime.ThreadCount = 4;
            int beside = 0, third = 0;
            Assert.Equal(4, ThreadsOfSearch(() => beside = Elsewhere(() => third = Elsewhere(() => { }))));
            Assert.Equal(usesAll ? 2 : 4, beside);
            Assert.Equal(usesAll ? 1 : 4, third);
            // What a call does on its own thread is a part of it.
            var within = 0;
            Assert.Equal(4, ThreadsOfSearch(() => within = ThreadsOfSearch(() => { })));
            Assert.Equal(4, within);
            Assert.Equal(4, FaissRuntime.ThreadCount);

            int Elsewhere(Action meanwhile)
            {
                var threads = 0;
                var thread = new Thread(() => threads = ThreadsOfSearch(meanwhile));
                thread.Start();
                thread.Join();
                return threads;
            }

            // What OpenMP would give the thread that calls, as seen from within its search.
            int ThreadsOfSearch(Action meanwhile)
            {
                var (caller, threads) = (Environment.CurrentManagedThreadId, 0);
                var selector = IdSelector.Where(_ =>
                {
                    if (Environment.CurrentManagedThreadId == caller && threads == 0)
                    {
                        threads = FaissRuntime.ThreadCount;
                        meanwhile();
                    }

                    return true;
                });
                index.Search(vectors.AsSpan(0, queries * d), 3, new SearchParameters { Selector = selector });
                return threads;
            }
        }
        finally
        {
            FaissRuntime.ThreadCount = before;
        }
    }

    [Fact]
    public void A_thread_count_out_of_range_is_refused()
    {
        var before = FaissRuntime.ThreadCount;
        foreach (var count in new[] { 0, -1, int.MinValue, FaissRuntime.MaxThreadCount + 1, int.MaxValue })
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => FaissRuntime.ThreadCount = count);
            Assert.Contains($"ThreadCount is {count}", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, FaissRuntime.ThreadCount);
    }

    [Fact]
    public void Results_do_not_depend_on_the_thread_count()
    {
        var before = FaissRuntime.ThreadCount;
        try
        {
            var vectors = TestVectors.Clustered(3000, 16, seed: 2);
            foreach (var description in new[] { "Flat", "IVF16,Flat", "IVF16,PQ4x8np", "SQ8" })
            {
                var runs = new[] { 1, 4 }.Select(threads =>
                {
                    FaissRuntime.ThreadCount = threads;
                    using var index = IndexFactory.Create(16, description);
                    index.Train(vectors);
                    index.Add(vectors);
                    var result = index.Search(vectors.AsSpan(0, 100 * 16), 10);
                    return (Bytes: Contracts.IndexCase.Bytes(index), result.Labels, result.Distances);
                }).ToArray();
                Assert.Equal(runs[0].Bytes, runs[1].Bytes);
                Assert.Equal(runs[0].Labels, runs[1].Labels);
                // How BLAS splits a product among threads is its own affair, and what cancels in it is as large as the vectors are long.
                Assert.All(runs[0].Distances.Zip(runs[1].Distances), pair => Assert.Equal(pair.First, pair.Second, 1e-2f));
            }
        }
        finally
        {
            FaissRuntime.ThreadCount = before;
        }
    }

    [Fact]
    public void Nothing_is_left_of_indexes_that_were_disposed()
    {
        var start = Settle();
        using (var folder = new TemporaryFolder())
        {
            for (var i = 0; i < 20; i++)
            {
                foreach (var type in Contracts.Registry.All)
                {
                    using var index = type.CreateFilled(type.Vectors(10, seed: 2));
                    index.Search(type.Vectors(2, seed: 3), 3);
                    if ((type.Traits & (Contracts.Traits.Ranges | Contracts.Traits.RangesLoosely)) != 0)
                        index.RangeSearch(type.Vectors(2, seed: 3), 100);
                    else
                        Assert.Throws<NotSupportedException>(() => index.RangeSearch(type.Vectors(2, seed: 3), 100));

                    index.Clone().Dispose();
                    if (type.Has(Contracts.Traits.Unsaved))
                        continue;

                    index.Save(folder.File("index"));
                    type.Load(File.ReadAllBytes(folder.File("index"))).Dispose();
                }

                // What fails while it is being made leaves nothing either.
                Assert.Throws<InvalidDataException>(() => FaissIndex.Load(new MemoryStream("IxF2 and then nothing"u8.ToArray())));
                Assert.ThrowsAny<ArgumentException>(() => IndexFactory.Create(4, "Nonsense"));
            }
        }

        Assert.Equal(start, FaissRuntime.LiveHandles);
    }

    [Fact]
    public void What_is_forgotten_is_collected() => ChildProcess.Run(static _ =>
    {
        // In a process of its own, since a run fails that forgets handles.
        var start = Settle();
        Forget();

        Assert.Equal(start, Settle());

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Forget()
        {
            for (var i = 0; i < 10; i++)
                new IndexFlatL2(4).Add([1, 2, 3, 4]);
        }
    }).RequireSuccess();

    // What other tests dropped without disposing it goes first.
    private static long Settle()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return FaissRuntime.LiveHandles;
    }
}

/// <summary>Tests that nothing else may run beside.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
