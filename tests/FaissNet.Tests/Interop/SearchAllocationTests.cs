using FaissNet.Tests.Support;

namespace FaissNet.Tests.Interop;

/// <summary>The path of a service that answers queries all day: what it leaves to the garbage collector.</summary>
[NeedsNative]
public class SearchAllocationTests
{
    private const int Dimension = 16;
    private const int Calls = 100;

    // Makes the object that the compiler might otherwise prove to be unneeded.
    private static SearchParameters? _kept;

    [Theory]
    [InlineData("Flat", 1, null)]
    [InlineData("Flat", 20, null)]
    [InlineData("IVF4,Flat", 1, null)]
    [InlineData("IVF4,Flat", 1, 2)]
    [InlineData("IVF4,Flat", 20, 2)]
    [InlineData("IVF4,PQ4x4np", 1, 2)]
    [InlineData("IDMap,IVF4,Flat", 1, 2)]
    [InlineData("PCA8,IVF4,PQ4x4np", 20, 2)]
    public void The_span_search_allocates_nothing(string factory, int queryCount, int? nprobe)
    {
        using var index = Create(factory);
        var queries = Vectors(queryCount, seed: 2);
        var (distances, labels) = (new float[3 * queryCount], new long[3 * queryCount]);
        var parameters = nprobe is null ? null : new SearchParameters { NProbe = nprobe };

        var allocated = Allocated(() => index.Search(queries, 3, distances, labels, parameters));

        Assert.Equal(0, allocated);
        Assert.All(labels, label => Assert.InRange(label, -1, 199));
    }

    [Fact]
    public void Parameters_made_for_each_call_are_all_that_it_allocates()
    {
        using var index = Create("IVF4,Flat");
        var queries = Vectors(1, seed: 2);
        var (distances, labels) = (new float[3], new long[3]);

        var parameters = Allocated(() => _kept = new SearchParameters { NProbe = 2 });
        var search = Allocated(() =>
        {
            _kept = new SearchParameters { NProbe = 2 };
            index.Search(queries, 3, distances, labels, _kept);
        });

        Assert.NotEqual(0, parameters);
        Assert.Equal(parameters, search);
    }

    // Bytes that many calls allocate on this thread, once everything that happens only once has happened.
    private static long Allocated(Action call)
    {
        for (var i = 0; i < Calls; i++)
            call();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Calls; i++)
            call();

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static FaissIndex Create(string factory)
    {
        var index = IndexFactory.Create(Dimension, factory);
        var vectors = Vectors(200, seed: 1);
        index.Train(vectors);
        if (factory.StartsWith("IDMap", StringComparison.Ordinal))
            index.AddWithIds(vectors, [.. Enumerable.Range(0, 200).Select(i => (long)i)]);
        else
            index.Add(vectors);

        return index;
    }

    private static float[] Vectors(int n, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, n * Dimension).Select(_ => random.NextSingle())];
    }
}
