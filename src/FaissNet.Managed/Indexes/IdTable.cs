namespace FaissNet.Managed;

/// <summary>
/// Where each id lies in the lists: built at first use, dropped with each change. FAISS's <c>DirectMap</c> (<c>faiss/invlists/DirectMap.h</c>)
/// without its conditions: any ids, and no preparation. Of an id stored twice, the first place in the order of the lists counts.
/// </summary>
internal sealed unsafe class IdTable
{
    private readonly long[]? _dense;
    private readonly Dictionary<long, long>? _sparse;

    public IdTable(InvertedLists lists)
    {
        var (count, smallest, largest) = (0L, 0L, -1L);
        for (var list = 0; list < lists.ListCount; list++)
        {
            var ids = new ReadOnlySpan<long>(lists.Ids(list), lists.Size(list));
            count += ids.Length;
            foreach (var id in ids)
                (smallest, largest) = (Math.Min(smallest, id), Math.Max(largest, id));
        }

        // As long as an array is the smaller of the two, holes and all.
        const int worth = 4;
        if (smallest >= 0 && largest < Math.Min(worth * count, Array.MaxLength))
        {
            _dense = new long[largest + 1];
            Array.Fill(_dense, -1);
        }
        else
        {
            _sparse = new Dictionary<long, long>((int)Math.Min(count, Array.MaxLength / worth));
        }

        for (var list = 0; list < lists.ListCount; list++)
        {
            var ids = lists.Ids(list);
            for (var i = 0; i < lists.Size(list); i++)
            {
                var place = (long)list << 32 | (uint)i;
                if (_sparse is not null)
                    _sparse.TryAdd(ids[i], place);
                else if (_dense![ids[i]] == -1)
                    _dense[ids[i]] = place;
            }
        }
    }

    /// <summary>The list and the place in it of an id.</summary>
    public bool TryFind(long id, out int list, out int index)
    {
        var place = -1L;
        if (_dense is not null && id >= 0 && id < _dense.Length)
            place = _dense[id];
        else if (_sparse is not null && _sparse.TryGetValue(id, out var found))
            place = found;

        (list, index) = ((int)(place >> 32), (int)place);
        return place != -1;
    }
}
