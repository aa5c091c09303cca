namespace FaissNet.Tests.Contracts;

/// <summary>Inverted lists by themselves.</summary>
public sealed class ListContract
{
    private const int Count = 200;

    private static bool IsIvfItself(IndexCase type) =>
        type.Has(Traits.Probes) && (type.Type.StartsWith("IVF", StringComparison.Ordinal) || type.Type.StartsWith("IndexIVF", StringComparison.Ordinal))
        && !type.Type.Contains("RFlat", StringComparison.Ordinal);

    [Theory]
    [IndexData(with: Traits.Probes)]
    public void Lists_hold_each_vector_once_under_its_nearest_centroid(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        if (!IsIvfItself(type))
        {
            Assert.Throws<NotSupportedException>(() => index.GetListIds(0));
            Assert.Throws<NotSupportedException>(() => index.GetListCodes(0));
            Assert.Throws<NotSupportedException>(() => index.ChooseLists(type.Vectors(1, seed: 3), 1, new long[1], new float[1]));
            Assert.Throws<NotSupportedException>(() => index.SearchLists(type.Vectors(1, seed: 3), 1, [0], [0], new float[1], new long[1]));
            return;
        }

        var (chosen, distances) = (new long[Count], new float[Count]);
        index.ChooseLists(type.Vectors(Count, seed: 2), 1, chosen, distances);
        var lists = Enumerable.Range(0, Registry.NList).Select(index.GetListIds).ToArray();

        Assert.Equal(Enumerable.Range(0, Count).Select(i => (long)i), lists.SelectMany(ids => ids).Order());
        for (var list = 0; list < Registry.NList; list++)
            Assert.All(lists[list], id => Assert.Equal(list, chosen[id]));

        foreach (var list in new[] { -1, Registry.NList, int.MaxValue })
            Assert.Throws<ArgumentOutOfRangeException>("list", () => index.GetListIds(list));
    }

    [Theory]
    [IndexData(with: Traits.Probes | Traits.Encodes)]
    public void Codes_are_what_encoding_gives_behind_the_list(IndexCase type)
    {
        Assert.SkipUnless(IsIvfItself(type), "no IVF itself");
        var vectors = type.Vectors(Count, seed: 2);
        using var index = type.CreateFilled(vectors);
        var encoded = index.Encode(vectors);
        var (size, codeSize) = (index.EncodedSize, (int)index.Describe().CodeSize!);

        Assert.Equal(size, codeSize + 1);
        for (var list = 0; list < Registry.NList; list++)
        {
            var (ids, codes) = (index.GetListIds(list), index.GetListCodes(list));
            Assert.Equal(ids.Length * codeSize, codes.Length);
            for (var i = 0; i < ids.Length; i++)
            {
                Assert.Equal(list, encoded[(int)ids[i] * size]);
                Assert.Equal(encoded.AsSpan((int)ids[i] * size + 1, codeSize).ToArray(), codes.AsSpan(i * codeSize, codeSize).ToArray());
            }
        }
    }

    [Theory]
    [IndexData(with: Traits.Probes, without: Traits.FixedProbes)]
    public void A_search_of_the_chosen_lists_is_the_search(IndexCase type)
    {
        Assert.SkipUnless(IsIvfItself(type), "no IVF itself");
        const int n = 6, k = 7, nprobe = 3;
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        var queries = type.Vectors(n, seed: 3);
        var expected = index.Search(queries, k, new SearchParameters { NProbe = nprobe });
        var (lists, near) = (new long[n * nprobe], new float[n * nprobe]);
        var (distances, labels) = (new float[n * k], new long[n * k]);

        index.ChooseLists(queries, nprobe, lists, near);
        index.SearchLists(queries, k, lists, near, distances, labels);

        Assert.Equal(expected.Distances, distances);
        Assert.Equal(expected.Labels, labels);

        // In any order, some of them not at all.
        for (var q = 0; q < n; q++)
        {
            (lists[q * nprobe], lists[q * nprobe + 2]) = (lists[q * nprobe + 2], lists[q * nprobe]);
            (near[q * nprobe], near[q * nprobe + 2]) = (near[q * nprobe + 2], near[q * nprobe]);
        }

        index.SearchLists(queries, k, lists, near, distances, labels);
        Assert.Equal(expected.Distances, distances);
        lists.AsSpan().Fill(-1);
        index.SearchLists(queries, k, lists, near, distances, labels);
        Assert.All(labels, id => Assert.Equal(-1, id));
        Assert.All(distances, distance => Assert.Equal(type.Metric == MetricType.L2 ? float.MaxValue : float.MinValue, distance));
    }

    [Theory]
    [IndexData(with: Traits.Probes, without: Traits.FixedProbes)]
    public void Lists_that_do_not_fit_are_refused(IndexCase type)
    {
        Assert.SkipUnless(IsIvfItself(type), "no IVF itself");
        using var index = type.CreateFilled(type.Vectors(Count, seed: 2));
        var query = type.Vectors(2, seed: 3);
        var (distances, labels) = (new float[10], new long[10]);

        Assert.Throws<ArgumentOutOfRangeException>("nprobe", () => index.ChooseLists(query, 0, labels, distances));
        Assert.Throws<ArgumentOutOfRangeException>("nprobe", () => index.ChooseLists(query, Registry.NList + 1, new long[100], new float[100]));
        Assert.Throws<ArgumentException>("lists", () => index.ChooseLists(query, 6, labels, new float[12]));
        Assert.Throws<ArgumentException>("lists", () => index.SearchLists(query, 2, [0, Registry.NList], [0, 0], distances, labels));
        Assert.Throws<ArgumentException>("lists", () => index.SearchLists(query, 2, [0, -2], [0, 0], distances, labels));
        Assert.Throws<ArgumentException>("lists", () => index.SearchLists(query, 2, [0, 1, 2], [0, 0, 0], distances, labels));
        Assert.Throws<ArgumentException>("listDistances", () => index.SearchLists(query, 2, [0, 1], [0], distances, labels));
        Assert.Throws<ArgumentOutOfRangeException>("nprobe", () => index.SearchLists(query, 2, [], [], distances, labels));
        Assert.Throws<ArgumentOutOfRangeException>("k", () => index.SearchLists(query, 0, [0, 1], [0, 0], distances, labels));
        using var untrained = type.Create();
        Assert.Throws<InvalidOperationException>(() => untrained.ChooseLists(query, 1, labels, distances));
        Assert.Throws<InvalidOperationException>(() => untrained.SearchLists(query, 1, [0, 1], [0, 0], distances, labels));
    }

    [Theory]
    [IndexData(without: Traits.Probes)]
    public void Types_without_lists_say_so(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));

        Assert.Throws<NotSupportedException>(() => index.GetListIds(0));
        Assert.Throws<NotSupportedException>(() => index.GetListCodes(0));
        Assert.Throws<NotSupportedException>(() => index.ChooseLists(type.Vectors(1, seed: 3), 1, new long[1], new float[1]));
        Assert.Throws<NotSupportedException>(() => index.SearchLists(type.Vectors(1, seed: 3), 1, [0], [0], new float[1], new long[1]));
    }
}
