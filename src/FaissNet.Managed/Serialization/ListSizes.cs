namespace FaissNet.Serialization;

/// <summary>Number of vectors in each inverted list, of all lists or of the non-empty ones.</summary>
internal sealed class ListSizes
{
    private readonly long[] _sizes;
    private readonly long[]? _numbers;

    public ListSizes(long[] sizes)
        : this(sizes, null)
    {
    }

    private ListSizes(long[] sizes, long[]? numbers)
    {
        _sizes = sizes;
        _numbers = numbers;
        foreach (var size in sizes)
            Total += size;
    }

    /// <param name="pairs">Number and size of each non-empty list in turn; the numbers ascend.</param>
    public static ListSizes FromPairs(ReadOnlySpan<long> pairs)
    {
        var numbers = new long[pairs.Length / 2];
        var sizes = new long[pairs.Length / 2];
        for (var i = 0; i < numbers.Length; i++)
            (numbers[i], sizes[i]) = (pairs[2 * i], pairs[2 * i + 1]);
        return new ListSizes(sizes, numbers);
    }

    public long Total { get; }

    /// <summary>Sizes in the order in which the lists stand in the file.</summary>
    public IEnumerable<long> InOrder => _sizes;

    public long this[long list]
    {
        get
        {
            if (_numbers is null)
                return _sizes[list];
            var at = Array.BinarySearch(_numbers, list);
            return at < 0 ? 0 : _sizes[at];
        }
    }
}
