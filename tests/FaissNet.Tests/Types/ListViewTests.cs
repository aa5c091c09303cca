using FaissNet.Tests.Support;

namespace FaissNet.Tests.Types;

/// <summary>Indexes whose inverted lists are views of those of others.</summary>
[NeedsNative]
public sealed class ListViewTests : IDisposable
{
    private const int D = 16, Count = 600, K = 7, NList = 8;

    private static readonly SearchParameters s_everywhere = new() { NProbe = NList };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ids_are_shifted_by_what_is_shown_however_much_is_added_meanwhile()
    {
        using var growing = Trained("IVF8,Flat");
        using var other = (FaissIndex)growing.Clone();
        other.Add(Vectors().AsSpan(0, D));
        using var stop = new CancellationTokenSource();
        var adder = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    growing.Add(Vectors().AsSpan(D, D));
                }
                catch (NotSupportedException)
                {
                    // A view shows it.
                }
            }
        });
        try
        {
            for (var i = 0; i < 200; i++)
            {
                using var view = InvertedListViews.HStack([growing, other], shiftIds: true);
                Assert.Equal(view.Count - 1, view.Search(Vectors().AsSpan(0, D), 1, s_everywhere)[0].Labels[0]);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await adder;
        }
    }

    [Theory]
    [InlineData("IVF8,Flat", false)]
    [InlineData("IVF8,Flat", true)]
    [InlineData("IVF8,PQ4x4np", true)]
    [InlineData("PCA8,IVF8,SQ8", true)]
    public void Shards_are_searched_as_one_where_they_lie(string description, bool mapped)
    {
        using var empty = Trained(description);
        using var whole = (FaissIndex)empty.Clone();
        whole.Add(Vectors());
        var shards = new FaissIndex[3];
        for (var i = 0; i < shards.Length; i++)
        {
            shards[i] = (FaissIndex)empty.Clone();
            shards[i].Add(Vectors().AsSpan(i * Count / 3 * D, Count / 3 * D));
            if (!mapped)
                continue;

            shards[i].Save(_folder.File($"{i}"));
            shards[i].Dispose();
            shards[i] = FaissIndex.LoadMapped(_folder.File($"{i}"));
        }

        using var view = InvertedListViews.HStack(shards, shiftIds: true);

        foreach (var shard in shards)
            shard.Dispose();

        Assert.Equal((Count, whole.GetType()), (view.Count, view.GetType()));
        foreach (var nprobe in new[] { 1, 3, NList })
        {
            var parameters = new SearchParameters { NProbe = nprobe };
            var (expected, found) = (whole.Search(Queries(), K, parameters), view.Search(Queries(), K, parameters));
            Assert.Equal(expected.Distances, found.Distances);
            Assert.Equal(expected.Labels, found.Labels);
        }

        Assert.Equal(whole.Reconstruct(Count - 1), view.Reconstruct(Count - 1));
        // What is saved is an index like any other.
        view.Save(_folder.File("saved"));
        whole.Save(_folder.File("whole"));
        Assert.Equal(File.ReadAllBytes(_folder.File("whole")), File.ReadAllBytes(_folder.File("saved")));
    }

    [Fact]
    public void Slices_show_their_lists_and_stacked_they_are_the_whole()
    {
        using var whole = (IndexIVF)Filled("IVF8,Flat");
        using var low = (IndexIVF)InvertedListViews.Slice(whole, 0, 3);
        using var high = (IndexIVF)InvertedListViews.Slice(whole, 3, NList);

        Assert.Equal(whole.GetListSizes().Take(3), low.GetListSizes().Take(3));
        Assert.All(low.GetListSizes().Skip(3), size => Assert.Equal(0, size));
        Assert.Equal(whole.GetListIds(5), high.GetListIds(5));
        Assert.Equal(whole.Count, low.Count + high.Count);
        using var both = InvertedListViews.HStack([low, high]);
        Assert.Equal(whole.Search(Queries(), K, s_everywhere).Labels, both.Search(Queries(), K, s_everywhere).Labels);
    }

    [Fact]
    public void Lists_of_several_indexes_are_those_of_one()
    {
        using var whole = (IndexIVF)Filled("IVF8,Flat");
        var centroids = whole.GetCentroids();
        using var low = Half(0);
        using var high = Half(1);
        using var trained = (FaissIndex)whole.Clone();
        trained.Reset();

        using var stacked = InvertedListViews.VStack(trained, [low, high]);

        Assert.Equal(whole.GetListSizes(), ((IndexIVF)stacked).GetListSizes());
        var (expected, found) = (whole.Search(Queries(), K, s_everywhere), stacked.Search(Queries(), K, s_everywhere));
        Assert.Equal(expected.Distances, found.Distances);
        Assert.Equal(expected.Labels, found.Labels);
        Assert.Throws<ArgumentException>("indexes", () => InvertedListViews.VStack(trained, [low]));
        Assert.Throws<ArgumentException>(() => InvertedListViews.VStack(trained, [high, low]));

        IndexIVFFlat Half(int half)
        {
            var index = new IndexIVFFlat(D, NList / 2);
            index.Quantizer.Add(centroids.AsSpan(half * NList / 2 * D, NList / 2 * D));
            for (var list = 0; list < NList / 2; list++)
            {
                var ids = whole.GetListIds(half * NList / 2 + list);
                index.AddWithIds([.. ids.SelectMany(id => Vectors().Skip((int)id * D).Take(D))], ids);
            }

            return index;
        }
    }

    [Fact]
    public void The_first_list_that_is_not_empty_masks_the_second()
    {
        using var all = (IndexIVF)Filled("IVF8,Flat");
        using var few = (IndexIVF)all.Clone();
        few.Remove(IdSelector.Range(5, Count));

        using var masked = (IndexIVF)InvertedListViews.Masked(few, all);

        var expected = few.GetListSizes().Zip(all.GetListSizes(), (first, second) => first > 0 ? first : second);
        Assert.Equal(expected, masked.GetListSizes());
    }

    [Fact]
    public void Lists_that_are_too_long_are_left_out()
    {
        using var all = (IndexIVF)Filled("IVF8,Flat");
        var longest = all.GetListSizes().Max();

        using var view = (IndexIVF)InvertedListViews.StopWords(all, longest);
        using var same = InvertedListViews.StopWords(all, longest + 1);

        Assert.Equal(all.GetListSizes().Select(size => size < longest ? size : 0), view.GetListSizes());
        Assert.Equal(Count, same.Count);
        Assert.Throws<ArgumentOutOfRangeException>("maxSize", () => InvertedListViews.StopWords(all, 0));
    }

    [Fact]
    public void Neither_a_view_nor_what_it_shows_changes()
    {
        using var source = (IndexIVFFlat)Filled("IVF8,Flat");
        using var other = (FaissIndex)source.Clone();
        using (var view = InvertedListViews.HStack([source]))
        {
            foreach (var index in new[] { source, view })
            {
                Assert.Throws<NotSupportedException>(() => index.Add(Vectors().AsSpan(0, D)));
                Assert.Throws<NotSupportedException>(() => index.AddWithIds(Vectors().AsSpan(0, D), [5000]));
                Assert.Throws<NotSupportedException>(() => index.AddCodes(index.Encode(Vectors().AsSpan(0, D))));
                Assert.Throws<NotSupportedException>(() => index.Remove(IdSelector.Range(0, 5)));
                Assert.Throws<NotSupportedException>(() => index.UpdateVectors([1], Vectors().AsSpan(0, D)));
                Assert.Throws<NotSupportedException>(index.Reset);
                Assert.Throws<NotSupportedException>(() => index.MergeFrom(other, 0));
                Assert.Throws<NotSupportedException>(() => other.MergeFrom(index, 0));
                Assert.Equal((Count, Count), (index.Count, other.Count));
            }

            Assert.Contains("view", Assert.ThrowsAny<ArgumentException>(() => new IndexIDMap(source)).Message, StringComparison.Ordinal);
            // A clone has lists of its own, and so has a view whose lists went to the disk.
            using var clone = view.Clone();
            clone.Add(Vectors().AsSpan(0, D));
            Assert.Equal(Count + 1, clone.Count);
            view.MoveListsToDisk(_folder.File("lists"));
            source.Add(Vectors().AsSpan(0, D));
            view.Add(Vectors().AsSpan(0, D));
            Assert.Equal((Count + 1, Count + 1), (source.Count, view.Count));
        }

        var again = InvertedListViews.HStack([source]);
        Assert.Throws<NotSupportedException>(source.Reset);
        again.Dispose();
        source.Reset();
        Assert.Equal(0, source.Count);
    }

    [Fact]
    public void Several_views_are_shards_of_one_index()
    {
        using var whole = Filled("IVF8,Flat");
        var expected = whole.Search(Queries(), K, s_everywhere);
        using (var shards = new IndexShards(D, successiveIds: false))
        {
            shards.AddShard(InvertedListViews.Slice(whole, 0, 3));
            shards.AddShard(InvertedListViews.Slice(whole, 3, 5));
            shards.AddShard(InvertedListViews.Slice(whole, 5, NList));

            Assert.Equal((Count, 3), (shards.Count, shards.Shards.Count));
            Assert.Equal(expected.Distances, shards.Search(Queries(), K, s_everywhere).Distances);
            Assert.Throws<NotSupportedException>(() => shards.Add(Vectors().AsSpan(0, D)));
            Assert.Throws<NotSupportedException>(() => shards.Shards[1].Add(Vectors().AsSpan(0, D)));
            Assert.Throws<NotSupportedException>(() => whole.Add(Vectors().AsSpan(0, D)));
            Assert.ThrowsAny<ArgumentException>(() => shards.AddShard(whole));
            Assert.Equal(Count, shards.Count);
        }

        whole.Add(Vectors().AsSpan(0, D));
        Assert.Equal(Count + 1, whole.Count);
    }

    [Fact]
    public void What_makes_no_view_says_why()
    {
        using var index = Filled("IVF8,Flat");
        using var flat = Filled("Flat");
        using var packed = Filled("IVF8,PQ4x4fs");
        using var untrained = new IndexIVFFlat(D, NList);
        using var stranger = Trained("IVF8,Flat", seed: 77);
        Assert.Throws<ArgumentNullException>("runs", () => index.ViewLists(null!));
        Assert.Throws<ArgumentException>("runs", () => index.ViewLists([null!]));
        Assert.Throws<ArgumentException>("runs", () => index.ViewLists([new ListRun(null!)]));
        Assert.Throws<ArgumentOutOfRangeException>("choice", () => index.ViewLists([], (ListChoice)3));
        Assert.Throws<ArgumentOutOfRangeException>("maxListSize", () => index.ViewLists([], maxListSize: -1));
        foreach (var run in new[]
                 {
                     new ListRun(index) { First = -1 }, new ListRun(index) { First = NList + 1 }, new ListRun(index) { Count = NList + 1 }, new ListRun(index) { Count = -1 },
                     new ListRun(index) { At = 1 }, new ListRun(index) { At = -1 }, new ListRun(index) { AddId = -1 },
                     new ListRun(index) { First = int.MaxValue, Count = int.MaxValue, At = int.MaxValue },
                 })
            Assert.Throws<ArgumentOutOfRangeException>("runs", () => index.ViewLists([run]));

        Assert.Throws<NotSupportedException>(() => flat.ViewLists([]));
        Assert.Throws<NotSupportedException>(() => index.ViewLists([new ListRun(flat)]));
        Assert.Throws<NotSupportedException>(() => packed.ViewLists([new ListRun(packed)]));
        Assert.Throws<InvalidOperationException>(() => untrained.ViewLists([]));
        Assert.ThrowsAny<ArgumentException>(() => index.ViewLists([new ListRun(untrained)]));
        Assert.Contains("centroids", Assert.ThrowsAny<ArgumentException>(() => index.ViewLists([new ListRun(stranger)])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("runs", () => index.ViewLists([new ListRun(((IndexIVF)index).Quantizer)]));
        Assert.Throws<ArgumentException>("indexes", () => InvertedListViews.HStack([]));
        Assert.Throws<ArgumentOutOfRangeException>("end", () => InvertedListViews.Slice(index, 2, NList + 1));
        var disposed = Filled("IVF8,Flat");
        disposed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => index.ViewLists([new ListRun(disposed)]));
        Assert.Throws<ObjectDisposedException>(() => InvertedListViews.HStack([disposed]));
        // Nothing of this holds the index back.
        index.Reset();
    }

    [Fact]
    public void Views_come_and_go_beside_searches_and_adds()
    {
        using var source = Filled("IVF8,Flat");
        var end = Environment.TickCount64 + 1500;
        var added = 0;
        Parallel.Invoke(
            () =>
            {
                while (Environment.TickCount64 < end)
                {
                    using var view = InvertedListViews.HStack([source]);
                    var count = view.Count;
                    Assert.Equal(K, view.Search(Queries(), K, s_everywhere).K);
                    Assert.Equal(count, view.Count);
                }
            },
            () =>
            {
                while (Environment.TickCount64 < end)
                {
                    try
                    {
                        source.Add(Vectors().AsSpan(0, D));
                        added++;
                    }
                    catch (NotSupportedException)
                    {
                        Thread.Yield();
                    }
                }
            });

        Assert.Equal(Count + added, source.Count);
    }

    private static FaissIndex Trained(string description, int seed = 5)
    {
        var index = IndexFactory.Create(D, description);
        index.Train(TestVectors.Clustered(Count, D, seed));
        return index;
    }

    private static FaissIndex Filled(string description)
    {
        var index = Trained(description);
        index.Add(Vectors());
        return index;
    }

    private static float[] Vectors() => TestVectors.Clustered(Count, D, seed: 5);

    private static float[] Queries() => TestVectors.Clustered(20, D, seed: 6);
}
