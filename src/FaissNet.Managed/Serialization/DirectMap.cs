using System.Runtime.InteropServices;

namespace FaissNet.Serialization;

internal enum DirectMapKind : byte
{
    None = 0,
    Array = 1,
    Hashtable = 2,
}

/// <summary>
/// The map from ids to places in the lists. It stands in the file before the lists, so that what is kept of it is the last
/// place that it names in each list: that decides whether all of them exist.
/// </summary>
internal sealed class DirectMap
{
    // An array of four bytes per list up to here; a dictionary, which grows with what the map really names, beyond.
    private const int MaximumArrayLength = 1 << 22;

    private readonly long _listCount;
    private uint[]? _lastOffsets;
    private Dictionary<int, uint>? _sparseLastOffsets;

    private DirectMap(DirectMapKind kind, long listCount)
    {
        Kind = kind;
        _listCount = listCount;
    }

    public DirectMapKind Kind { get; }

    public static DirectMap Read(IndexValidator v, long listCount, long count)
    {
        var r = v.Reader;
        using var part = r.Part("DirectMap");
        var kind = r.ReadByte("type");
        if (kind > (byte)DirectMapKind.Hashtable)
            throw r.Invalid("type", kind, "0, 1 or 2");
        var map = new DirectMap((DirectMapKind)kind, listCount);
        if (map.Kind != DirectMapKind.Array)
        {
            // Left over and never looked at.
            r.SkipVector("array", sizeof(long));
        }
        else
        {
            var entries = r.ReadCount("array", sizeof(long), (ulong)count, "ntotal");
            r.Visit<long>("array", entries, (block, _) =>
            {
                foreach (var place in block)
                    // -1: no vector with this id.
                    if (place != -1)
                        map.Note(r, place);
            });
        }

        if (map.Kind == DirectMapKind.Hashtable)
        {
            const int wordsPerEntry = 2;
            var entries = r.ReadCount("hashtable", wordsPerEntry * sizeof(long));
            r.Visit<long>("hashtable", wordsPerEntry * entries, (block, first) =>
            {
                // Blocks have an even length, so that each begins with an id.
                for (var i = 1; i < block.Length; i += wordsPerEntry)
                    map.Note(r, block[i]);
            });
        }

        return map;
    }

    /// <summary>Checks that every place exists.</summary>
    public void Check(IndexValidator v, ListSizes sizes)
    {
        using var part = v.Reader.Part("DirectMap");
        if (_lastOffsets is not null)
            for (var list = 0; list < _lastOffsets.Length; list++)
                // One more than the offset: 0 says that nothing points into the list.
                if (_lastOffsets[list] > sizes[list])
                    throw Missing(v, list, _lastOffsets[list], sizes[list]);
        if (_sparseLastOffsets is not null)
            foreach (var (list, last) in _sparseLastOffsets)
                if (last > sizes[list])
                    throw Missing(v, list, last, sizes[list]);
    }

    private static InvalidDataException Missing(IndexValidator v, int list, uint last, long size) =>
        v.Reader.Invalid($"an entry points to vector {last - 1} of list {list}, which holds {size}");

    private void Note(BoundedReader r, long place)
    {
        // The number of the list in the upper half, the place in the list in the lower.
        var list = place >> 32;
        var offset = (uint)place;
        if (place < 0 || list >= _listCount || offset == uint.MaxValue)
            throw r.Invalid("a place", $"list {list}, vector {offset}", $"a list in 0 … {_listCount - 1}");
        if (_listCount <= MaximumArrayLength)
        {
            _lastOffsets ??= new uint[_listCount];
            ref var last = ref _lastOffsets[list];
            last = Math.Max(last, offset + 1);
        }
        else
        {
            _sparseLastOffsets ??= [];
            ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(_sparseLastOffsets, (int)list, out _);
            last = Math.Max(last, offset + 1);
        }
    }
}
