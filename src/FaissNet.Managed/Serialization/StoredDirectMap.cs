using FaissNet.Managed;

namespace FaissNet.Serialization;

/// <summary>
/// A direct map for the file's sake: written as it was read as long as the lists are those that it was read with, and made anew from them
/// afterwards, in the same form where that can hold the ids.
/// </summary>
internal sealed unsafe class StoredDirectMap : IDisposable
{
    private const int BytesPerPair = 2 * sizeof(long);

    private readonly DirectMapKind _kind;
    private readonly UnmanagedBuffer _array = new();
    private readonly UnmanagedBuffer _pairs = new();
    private readonly long _arrayCount;
    private readonly long _pairCount;
    private bool _isStale;

    private StoredDirectMap(BoundedReader r, MappedFile? file)
    {
        using var part = r.Part("DirectMap");
        _kind = (DirectMapKind)r.ReadByte("type");
        if (_kind > DirectMapKind.Hashtable)
            throw r.Invalid("type", _kind, "0, 1 or 2");
        _arrayCount = Read(r, file, "array", sizeof(long), _array);
        if (_kind == DirectMapKind.Hashtable)
            _pairCount = Read(r, file, "hashtable", BytesPerPair, _pairs);
    }

    /// <summary>Reads a map; null for none.</summary>
    public static StoredDirectMap? Read(BoundedReader r, MappedFile? file)
    {
        var map = new StoredDirectMap(r, file);
        return map._kind == DirectMapKind.None && map._arrayCount == 0 ? null : map;
    }

    /// <summary>The lists have changed.</summary>
    public void Drop()
    {
        _isStale = true;
        Dispose();
    }

    public void Dispose()
    {
        _array.Dispose();
        _pairs.Dispose();
    }

    /// <summary>Writes the map of an index; null for none.</summary>
    public static void Write(FieldWriter w, StoredDirectMap? map, InvertedLists lists, long count)
    {
        if (map is null || (map._isStale && map._kind == DirectMapKind.None))
        {
            w.Write((byte)DirectMapKind.None);
            w.Write(0L);
        }
        else if (map._isStale)
        {
            WriteAnew(w, map._kind, lists, count);
        }
        else
        {
            w.Write((byte)map._kind);
            w.WriteVector((long*)map._array.Pointer, map._arrayCount);
            if (map._kind != DirectMapKind.Hashtable)
                return;

            w.Write(map._pairCount);
            w.WriteBytes(map._pairs.Pointer, map._pairCount * BytesPerPair);
        }
    }

    private static long Read(BoundedReader r, MappedFile? file, string field, int elementSize, UnmanagedBuffer to)
    {
        var count = r.ReadCount(field, elementSize);
        var bytes = checked(count * elementSize);
        if (bytes == 0)
            return count;

        if (file is not null)
        {
            var offset = r.Offset;
            r.Skip(field, (UInt128)bytes);
            to.Map(file, offset, bytes);
        }
        else
        {
            to.Reserve(bytes);
            r.Read(field, to.Pointer, bytes);
        }

        return count;
    }

    private static void WriteAnew(FieldWriter w, DirectMapKind kind, InvertedLists lists, long count)
    {
        if (kind == DirectMapKind.Array && MakeArray(lists, count) is { } array)
        {
            w.Write((byte)DirectMapKind.Array);
            using (array)
                w.WriteVector((long*)array.Pointer, count);
            return;
        }

        w.Write((byte)DirectMapKind.Hashtable);
        w.Write(0L);
        var pairs = 0L;
        for (var list = 0; list < lists.ListCount; list++)
            pairs += lists.Size(list);

        w.Write(pairs);
        for (var list = 0; list < lists.ListCount; list++)
        {
            for (var i = 0; i < lists.Size(list); i++)
            {
                w.Write(lists.Ids(list)[i]);
                w.Write(Place(list, i));
            }
        }
    }

    // Null if ids are not what an array counts by.
    private static UnmanagedBuffer? MakeArray(InvertedLists lists, long count)
    {
        var buffer = new UnmanagedBuffer();
        buffer.Reserve(count * sizeof(long));
        var places = (long*)buffer.Pointer;
        for (long i = 0; i < count; i++)
            places[i] = -1;

        for (var list = 0; list < lists.ListCount; list++)
        {
            for (var i = 0; i < lists.Size(list); i++)
            {
                var id = lists.Ids(list)[i];
                if (id < 0 || id >= count)
                {
                    buffer.Dispose();
                    return null;
                }

                places[id] = Place(list, i);
            }
        }

        return buffer;
    }

    private static long Place(int list, int index) => (long)list << 32 | (uint)index;
}
