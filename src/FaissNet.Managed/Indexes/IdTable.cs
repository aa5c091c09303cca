namespace FaissNet.Managed;

/// <summary>
/// Where each id lies in the lists: built at first use, dropped with each change. FAISS's <c>DirectMap</c> (<c>faiss/invlists/DirectMap.h</c>)
/// without its conditions: any ids, and no preparation. Of an id stored twice, the first place in the order of the lists counts.
/// </summary>
internal sealed unsafe class IdTable
{
    private readonly long[]? _dense;
    private readonly Dictionary<long, long>? _sparse;

    public IdTable(InvertedLists lists, long count)
    {
        var isDense = count <= Array.MaxLength;
        for (var list = 0; isDense && list < lists.ListCount; list++)
        {
            var ids = new ReadOnlySpan<long>(lists.Ids(list), lists.Size(list));
            foreach (var id in ids)
                isDense &= id >= 0 && id < count;
        }

        if (isDense)
        {
            _dense = new long[count];
            Array.Fill(_dense, -1);
        }
        else
        {
            _sparse = new Dictionary<long, long>((int)Math.Min(count, Array.MaxLength));
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
