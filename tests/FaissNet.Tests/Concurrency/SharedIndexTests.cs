using FaissNet.Tests.Support;

namespace FaissNet.Tests.Concurrency;

[NeedsNative]
public sealed class SharedIndexTests
{
    private const int D = 16;
    private const int K = 10;
    private const int PerStep = 64;
    private const int Steps = 64;
    private const int MaxCount = PerStep * Steps;

    [Theory]
    [InlineData("IDMap,Flat")]
    [InlineData("IVF16,Flat")]
    [InlineData("IVF16,PQ4x4np")]
    public void Searching_while_one_adds_removes_and_saves_and_the_index_goes_away(string description)
    {
        // Ids are positions in here, so that every result can be computed again.
        var vectors = TestVectors.Clustered(MaxCount, D, seed: 2);
        var queries = TestVectors.Clustered(32, D, seed: 3);
        var exact = description.EndsWith("Flat", StringComparison.Ordinal);
        using var folder = new TemporaryFolder();
        var index = IndexFactory.Create(D, description);
        if (!index.IsTrained)
            index.Train(vectors);

        // What a PQ stores is not the vector itself: there the distance to what it decodes to is what counts.
        var stored = exact ? vectors : Decoded(index, vectors);
        AddStep(index, vectors, 0);
        var (searches, problem) = (0L, (string?)null);
        var threads = Enumerable.Range(0, 8).Select(t => new Thread(() =>
        {
            var random = new Random(t);
            var (distances, labels) = (new float[4 * K], new long[4 * K]);
            try
            {
                while (Volatile.Read(ref problem) is null)
                {
                    var n = random.Next(1, 5);
                    var some = queries.AsSpan(random.Next(32 - n) * D, n * D);
                    index.Search(some, K, distances, labels, description[0] == 'I' && description[1] == 'V' ? new SearchParameters { NProbe = random.Next(1, 17) } : null);
                    if (Check(stored, some, n, distances, labels) is { } found)
                        Volatile.Write(ref problem, found);

                    Interlocked.Increment(ref searches);
                }
            }
            catch (ObjectDisposedException)
            {
                // The end that this test comes to.
            }
            catch (Exception e)
            {
                Volatile.Write(ref problem, e.ToString());
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());

        var saves = 0;
        for (var step = 1; step < Steps; step++)
        {
            AddStep(index, vectors, step);
            if (step % 4 == 0)
                Assert.Equal(PerStep, index.Remove(IdSelector.Range((step / 4 - 1) * PerStep, step / 4 * PerStep)));

            if (step % 8 != 0)
                continue;

            index.Save(folder.File("index"));
            using var saved = FaissIndex.Load(folder.File("index"));
            Assert.Equal(index.Count, saved.Count);
            saves++;
            // Adds are quick: let the searches have their share of the test.
            var seen = Interlocked.Read(ref searches);
            Assert.True(SpinWait.SpinUntil(() => Interlocked.Read(ref searches) > seen + 50 || Volatile.Read(ref problem) is not null, 10_000));
        }

        index.Dispose();

        Assert.All(threads, thread => Assert.True(thread.Join(30_000), "a search hangs"));
        Assert.Null(problem);
        Assert.Equal(7, saves);
        Assert.Equal(MaxCount - 15 * PerStep, index.Count);
        Assert.Equal(["index"], folder.Names());
    }

    [Fact]
    public void Calls_that_only_read_run_at_the_same_time()
    {
        using var index = new IndexFlatL2(2);
        index.Add([1, 2]);
        using var inside = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var saving = new Thread(() => index.Save(new StoppingStream(inside, go))) { IsBackground = true };
        saving.Start();
        Assert.True(inside.Wait(30_000));

        // While the save stands still inside its stream:
        Assert.Single(index.Search([1, 2], 1)[0]);
        Assert.Equal([1, 2], index.Reconstruct(0));
        using var clone = index.Clone();

        go.Set();
        Assert.True(saving.Join(30_000));
    }

    [Fact]
    public void Disposing_does_not_wait_and_the_save_under_way_is_whole()
    {
        var index = new IndexFlatL2(2);
        index.Add(TestVectors.Uniform(5000, 2, 9, seed: 1));
        using var inside = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var stream = new StoppingStream(inside, go);
        var saving = new Thread(() => index.Save(stream)) { IsBackground = true };
        saving.Start();
        Assert.True(inside.Wait(30_000));

        index.Dispose();
        Assert.Throws<ObjectDisposedException>(() => index.Search([1, 2], 1));

        go.Set();
        Assert.True(saving.Join(30_000));
        using var loaded = FaissIndex.Load(new MemoryStream(stream.ToArray()));
        Assert.Equal(5000, loaded.Count);
    }

    [Fact]
    public void A_call_from_within_its_own_add_or_training_is_refused()
    {
        using var index = new IndexIVFFlat(4, 2);
        var vectors = TestVectors.Clustered(200, 4, seed: 1);
        foreach (var call in new Action[] { () => index.Search(vectors, 1), () => index.Add(vectors), () => index.Save(new MemoryStream()) })
        {
            Assert.Throws<InvalidOperationException>(() => index.Train(vectors, new Recorder(_ => call())));
            Assert.False(index.IsTrained);
        }

        // State can be read at any time.
        index.Train(vectors, new Recorder(_ => Assert.Equal((0, false), (index.Count, index.IsTrained))));
        Assert.Throws<InvalidOperationException>(() => index.Add(vectors, new Recorder(_ => index.Search(vectors, 1))));
        Assert.Equal(200, index.Search(vectors, 1).QueryCount);
    }

    private static void AddStep(VectorIndex index, float[] vectors, int step)
    {
        var ids = Enumerable.Range(step * PerStep, PerStep).Select(id => (long)id).ToArray();
        index.AddWithIds(vectors.AsSpan(step * PerStep * D, PerStep * D), ids);
    }

    private static float[] Decoded(VectorIndex index, float[] vectors)
    {
        using var copy = index.Clone();
        copy.Add(vectors);
        return [.. Enumerable.Range(0, MaxCount).SelectMany(id => copy.Reconstruct(id))];
    }

    private static string? Check(float[] stored, ReadOnlySpan<float> queries, int n, float[] distances, long[] labels)
    {
        for (var q = 0; q < n; q++)
        {
            var last = 0f;
            for (var j = 0; j < K; j++)
            {
                var (id, distance) = (labels[q * K + j], distances[q * K + j]);
                if (id == -1)
                    continue;

                if (id is < 0 or >= MaxCount)
                    return $"id {id}";

                if (distance < last)
                    return $"distance {distance} after {last}";

                last = distance;
                var expected = BruteForce.Distance(MetricType.L2, queries.Slice(q * D, D), stored.AsSpan((int)id * D, D));
                if (Math.Abs(expected - distance) > 1e-4 * Math.Max(expected, 1000))
                    return $"distance {distance} of id {id}: expected {expected}";
            }
        }

        return null;
    }

    // Stops in its first write until it is told to go on.
    private sealed class StoppingStream(ManualResetEventSlim inside, ManualResetEventSlim go) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            inside.Set();
            go.Wait(30_000);
            base.Write(buffer);
        }
    }
}
