using System.Text;
using FaissNet.Managed;

namespace FaissNet.Serialization;

// Inverted lists in a file of their own: FAISS's OnDiskInvertedLists in its compact form.
internal sealed partial class IndexWriter
{
    private FieldWriter? _lists;
    private string _listsName = "";

    /// <summary>Writes an index and its lists to two streams.</summary>
    /// <param name="index">The index.</param>
    /// <param name="stream">Receives the index.</param>
    /// <param name="lists">Receives codes and ids.</param>
    /// <param name="listsName">How the index names the file of the lists.</param>
    public static void WriteOnDisk(ManagedIndex index, Stream stream, Stream lists, string listsName)
    {
        var writer = new IndexWriter(stream) { _lists = new FieldWriter(lists), _listsName = listsName };
        writer.WriteIndex(index);
        if (writer._listsName.Length > 0)
            throw new NotSupportedException($"{index.TypeName} has no inverted lists that can lie in a file of their own.");

        writer._w.Flush();
        writer._lists.Flush();
    }

    private unsafe void WriteListsOnDisk(InvertedLists lists)
    {
        // FAISS cannot map an empty file.
        const long least = 4096;
        var entry = (long)lists.CodeSize + sizeof(long);
        _w.Write("ilod");
        _w.Write((long)lists.ListCount);
        _w.Write((long)lists.CodeSize);
        _w.Write((long)lists.ListCount);
        var used = 0L;
        for (var list = 0; list < lists.ListCount; list++)
        {
            long size = lists.Size(list);
            _w.Write(size);
            _w.Write(size);
            _w.Write(used);
            used += size * entry;
            WriteCodes(_lists!, lists, list);
            _lists!.WriteBytes((byte*)lists.Ids(list), size * sizeof(long));
        }

        var rest = Math.Max(0, least - used);
        _lists!.WriteBytes(new byte[rest]);
        _w.Write(rest > 0 ? 1L : 0);
        if (rest > 0)
        {
            _w.Write(used);
            _w.Write(rest);
        }

        _w.WriteVector<byte>(Encoding.UTF8.GetBytes(_listsName));
        _w.Write(used + rest);
        _listsName = "";
    }
}
