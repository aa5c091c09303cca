using FaissNet.Managed;

namespace FaissNet.Serialization;

// Inverted files.
internal sealed partial class IndexLoader
{
    /// <summary>What every inverted file begins with; the older layouts store the ids of all lists there.</summary>
    private readonly record struct IvfHeader(int ListCount, int ProbeCount, IndexFlat Quantizer, StoredDirectMap? DirectMap, LegacyIds? Ids);

    /// <summary>The ids of all lists, one list after the other.</summary>
    private sealed record LegacyIds(int[] Sizes, UnmanagedBuffer Ids);

    private IndexIVFFlat ReadIvfFlat(in IndexHeader header)
    {
        var ivf = ReadIvfHeader(header, isLegacy: !header.FourCC.Is("IwFl"));
        var index = Made(new IndexIVFFlat(header.Dimension, ivf.ListCount, header.Metric));
        ReadLists(index, ivf, sizeof(float) * header.Dimension, header.FourCC.Is("IvFl") ? sizeof(float) : 1);
        return index;
    }

    private IvfHeader ReadIvfHeader(in IndexHeader header, bool isLegacy)
    {
        var listCount = _r.ReadSize("nlist", 1, Array.MaxLength);
        var probeCount = _r.ReadSize("nprobe", 1, int.MaxValue);
        var quantizer = ReadQuantizer();
        if (quantizer.Dimension != header.Dimension)
            throw _r.Invalid($"the quantizer's d is {quantizer.Dimension}, but d is {header.Dimension}");
        if (quantizer.Count != listCount && (header.IsTrained || quantizer.Count != 0))
            throw _r.Invalid($"the quantizer has {quantizer.Count} centroids, but nlist is {listCount}");
        if (quantizer.Metric != header.Metric)
            throw NotSupported($"The index in the file compares by {header.Metric} and its coarse quantizer by {quantizer.Metric}.");

        var ids = isLegacy ? ReadLegacyIds((int)listCount) : null;
        return new IvfHeader((int)listCount, (int)probeCount, quantizer, StoredDirectMap.Read(_r, _file), ids);
    }

    // Searches read all of it, so there is nothing to be gained by leaving it in the file.
    private IndexFlat ReadQuantizer()
    {
        var file = _file;
        _file = null;
        try
        {
            return ReadIndex("quantizer") as IndexFlat ?? throw NotSupported("The coarse quantizer in the file is not flat.");
        }
        finally
        {
            _file = file;
        }
    }

    private unsafe LegacyIds ReadLegacyIds(int listCount)
    {
        var sizes = new int[listCount];
        var ids = new UnmanagedBuffer();
        var total = 0L;
        for (var list = 0; list < listCount; list++)
        {
            sizes[list] = Size(_r.ReadCount("the ids of a list", sizeof(long)));
            ids.Reserve((total + sizes[list]) * sizeof(long));
            _r.Read("the ids of a list", ids.Pointer + total * sizeof(long), (long)sizes[list] * sizeof(long));
            total += sizes[list];
        }

        return new LegacyIds(sizes, ids);
    }

    /// <summary>Reads the lists and gives the index all that <paramref name="ivf"/> says.</summary>
    /// <param name="index">The index, with empty lists.</param>
    /// <param name="ivf">What came before.</param>
    /// <param name="codeSize">Bytes per code.</param>
    /// <param name="elementSize">Of the codes in the older layouts.</param>
    private void ReadLists(IndexIVF index, in IvfHeader ivf, int codeSize, int elementSize = 1)
    {
        Restore(index, ivf);
        if (ivf.Ids is { } ids)
        {
            ReadLegacyCodes((ArrayInvertedLists)index.Lists, ids, codeSize, elementSize);
            return;
        }

        var type = _r.ReadFourCC("the type of the inverted lists");
        using var part = _r.Part($"InvertedLists {type}");
        if (type.Is("ilod"))
        {
            ReadListsOnDisk(index, ivf.ListCount, codeSize);
            return;
        }

        if (!type.Is("ilar"))
            throw NotSupported($"The lists in the file are of the type {type}.");

        _r.ReadSize("nlist", ivf.ListCount, ivf.ListCount);
        _r.ReadSize("code_size", codeSize, codeSize);
        var sizes = ReadSizes(ivf.ListCount);
        if (_file is not null)
        {
            index.RestoreLists(MapLists(_file, sizes, codeSize));
            return;
        }

        var lists = (ArrayInvertedLists)index.Lists;
        for (var list = 0; list < sizes.Length; list++)
            lists.Fill(list, sizes[list], _r);
    }

    private static void Restore(IndexIVF index, in IvfHeader ivf)
    {
        index.RestoreQuantizer(ivf.Quantizer);
        index.SetParameterInner("nprobe", ivf.ProbeCount);
        index.StoredDirectMap = ivf.DirectMap;
    }

    private MappedInvertedLists MapLists(MappedFile file, int[] sizes, int codeSize)
    {
        var offsets = new long[sizes.Length];
        for (var list = 0; list < sizes.Length; list++)
        {
            offsets[list] = _r.Offset;
            _r.Skip("the codes and ids of a list", (UInt128)sizes[list] * (uint)(codeSize + sizeof(long)));
        }

        if (_r.Offset > file.Length)
            throw _r.Invalid("the file was cut while it was read");

        return new MappedInvertedLists(file, codeSize, offsets, sizes);
    }

    private int[] ReadSizes(int listCount)
    {
        var sizes = new int[listCount];
        var layout = _r.ReadFourCC("the layout of the list sizes");
        const string field = "the list sizes";
        if (layout.Is("full"))
        {
            var count = _r.ReadCount(field, sizeof(long), (ulong)listCount, "nlist");
            _r.Visit<long>(field, count, (block, first) =>
            {
                for (var i = 0; i < block.Length; i++)
                    sizes[first + i] = Size(block[i]);
            });
            return sizes;
        }

        if (!layout.Is("sprs"))
            throw _r.Invalid("the layout of the list sizes", layout, "full or sprs");
        var values = _r.ReadCount(field, sizeof(long));
        var previous = -1L;
        // Blocks have an even length, so that each begins with a list's number.
        _r.Visit<long>(field, values, (block, _) =>
        {
            for (var i = 0; i + 1 < block.Length; i += 2)
            {
                if (block[i] <= previous || block[i] >= listCount)
                    throw _r.Invalid("a list number", block[i], $"{previous + 1} … {listCount - 1}, in ascending order");
                previous = block[i];
                sizes[previous] = Size(block[i + 1]);
            }
        });
        return sizes;
    }

    private static int Size(long size) => size is >= 0 and <= int.MaxValue
        ? (int)size
        : throw NotSupported($"A list in the file holds {size} vectors; those of the managed engine hold at most {int.MaxValue}.");

    private unsafe void ReadLegacyCodes(ArrayInvertedLists lists, LegacyIds ids, int codeSize, int elementSize)
    {
        using var all = ids.Ids;
        using var codes = new UnmanagedBuffer();
        var id = (long*)all.Pointer;
        for (var list = 0; list < ids.Sizes.Length; list++)
        {
            var bytes = (long)ids.Sizes[list] * codeSize;
            _r.ReadCount("the codes of a list", elementSize, (UInt128)bytes / (uint)elementSize, "its ids × code_size");
            codes.Reserve(bytes);
            _r.Read("the codes of a list", codes.Pointer, bytes);
            lists.Reserve(list, ids.Sizes[list]);
            lists.Append(list, ids.Sizes[list], codes.Pointer, id);
            id += ids.Sizes[list];
        }
    }
}
