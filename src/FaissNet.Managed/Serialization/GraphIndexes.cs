namespace FaissNet.Serialization;

/// <summary>The graph indexes of one level: navigating spreading-out graphs and neighbour descent.</summary>
internal static class GraphIndexes
{
    // Building allocates and loops by these; sensible values are below a few hundred.
    private const int MaximumDegree = 1 << 16;

    public static IndexFileInfo ReadNsg(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        CheckCount(v, header);
        var r = v.Reader;
        r.ReadInt32("GK", 1, MaximumDegree);
        if (r.ReadByte("build_type") is > 1 and var type)
            throw r.Invalid("build_type", type, "0 or 1");
        r.ReadInt32("nndescent_S", 0, MaximumDegree);
        r.ReadInt32("nndescent_R", 0, MaximumDegree);
        r.ReadInt32("nndescent_L", 0, MaximumDegree);
        r.ReadInt32("nndescent_iter", 0, MaximumDegree);
        ReadNsgGraph(v, header);
        var storage = v.ReadIndex("storage", labelsAreIndices: true);
        CheckStorage(v, header, storage, fourCC.ToString() switch
        {
            "INSf" => ["IxF2", "IxFI", "IxFl"],
            "INSp" => ["IxPq"],
            _ => ["IxSQ"],
        });
        return IndexValidator.Info(header) with { SubIndexes = [storage] };
    }

    private static void ReadNsgGraph(IndexValidator v, in IndexHeader header)
    {
        var r = v.Reader;
        using var part = r.Part("NSG");
        var count = r.ReadInt32("ntotal", 0, int.MaxValue);
        v.RequireEqual("ntotal", count, "the index's ntotal", header.Count);
        var degree = r.ReadInt32("R", 1, MaximumDegree);
        r.ReadInt32("L", 0, MaximumDegree);
        r.ReadInt32("C", 0, MaximumDegree);
        var breadth = r.ReadInt32("search_L", -1, int.MaxValue);
        var entry = r.ReadInt32("enterpoint");
        if (!r.ReadBoolean("is_built"))
        {
            if (count > 0)
                throw r.Invalid("the graph is not built, but the index holds vectors");
            return;
        }

        // A search draws search_L different nodes at random and does not end if there are fewer.
        if (breadth > count)
            throw r.Invalid("search_L", breadth, $"at most ntotal = {count}");
        if (entry < 0 || entry >= count)
            throw r.Invalid("enterpoint", entry, $"0 … {count - 1}");
        if ((long)count * degree > int.MaxValue)
            throw r.Invalid("R", degree, $"at most {int.MaxValue / count}: FAISS multiplies it with ntotal in 32 bits");
        v.RequireMemory("the graph", (UInt128)count * (uint)degree * sizeof(int));

        for (var node = 0; node < count; node++)
        {
            for (var i = 0; ; i++)
            {
                var neighbor = r.ReadInt32("a neighbour");
                if (neighbor == -1)
                    break;
                if (neighbor < 0 || neighbor >= count)
                    throw r.Invalid($"a neighbour of node {node}", neighbor, $"-1 … {count - 1}");
                if (i >= degree)
                    throw r.Invalid($"node {node} has more than R = {degree} neighbours");
            }
        }
    }

    public static IndexFileInfo ReadNNDescent(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        CheckCount(v, header);
        ReadNNDescentGraph(v, header);
        var storage = v.ReadIndex("storage", labelsAreIndices: true);
        CheckStorage(v, header, storage, "IxF2", "IxFI", "IxFl");
        return IndexValidator.Info(header) with { SubIndexes = [storage] };
    }

    private static void ReadNNDescentGraph(IndexValidator v, in IndexHeader header)
    {
        var r = v.Reader;
        using var part = r.Part("NNDescent");
        var count = r.ReadInt32("ntotal", 0, int.MaxValue);
        v.RequireEqual("ntotal", count, "the index's ntotal", header.Count);
        r.ReadInt32("d", header.Dimension, header.Dimension);
        var degree = r.ReadInt32("K", 1, MaximumDegree);
        // Adding builds the graph anew. That samples 2 × S nodes, divides by R and takes the best K of pools of size L.
        var sample = r.ReadInt32("S", 1, MaximumDegree);
        r.ReadInt32("R", 1, MaximumDegree);
        r.ReadInt32("L", degree, MaximumDegree);
        r.ReadInt32("iter", 0, MaximumDegree);
        var breadth = r.ReadInt32("search_L", 0, int.MaxValue);
        r.Skip("random_seed", sizeof(int));
        if (!r.ReadBoolean("has_built"))
        {
            if (count > 0)
                throw r.Invalid("the graph is not built, but the index holds vectors");
            r.SkipVector("final_graph", sizeof(int));
            return;
        }

        if (degree >= count)
            throw r.Invalid("K", degree, $"less than ntotal = {count}");
        if (2 * sample >= count)
            throw r.Invalid("S", sample, $"less than half of ntotal = {count}");
        // A search divides by the difference.
        if (breadth >= count)
            throw r.Invalid("search_L", breadth, $"less than ntotal = {count}");
        if (unchecked(header.Dimension * breadth) == -1)
            throw r.Invalid("search_L", breadth, "a number whose product with d is not -1 in 32 bits");
        if ((long)count * degree > int.MaxValue)
            throw r.Invalid("K", degree, $"at most {int.MaxValue / count}: FAISS multiplies it with ntotal in 32 bits");
        var links = r.ReadCount("final_graph", sizeof(int), (UInt128)count * (uint)degree, "ntotal × K");
        r.Visit<int>("final_graph", links, (block, first) =>
        {
            for (var i = 0; i < block.Length; i++)
                if (block[i] < 0 || block[i] >= count)
                    throw r.Invalid($"a neighbour of node {(first + i) / degree}", block[i], $"0 … {count - 1}");
        });
    }

    private static void CheckCount(IndexValidator v, in IndexHeader header)
    {
        if (header.Count > int.MaxValue)
            throw v.Reader.Invalid("ntotal", header.Count, $"at most {int.MaxValue}: links are 32-bit integers");
    }

    private static void CheckStorage(
        IndexValidator v, in IndexHeader header, IndexFileInfo storage, params ReadOnlySpan<string> types)
    {
        if (!types.Contains(storage.FourCC))
            throw v.Unrecognised($"{storage.TypeName} is not known as the storage of {header.TypeName}");
        v.RequireEqual("the storage's d", storage.Dimension, "d", header.Dimension);
        v.RequireEqual("the storage's ntotal", storage.Count, "ntotal", header.Count);
        if (storage.Metric != header.Metric)
            throw v.Reader.Invalid($"the storage's metric is {storage.Metric}, but the metric is {header.Metric}");
        if (header.IsTrained && !storage.IsTrained)
            throw v.Reader.Invalid("the storage is not trained, but the index says that it is");
    }
}
