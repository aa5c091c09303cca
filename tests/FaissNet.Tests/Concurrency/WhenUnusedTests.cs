namespace FaissNet.Tests.Concurrency;

/// <summary>Engines with memory of their own give it back when the last call is through, and nobody waits for that.</summary>
public sealed class WhenUnusedTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void An_idle_index_releases_at_once()
    {
        var index = new Holder();
        index.Dispose();

        Assert.True(index.Released.IsSet);
        Assert.Throws<ObjectDisposedException>(() => index.Search([1], 1));
    }

    [Fact]
    public void A_call_under_way_is_not_waited_for_and_finds_everything_until_its_end()
    {
        var index = new Holder();
        var search = new Thread(() => index.Search([1], 1, new float[1], new long[1])) { IsBackground = true };
        search.Start();
        Assert.True(index.Inside.Wait(Patience));

        // Comes back although the search goes on.
        index.Dispose();
        Assert.False(index.Released.Wait(30));
        Assert.Throws<ObjectDisposedException>(() => index.Search([1], 1));
        Assert.Throws<ObjectDisposedException>(() => index.Add([1]));
        Assert.False(index.Released.IsSet);

        index.GoOn.Set();
        Assert.True(search.Join(Patience));
        Assert.True(index.Released.Wait(Patience));
        Assert.False(index.FoundNothing);
    }

    [Fact]
    public void A_writer_may_dispose_of_its_own_index()
    {
        var index = new Holder();
        index.GoOn.Set();

        index.Add([1], new Support.Recorder(_ => index.Dispose()));

        Assert.True(index.Released.Wait(Patience));
    }

    private sealed class Holder() : VectorIndex(1, MetricType.L2)
    {
        public ManualResetEventSlim Inside { get; } = new();

        public ManualResetEventSlim GoOn { get; } = new();

        public ManualResetEventSlim Released { get; } = new();

        public bool FoundNothing { get; private set; }

        public override long Count => 1;

        public override bool IsTrained => true;

        protected override void Dispose(bool disposing) => WhenUnused(Released.Set);

        protected override void SearchCore(
            ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters)
        {
            Inside.Set();
            GoOn.Wait(Patience);
            FoundNothing |= Released.IsSet;
        }

        protected override void AddCore(ReadOnlySpan<float> vectors, int n) => FoundNothing |= Released.IsSet;

        protected override void TrainCore(
            ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken) => throw new NotSupportedException();

        protected override void AddWithIdsCore(ReadOnlySpan<float> vectors, ReadOnlySpan<long> ids, int n) => throw new NotSupportedException();

        protected override long RemoveCore(IdSelector selector) => throw new NotSupportedException();

        protected override void ResetCore() => throw new NotSupportedException();

        protected override RangeSearchResult RangeSearchCore(ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters) =>
            throw new NotSupportedException();

        protected override void ReconstructCore(long id, Span<float> vector) => throw new NotSupportedException();

        protected override void SetParameterCore(string name, double value) => throw new NotSupportedException();

        protected override double GetParameterCore(string name) => throw new NotSupportedException();

        protected override IndexDescription DescribeCore() => throw new NotSupportedException();

        protected override VectorIndex CloneCore() => throw new NotSupportedException();

        protected override void SaveCore(Stream stream) => throw new NotSupportedException();
    }
}
