namespace FaissNet.Tests.FaissCases;

/// <summary>A selector of each kind, and the ids of <see cref="Given.Base"/> that it holds by its definition.</summary>
internal static class Subsets
{
    private static readonly long[] s_left = Choose(50, seed: 11);
    private static readonly long[] s_right = Choose(40, seed: 12);

    public static IReadOnlyDictionary<string, (IdSelector Selector, long[] Ids)> All { get; } = new Dictionary<string, (IdSelector, long[])>
    {
        ["range"] = (IdSelector.Range(30, 80), [.. Enumerable.Range(30, 50).Select(i => (long)i)]),
        ["batch"] = (IdSelector.Batch(s_left), s_left),
        ["bitmap"] = (IdSelector.Bitmap(Bits(s_left)), s_left),
        ["not"] = (IdSelector.Not(IdSelector.Batch([.. Everything().Except(s_left)])), s_left),
        ["or"] = (IdSelector.Or(IdSelector.Batch(s_left), IdSelector.Batch(s_right)), [.. s_left.Union(s_right).Order()]),
        ["and"] = (IdSelector.And(IdSelector.Batch(s_left), IdSelector.Range(100, 400)), [.. s_left.Where(id => id is >= 100 and < 400)]),
        ["xor"] = (IdSelector.XOr(IdSelector.Batch(s_left), IdSelector.Range(0, 60)), [.. s_left.Where(id => id >= 60).Union(Everything().Take(60).Except(s_left)).Order()]),
        ["where"] = (IdSelector.Where(id => Array.BinarySearch(s_left, id) >= 0), s_left),
    };

    private static IEnumerable<long> Everything() => Enumerable.Range(0, Given.Count).Select(i => (long)i);

    private static long[] Choose(int count, int seed)
    {
        var ids = Everything().ToArray();
        new Random(seed).Shuffle(ids);
        return [.. ids.Take(count).Order()];
    }

    private static byte[] Bits(long[] ids)
    {
        var bits = new byte[(Given.Count + 7) / 8];
        foreach (var id in ids)
            bits[id / 8] |= (byte)(1 << (int)(id % 8));

        return bits;
    }
}
