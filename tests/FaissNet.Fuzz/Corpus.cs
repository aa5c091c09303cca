using FaissNet.Managed;
using Native = FaissNet.IndexFactory;

namespace FaissNet.Fuzz;

/// <summary>
/// Sound files to damage: one of each type that an engine can make, small, so that much of each is structure, and the golden files.
/// </summary>
internal sealed class Corpus
{
    public const string Command = "corpus";

    private const int D = 8;
    private const int Stored = 40;
    private const int StoredInGraph = 110;

    private static readonly string[] s_both =
    [
        "Flat", "PQ4x4np", "PQ2np", "PQ2x6np", "PQ4x4fs", "SQ8", "SQ6", "SQ4", "SQfp16", "IVF4,Flat", "IVF4,PQ4x4np", "IVF4,PQ2np", "IVF4,PQ4x4fs",
        "IVF4,PQ4x4fsr", "IVF4,SQ8", "IVF4,SQ4", "IVF4,SQfp16", "IDMap,Flat", "IDMap2,Flat", "IDMap,SQ8", "IDMap2,IVF4,PQ4x4np", "PCA4,Flat", "PCAR4,SQ8",
        "PCAW4,IVF4,Flat", "OPQ2_4,IVF4,PQ2x4np", "RR4,PQ2x4np", "ITQ4,Flat", "Pad12,Flat", "L2norm,Flat", "L2norm,IVF4,Flat", "Flat,RFlat",
        "IVF4,PQ4x4np,RFlat", "PQ2x4np,Refine(SQ8)", "IDMap,PCA4,IVF4,PQ2x4fs,RFlat",
    ];

    private static readonly string[] s_nativeOnly =
    [
        "LSH", "LSHt", "LSHrt", "HNSW4", "HNSW4,SQ8", "HNSW4_PQ2", "NSG4", "IDMap,HNSW4", "IVF4_HNSW4,Flat", "IVF4,FlatDedup", "IMI2x2,Flat", "IMI2x2,PQ4x4np",
        "IVF4,PQ4x4np+4", "ITQ4,LSH", "IVF4,ITQ4,SH", "RQ2x4", "RQ2x4_Nfloat", "LSQ2x4", "PRQ2x2x4", "PLSQ2x2x4", "IVF4,RQ2x4", "IVF4,LSQ2x4", "IVF4,PRQ2x2x4",
        "IVF4,PLSQ2x2x4", "IVF16(RCQ2x2),Flat", "RQ2x4fs_Nrq2x4", "LSQ2x4fs_Nrq2x4", "PRQ2x2x4fs_Nrq2x4", "PLSQ2x2x4fs_Nrq2x4", "IVF4,RQ2x4fs_Nrq2x4",
        "IVF4,LSQ2x4fs_Nrq2x4", "IVF4,PRQ2x2x4fs_Nrq2x4", "IVF4,PLSQ2x2x4fs_Nrq2x4",
    ];

    private static readonly string[] s_binary =
    [
        "BFlat", "BIVF4", "BIVF4_HNSW4", "BHNSW4", "BHash4", "BHash2x5", "IDMap,BFlat", "IDMap2,BIVF4", "IDMap,BHNSW4", "IDMap2,BHash4",
    ];

    public Corpus(IEnumerable<(string Name, byte[] Bytes)> files) =>
        Files = [.. files.OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => new SeedFile(file.Name, file.Bytes))];

    /// <summary>In the order of their names, on which the cases depend.</summary>
    public IReadOnlyList<SeedFile> Files { get; }

    /// <summary>The child's side: makes the files, for which the engines are needed.</summary>
    public static int Write(string folder, bool managedOnly, string only)
    {
        if (!managedOnly)
            FaissRuntime.ThreadCount = 1;
        ManagedThreads.Count = 1;
        var files = Make(managedOnly).Where(file => file.Name.Contains(only, StringComparison.Ordinal)).ToList();
        foreach (var (i, (_, bytes)) in files.Index())
            File.WriteAllBytes(Path.Combine(folder, $"{i:d4}"), bytes);
        File.WriteAllLines(Path.Combine(folder, "names"), files.Select(file => file.Name));
        return 0;
    }

    public static Corpus Read(string folder) =>
        new(File.ReadAllLines(Path.Combine(folder, "names")).Select((name, i) => (name, File.ReadAllBytes(Path.Combine(folder, $"{i:d4}")))));

    private static IEnumerable<(string Name, byte[] Bytes)> Make(bool managedOnly)
    {
        foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
        {
            foreach (var description in s_both)
                foreach (var file in Make("managed", Managed.IndexFactory.Create, description, metric))
                    yield return file;
            foreach (var description in managedOnly ? [] : s_both.Concat(s_nativeOnly))
                foreach (var file in Make("native", Native.Create, description, metric))
                    yield return file;
        }

        foreach (var description in managedOnly ? [] : s_binary)
            foreach (var file in MakeBinary(description))
                yield return file;

        foreach (var path in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "vectors", "indexes"), "*.faiss"))
            yield return ("golden " + Path.GetFileNameWithoutExtension(path), File.ReadAllBytes(path));
    }

    /// <summary>One index empty and filled; nothing where this version of FAISS, or this engine, does not have it.</summary>
    private static List<(string Name, byte[] Bytes)> Make(
        string engine, Func<int, string, MetricType, VectorIndex> create, string description, MetricType metric)
    {
        var files = new List<(string, byte[])>();
        try
        {
            using var index = create(D, description, metric);
            files.Add(($"{engine} {description} {metric} empty", Save(index)));
            Fill(
                index,
                description.Contains("NSG", StringComparison.Ordinal) ? StoredInGraph : Stored,
                withIds: description.StartsWith("IDMap", StringComparison.Ordinal));
            files.Add(($"{engine} {description} {metric}", Save(index)));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            // An empty file is as good as none to begin with.
        }

        return files;
    }

    private static IEnumerable<(string Name, byte[] Bytes)> MakeBinary(string description)
    {
        const int bits = 8 * D, trainingVectors = 300;
        using var index = BinaryIndexFactory.Create(bits, description);
        yield return ($"binary {description} empty", Save(index));
        index.Train(Bits(trainingVectors, bits, seed: 1));
        var vectors = Bits(Stored, bits, seed: 2);
        if (description.StartsWith("IDMap", StringComparison.Ordinal))
            index.AddWithIds(vectors, [.. Enumerable.Range(0, Stored).Select(i => 7L * i + 100)]);
        else
            index.Add(vectors);
        yield return ($"binary {description}", Save(index));
    }

    private static void Fill(VectorIndex index, int count, bool withIds)
    {
        const int trainingVectors = 300;
        index.Train(Vectors(trainingVectors, D, seed: 1));
        var vectors = Vectors(count, D, seed: 2);
        if (withIds)
            index.AddWithIds(vectors, [.. Enumerable.Range(0, count).Select(i => 7L * i + 100)]);
        else
            index.Add(vectors);
    }

    /// <summary>Vectors of components between 0 and 1.</summary>
    public static float[] Vectors(int n, int d, int seed)
    {
        var random = new Random(seed);
        var vectors = new float[n * d];
        foreach (ref var component in vectors.AsSpan())
            component = random.NextSingle();
        return vectors;
    }

    /// <summary>Vectors of bits, eight to a byte.</summary>
    public static byte[] Bits(int n, int d, int seed)
    {
        var vectors = new byte[n * d / 8];
        new Random(seed).NextBytes(vectors);
        return vectors;
    }

    private static byte[] Save(IndexBase index)
    {
        using var stream = new MemoryStream();
        index.Save(stream);
        return stream.ToArray();
    }
}
