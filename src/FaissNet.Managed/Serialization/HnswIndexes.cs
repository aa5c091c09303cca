using System.Globalization;

namespace FaissNet.Serialization;

/// <summary>
/// Hierarchical navigable small worlds. A search follows links without looking at bounds, and adding writes links into the
/// lists of existing nodes: so each link must lead to a node that exists on the link's level.
/// </summary>
internal static class HnswIndexes
{
    // Far above any sensible setting; it sizes an allocation per query and thread.
    private const int MaximumBreadth = 1 << 20;

    // With M = 2 FAISS lays out about 30 levels, with any larger M fewer.
    private const int MaximumLevels = 128;

    private const int MaximumNeighbors = 1 << 20;

    public static IndexFileInfo Read(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        if (header.Count > int.MaxValue)
            throw v.Reader.Invalid("ntotal", header.Count, $"at most {int.MaxValue}: links are 32-bit integers");
        ReadGraph(v, header);

        var storage = v.ReadIndex("storage", labelsAreIndices: true);
        CheckStorage(v, header, storage, fourCC);
        return IndexValidator.Info(header) with { SubIndexes = [storage] };
    }

    public static void ReadGraph(IndexValidator v, in IndexHeader header)
    {
        var r = v.Reader;
        using var part = r.Part("HNSW");
        var count = header.Count;

        var probabilities = r.SkipVector("assign_probas", sizeof(double));
        var levelsCount = r.ReadCount("cum_nneighbor_per_level", sizeof(int));
        // A new node may come to lie on any level that has a probability.
        if (probabilities < 1 || levelsCount > MaximumLevels || levelsCount <= probabilities)
            throw r.Invalid("the number of elements of cum_nneighbor_per_level", levelsCount,
                $"more than the {probabilities} of assign_probas, which are at least 1, and at most {MaximumLevels}");
        var neighborsBefore = r.ReadArray<int>("cum_nneighbor_per_level", levelsCount);
        var ascends = neighborsBefore[0] == 0 && neighborsBefore[^1] <= MaximumNeighbors;
        for (var i = 1; i < neighborsBefore.Length; i++)
            ascends &= neighborsBefore[i] > neighborsBefore[i - 1];
        if (!ascends)
            throw r.Invalid($"cum_nneighbor_per_level must ascend from 0 to at most {MaximumNeighbors}");

        var levels = ReadLevels(r, count, (int)levelsCount);
        var linkCount = ReadOffsets(r, levels, neighborsBefore);
        ReadNeighbors(r, levels, neighborsBefore, linkCount);

        var entry = r.ReadInt32("entry_point");
        if (count == 0 ? entry != -1 : entry < 0 || entry >= count)
            throw r.Invalid("entry_point", entry, count == 0 ? "-1, for there are no nodes" : $"0 … {count - 1}");
        var maxLevel = r.ReadInt32("max_level", count == 0 ? -1 : 0, (int)levelsCount - 2);
        if (count > 0 && levels[entry] <= maxLevel)
            throw r.Invalid("max_level", maxLevel, $"at most {levels[entry] - 1}, the level of the entry point");
        var efConstruction = r.ReadInt32("efConstruction", 1, MaximumBreadth);
        var efSearch = r.ReadInt32("efSearch", 1, MaximumBreadth);
        r.ReadInt32("upper_beam", 1, MaximumBreadth);

        // FAISS divides by (level × d × ef) + 1 in 32 bits to choose how often to look for an interruption.
        for (var level = -1; level < levelsCount; level++)
            if (unchecked(level * header.Dimension * efSearch) == -1 && level == maxLevel
                || unchecked(level * header.Dimension * efConstruction) == -1 && level >= 0)
                throw r.Invalid(string.Create(CultureInfo.InvariantCulture,
                    $"d = {header.Dimension}, efSearch = {efSearch} and efConstruction = {efConstruction} make FAISS divide by zero"));
    }

    // Levels fit in a byte, and are the one thing per node that later checks need at random.
    private static byte[] ReadLevels(BoundedReader r, long count, int levelsCount)
    {
        r.ReadCount("levels", sizeof(int), (ulong)count, "ntotal");
        var levels = new GrowingBytes(r.Length is null ? 0 : count);
        r.Visit<int>("levels", count, (block, _) =>
        {
            foreach (var level in block)
                levels.Add(level >= 1 && level < levelsCount
                    ? (byte)level
                    : throw r.Invalid("a level", level, $"1 … {levelsCount - 1}"));
        });
        return levels.ToArray();
    }

    private static long ReadOffsets(BoundedReader r, byte[] levels, int[] neighborsBefore)
    {
        r.ReadCount("offsets", sizeof(long), (ulong)levels.Length + 1, "ntotal + 1");
        long expected = 0;
        r.Visit<long>("offsets", levels.Length + 1L, (block, first) =>
        {
            for (var i = 0; i < block.Length; i++)
            {
                if (first + i > 0)
                    expected += neighborsBefore[levels[first + i - 1]];
                if (block[i] != expected)
                    throw r.Invalid($"offset {first + i}", block[i], $"{expected}, by the levels of the nodes before it");
            }
        });
        return expected;
    }

    private static void ReadNeighbors(BoundedReader r, byte[] levels, int[] neighborsBefore, long linkCount)
    {
        r.ReadCount("neighbors", sizeof(int), (ulong)linkCount, "the last offset");
        var node = 0;
        var slot = 0;
        var level = 0;
        var isFull = true;
        r.Visit<int>("neighbors", linkCount, (block, _) =>
        {
            foreach (var neighbor in block)
            {
                // A list whose last slot is taken counts as full, and adding then follows every link in it.
                if (neighbor != -1 && !isFull)
                    throw r.Invalid($"node {node} has a neighbour, {neighbor}, behind the end of its list on level {level}");
                isFull = neighbor != -1;
                if (neighbor != -1 && (neighbor < 0 || neighbor >= levels.Length || levels[neighbor] <= level))
                    throw r.Invalid($"a neighbour of node {node} on level {level}", neighbor,
                        $"-1 or a node of that level in 0 … {levels.Length - 1}");
                if (++slot == neighborsBefore[level + 1])
                {
                    level++;
                    isFull = true;
                }

                if (level == levels[node])
                {
                    node++;
                    slot = level = 0;
                }
            }
        });
    }

    private static void CheckStorage(IndexValidator v, in IndexHeader header, IndexFileInfo storage, FourCC fourCC)
    {
        var r = v.Reader;
        // A storage that cannot give single distances makes FAISS throw inside a parallel region, which ends the process.
        var fits = fourCC.ToString() switch
        {
            "IHNf" => storage.FourCC is "IxF2" or "IxFI" or "IxFl",
            "IHNp" => storage.FourCC is "IxPq" or "IxPo" or "IxPQ",
            "IHNs" => storage.FourCC is "IxSQ",
            _ => storage.FourCC is "Ix2L",
        };
        if (!fits)
            throw v.Unrecognised($"{storage.TypeName} is not known as the storage of {header.TypeName}");
        v.RequireEqual("the storage's d", storage.Dimension, "d", header.Dimension);
        v.RequireEqual("the storage's ntotal", storage.Count, "ntotal", header.Count);
        if (storage.Metric != header.Metric)
            throw r.Invalid($"the storage's metric is {storage.Metric}, but the metric is {header.Metric}");
        if (header.IsTrained && !storage.IsTrained)
            throw r.Invalid("the storage is not trained, but the index says that it is");
        if (fourCC.Is("IHN2") && header.Metric != MetricType.L2)
            throw r.Invalid($"{header.TypeName} searches only with L2, and its metric is {header.Metric}");
        if (fourCC.Is("IHNp") && storage.ProductQuantizer is { } pq)
            v.RequireMemory("distances between centroids",
                (UInt128)pq.M * (ulong)pq.SubCount * (ulong)pq.SubCount * sizeof(float));
    }

    /// <summary>A byte array that is sized at once if the count can be trusted, and grows otherwise.</summary>
    private sealed class GrowingBytes(long capacity)
    {
        private byte[] _bytes = new byte[Math.Max(capacity, 16)];
        private int _count;

        public void Add(byte value)
        {
            if (_count == _bytes.Length)
                Array.Resize(ref _bytes, (int)Math.Min(2L * _count, Array.MaxLength));
            _bytes[_count++] = value;
        }

        public byte[] ToArray()
        {
            if (_count != _bytes.Length)
                Array.Resize(ref _bytes, _count);
            return _bytes;
        }
    }
}
