using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Contracts;

public sealed class CancellationContract
{
    private static readonly CancellationToken Cancelled = new(canceled: true);

    [Theory]
    [IndexData]
    public void A_token_that_is_cancelled_already_stops_every_call_at_once(IndexCase type)
    {
        using var empty = type.Create();
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var vectors = type.Vectors(3, seed: 3);

        Assert.Throws<OperationCanceledException>(() => empty.Train(type.Vectors(Registry.TrainingCount, seed: 1), cancellationToken: Cancelled));
        Assert.Equal((0, 3), Progress(Assert.Throws<AddCanceledException>(() => type.Fill(index, vectors, token: Cancelled))));
        Assert.Throws<OperationCanceledException>(() => index.Search(vectors, 1, cancellationToken: Cancelled));
        Assert.Throws<OperationCanceledException>(() => index.Search(vectors, 1, new float[3], new long[3], cancellationToken: Cancelled));

        Assert.Equal(!type.Has(Traits.Trains), empty.IsTrained);
        Assert.Equal(20, index.Count);
    }

    [Theory]
    [IndexData(with: Traits.Watched)]
    public void A_training_stopped_in_any_stage_leaves_the_index_untrained_and_as_new(IndexCase type)
    {
        var vectors = type.Vectors(Registry.TrainingCount, seed: 1);
        using var fresh = type.Create();
        var recorder = new Recorder();
        fresh.Train(vectors, recorder);

        foreach (var stage in recorder.Reports.Select(report => report.Stage).Distinct())
        {
            using var index = type.Create();
            using var source = new CancellationTokenSource();
            var seen = 0;
            var cancel = new Recorder(report =>
            {
                if (report.Stage == stage && ++seen == 3)
                    source.Cancel();
            });

            // Other vectors: nothing may be left of them afterwards.
            var error = Assert.Throws<OperationCanceledException>(() =>
                index.Train(type.Vectors(Registry.TrainingCount, seed: 9), cancel, source.Token));

            Assert.Equal(source.Token, error.CancellationToken);
            Assert.Equal(3, seen);
            Assert.False(index.IsTrained);
            Assert.Throws<InvalidOperationException>(() => type.Fill(index, vectors));

            index.Train(vectors);
            if (type.Has(Traits.Repeatable))
                Assert.Equal(IndexCase.Bytes(fresh), IndexCase.Bytes(index));
        }
    }

    [Theory]
    [IndexData(with: Traits.Watched)]
    public void A_stopped_second_training_leaves_the_index_untrained(IndexCase type)
    {
        using var index = type.CreateTrained();
        using var source = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() =>
            index.Train(type.Vectors(Registry.TrainingCount, seed: 2), new Recorder(_ => source.Cancel()), source.Token));

        Assert.False(index.IsTrained);
    }

    // Products of matrices and decompositions: nothing of it is reported.
    [Theory]
    [InlineData("PCA64,Flat", false)]
    [InlineData("PCA64,Flat", true)]
    [InlineData("ITQ64,Flat", false)]
    [InlineData("ITQ64,Flat", true)]
    [InlineData("RQ4x6", true)]
    [InlineData("LSQ4x6", true)]
    public void A_training_without_stages_is_stopped_too_and_starts_anew(string description, bool native)
    {
        const int d = 384, n = 12_000, fewer = 1000;
        if (native)
        {
            TestEngine.RequireNative();
            Assert.SkipUnless(FaissRuntime.Capabilities.HasFlag(FaissCapabilities.StoppableAlgebra), "this build stops trainings between k-means iterations only");
        }

        VectorIndex Create() => native ? IndexFactory.Create(d, description) : M.IndexFactory.Create(d, description);
        var (vectors, other) = (TestVectors.Uniform(n, d, max: 1, seed: 1), TestVectors.Uniform(n, d, max: 1, seed: 9));

        // A training may have ended when its cancellation comes: the next one is cancelled sooner.
        const int attempts = 40;
        for (var attempt = 0; ; attempt++)
        {
            using var index = Create();
            if (attempt < attempts && !IsStopped(index, other, after: 20 - attempt % 20))
                continue;

            Assert.True(attempt < attempts, "no training was stopped");
            Assert.False(index.IsTrained);
            using var fresh = Create();
            fresh.Train(vectors.AsSpan(0, fewer * d));
            index.Train(vectors.AsSpan(0, fewer * d));
            Assert.Equal(IndexCase.Bytes(fresh), IndexCase.Bytes(index));
            return;
        }
    }

    private static bool IsStopped(VectorIndex index, float[] vectors, int after)
    {
        using var source = new CancellationTokenSource();
        // The threads of a timer may all be at work in other tests.
        var cancelling = new Thread(() =>
        {
            Thread.Sleep(after);
            source.Cancel();
        });
        cancelling.Start();
        try
        {
            index.Train(vectors, cancellationToken: source.Token);
            return false;
        }
        catch (OperationCanceledException e)
        {
            Assert.Equal(source.Token, e.CancellationToken);
            return true;
        }
        finally
        {
            cancelling.Join();
        }
    }

    [Theory]
    [IndexData]
    public void An_add_stopped_between_chunks_keeps_what_Count_counts(IndexCase type)
    {
        const int chunk = 4 * 4096;
        using var index = type.CreateTrained();
        using var source = new CancellationTokenSource();
        var vectors = type.Vectors(chunk + 100, seed: 2);

        var error = Assert.Throws<AddCanceledException>(() =>
            type.Fill(index, vectors, new Recorder(_ => source.Cancel()), source.Token));

        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Equal((index.Count, chunk + 100), Progress(error));
        Assert.InRange(index.Count, 1, chunk + 99);
        type.ProbeAll(index);
        var found = index.Search(vectors.AsSpan(0, 50 * type.Dimension), 1);
        if (type.Has(Traits.Exact) && type.Metric != MetricType.InnerProduct)
            Assert.All(found.Distances, distance => Assert.Equal(0, distance));

        Assert.All(found.Labels, label => Assert.InRange(label, 0, index.Count - 1));
        if (type.Has(Traits.Lossless | Traits.Reconstructs))
        {
            var last = (int)index.Count - 1;
            Assert.Equal(vectors.AsSpan(last * type.Dimension, type.Dimension).ToArray(), index.Reconstruct(last));
        }

        // The rest can follow.
        type.Fill(index, vectors.AsSpan((int)index.Count * type.Dimension));
        Assert.Equal(chunk + 100, index.Count);
    }

    [Theory]
    [IndexData]
    public void A_search_stops_between_chunks_and_leaves_the_index_usable(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        using var source = new CancellationTokenSource();
        var queries = type.Vectors(3000, seed: 3);
        var recorder = new Recorder(_ => source.Cancel());

        var error = Assert.Throws<OperationCanceledException>(() => index.Search(queries, 1, progress: recorder, cancellationToken: source.Token));

        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Single(recorder.Reports);
        Assert.Equal(3000, index.Search(queries, 1).QueryCount);
    }

    [Theory]
    [IndexData(with: Traits.Ranges)]
    public void A_range_search_stops_between_chunks_and_finds_the_same_in_chunks(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(200, seed: 2));
        using var source = new CancellationTokenSource();
        var queries = type.Vectors(700, seed: 3);
        // A little off the distance that a vector has: chunks of other sizes may be rounded in another way.
        var radius = index.Search(queries.AsSpan(0, type.Dimension), 9).Distances[^1] * 1.0001f;
        var stopped = new Recorder(_ => source.Cancel());

        var error = Assert.Throws<OperationCanceledException>(() => index.RangeSearch(queries, radius, progress: stopped, cancellationToken: source.Token));

        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Single(stopped.Reports);
        Assert.Throws<OperationCanceledException>(() => index.RangeSearch(queries, radius, cancellationToken: Cancelled));
        var recorder = new Recorder();
        var (whole, parts) = (index.RangeSearch(queries, radius), index.RangeSearch(queries, radius, progress: recorder));
        Assert.True(recorder.Reports.Count > 1);
        Assert.Equal(new IndexProgress(IndexStage.Searching, 700, 700), recorder.Reports[^1]);
        Assert.Equal(whole.Limits, parts.Limits);
        for (var query = 0; query < 700; query++)
            Assert.Equal(whole[query].Labels.ToArray().Order(), parts[query].Labels.ToArray().Order());
    }

    private static (long Added, long Total) Progress(AddCanceledException error) => (error.Added, error.Total);
}
