using FaissNet.Managed;

namespace FaissNet.Serialization;

// Inverted lists in a file of their own: FAISS's OnDiskInvertedLists (faiss/invlists/OnDiskInvertedLists.cpp).
internal sealed partial class IndexLoader
{
    private void ReadListsOnDisk(IndexIVF index, int listCount, int codeSize)
    {
        var path = _listsPath ?? throw NotSupported("The index keeps its lists in another file.");
        _r.ReadSize("nlist", listCount, listCount);
        _r.ReadSize("code_size", codeSize, codeSize);
        var table = ReadTable(listCount);
        _r.SkipVector("the slots", 2 * sizeof(long));
        _r.SkipVector("filename", 1);
        var needed = _r.ReadSize("totsize", 0, long.MaxValue);
        if (needed == 0)
            return;

        var file = MappedFile.Open(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1));
        try
        {
            if (file.Length < needed)
                throw ListsFile.Short(path, file.Length, needed);

            Check(table, codeSize, needed);
            if (_file is not null)
                index.RestoreLists(new MappedInvertedLists(file, codeSize, table.Offsets, table.Sizes, table.Capacities));
            else
                Copy(file, table, codeSize, (ArrayInvertedLists)index.Lists);
        }
        finally
        {
            file.Dispose();
        }
    }

    private (int[] Sizes, long[] Capacities, long[] Offsets) ReadTable(int listCount)
    {
        const int words = 3;
        const string field = "the lists";
        _r.ReadCount(field, words * sizeof(long), (ulong)listCount, "nlist");
        var (sizes, capacities, offsets) = (new int[listCount], new long[listCount], new long[listCount]);
        var at = 0;
        _r.Visit<long>(field, (long)words * listCount, (block, _) =>
        {
            foreach (var word in block)
            {
                var (list, part) = Math.DivRem(at++, words);
                if (part == 0)
                    sizes[list] = Size(word);
                else
                    (part == 1 ? capacities : offsets)[list] = word;
            }
        });
        return (sizes, capacities, offsets);
    }

    // The validator has done so; the file may have changed since.
    private void Check((int[] Sizes, long[] Capacities, long[] Offsets) table, int codeSize, long length)
    {
        for (var list = 0; list < table.Sizes.Length; list++)
        {
            var (size, capacity, offset) = (table.Sizes[list], table.Capacities[list], table.Offsets[list]);
            if (size > 0 && (capacity < size || offset < 0 || offset + (Int128)capacity * (codeSize + sizeof(long)) > length))
                throw _r.Invalid($"list {list} lies beyond totsize = {length}");
        }
    }

    private static unsafe void Copy(
        MappedFile file, (int[] Sizes, long[] Capacities, long[] Offsets) table, int codeSize, ArrayInvertedLists lists)
    {
        for (var list = 0; list < table.Sizes.Length; list++)
        {
            if (table.Sizes[list] == 0)
                continue;

            var codes = file.Start + table.Offsets[list];
            lists.Reserve(list, table.Sizes[list]);
            lists.Append(list, table.Sizes[list], codes, (long*)(codes + table.Capacities[list] * codeSize));
        }
    }
}
