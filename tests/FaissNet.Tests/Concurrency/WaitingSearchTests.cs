using FaissNet.Tests.Support;

namespace FaissNet.Tests.Concurrency;

/// <summary>Searches of a large native flat index wait for each other when there are more of them than processors.</summary>
[NeedsNative]
public sealed class WaitingSearchTests
{
    private const int D = 1024, Count = 6000;

    [Theory]
    [InlineData(1)]
    [InlineData(130)]
    public void A_search_that_waits_for_others_notices_its_cancellation(int queries)
    {
        var vectors = TestVectors.Uniform(Count, D, max: 9, seed: 1);
        using var index = new IndexFlatL2(D);
        index.Add(vectors);

        // On a busy machine the holders may have ended, or not begun, when it matters.
        Assert.True(Enumerable.Range(0, 10).Any(_ => EndsBeforeOthers(index, vectors, queries)), "no cancelled search ended before those that it waited for");

        Assert.Equal(0, index.Search(vectors.AsSpan(0, D), 1).Labels[0]);
    }

    // Whether a search that is cancelled while others keep all processors ends before they do.
    private static bool EndsBeforeOthers(IndexFlatL2 index, float[] vectors, int queries)
    {
        using var source = new CancellationTokenSource();
        var holders = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            var (distances, labels) = (new float[Count], new long[Count]);
            index.Search(vectors, 1, distances, labels);
        })).ToArray();
        foreach (var holder in holders)
            holder.Start();

        Thread.Sleep(100);
        OperationCanceledException? error = null;
        var waiter = new Thread(() =>
        {
            try
            {
                index.Search(vectors.AsSpan(0, queries * D), 1, cancellationToken: source.Token);
            }
            catch (OperationCanceledException e)
            {
                error = e;
            }
        });
        waiter.Start();
        Thread.Sleep(50);
        source.Cancel();
        waiter.Join();
        var areHeld = holders.All(holder => holder.IsAlive);
        foreach (var holder in holders)
            holder.Join();

        Assert.True(error is null || error.CancellationToken == source.Token);
        return areHeld && error is not null;
    }

    [Fact]
    public void Batches_of_many_callers_find_what_each_finds_alone()
    {
        const int batch = 130, k = 5, callers = 12;
        var vectors = TestVectors.Uniform(Count, D, max: 9, seed: 1);
        using var flat = new IndexFlatL2(D);
        using var index = new IndexIDMap(flat);
        index.AddWithIds(vectors, [.. Enumerable.Range(0, Count).Select(i => 1_000_000L - i)]);
        var alone = Enumerable.Range(0, callers).Select(i => index.Search(vectors.AsSpan(i * batch * D, batch * D), k)).ToArray();
        var together = new SearchResult[callers];
        using var notUsed = new CancellationTokenSource();

        var threads = Enumerable.Range(0, callers).Select(i => new Thread(() =>
            together[i] = index.Search(vectors.AsSpan(i * batch * D, batch * D), k, cancellationToken: i % 2 == 0 ? notUsed.Token : default))).ToArray();
        foreach (var thread in threads)
            thread.Start();

        foreach (var thread in threads)
            thread.Join();

        for (var i = 0; i < callers; i++)
        {
            Assert.Equal(1_000_000 - (i * batch), together[i].Labels[0]);
            Assert.Equal(alone[i].Labels, together[i].Labels);
            Assert.Equal(alone[i].Distances, together[i].Distances);
        }
    }
}
