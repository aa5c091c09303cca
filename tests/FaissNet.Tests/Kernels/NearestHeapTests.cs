using FaissNet.Managed;

namespace FaissNet.Tests.Kernels;

public sealed unsafe class NearestHeapTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(333)]
    public void Keeps_the_nearest_by_distance_and_id(int k)
    {
        var random = new Random(k);
        for (var n = 0; n < 300; n += 1 + n / 7)
        {
            // Few values: ties are the rule.
            var offered = Enumerable.Range(0, n).Select(_ => (Distance: (float)random.Next(20), Id: random.NextInt64(1L << 40))).ToArray();
            var expected = offered.Order().Take(k).ToArray();
            Assert.Equal(expected, Keep(k, offered, many: false, selector: null));
            Assert.Equal(expected, Keep(k, offered, many: true, selector: null));
            var selector = IdSelector.Where(id => id % 3 == 0);
            Assert.Equal(offered.Where(pair => pair.Id % 3 == 0).Order().Take(k), Keep(k, offered, many: true, selector));
        }
    }

    [Fact]
    public void Ids_may_follow_each_other()
    {
        var offered = Enumerable.Range(0, 100).Select(i => (float)(i * 37 % 100)).ToArray();
        var distances = stackalloc float[3];
        var ids = stackalloc long[3];
        NearestHeap.Clear(distances, ids, 3);
        fixed (float* from = offered)
            NearestHeap.OfferMany(distances, ids, 3, from, null, 1000, 100, null);

        NearestHeap.Sort(distances, ids, 3);
        Assert.Equal([0f, 1, 2], new Span<float>(distances, 3).ToArray());
        Assert.Equal([1000L, 1073, 1046], new Span<long>(ids, 3).ToArray());
    }

    [Fact]
    public void Infinite_distances_are_nearer_than_none_and_no_numbers_are_not_kept()
    {
        var offered = new[] { float.NaN, float.PositiveInfinity, 1 };
        var distances = stackalloc float[4];
        var ids = stackalloc long[4];
        NearestHeap.Clear(distances, ids, 4);
        fixed (float* from = offered)
            NearestHeap.OfferMany(distances, ids, 4, from, null, 0, 3, null);

        NearestHeap.Finish(distances, ids, 4, MetricType.L2);
        Assert.Equal([2L, 1, -1, -1], new Span<long>(ids, 4).ToArray());
        Assert.Equal([1, float.PositiveInfinity, float.MaxValue, float.MaxValue], new Span<float>(distances, 4).ToArray());
    }

    private static (float Distance, long Id)[] Keep(int k, (float Distance, long Id)[] offered, bool many, IdSelector? selector)
    {
        var distances = new float[k];
        var ids = new long[k];
        var offeredDistances = offered.Select(pair => pair.Distance).ToArray();
        var offeredIds = offered.Select(pair => pair.Id).ToArray();
        fixed (float* heap = distances)
        fixed (long* labels = ids)
        fixed (float* from = offeredDistances)
        fixed (long* fromIds = offeredIds)
        {
            NearestHeap.Clear(heap, labels, k);
            if (many && offered.Length > 0)
                NearestHeap.OfferMany(heap, labels, k, from, fromIds, 0, offered.Length, selector);

            for (var i = 0; !many && i < offered.Length; i++)
                NearestHeap.Offer(heap, labels, k, from[i], fromIds[i]);

            NearestHeap.Sort(heap, labels, k);
        }

        return [.. distances.Zip(ids).Where(pair => pair.Second >= 0)];
    }
}
