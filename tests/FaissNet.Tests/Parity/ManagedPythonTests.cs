using System.Runtime.InteropServices;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Parity;

/// <summary>What Python's faiss makes of every description that the managed engine knows, and of the files that this writes.</summary>
public sealed class ManagedWitness : IDisposable
{
    public const int D = 16, Count = 1500, Queries = 20, K = 10, NProbe = 4, KFactor = 30;

    private static readonly string[] s_descriptions =
    [
        "Flat", "IVF16,Flat", "PQ4np", "PQ8x4np", "PQ2x6np", "IVF16,PQ4np", "IVF16,PQ8x4np", "IVF16,PQ4x5np", "PQ8x4fs", "IVF16,PQ8x4fs",
        "IVF16,PQ8x4fsr", "SQ8", "SQ6", "SQ4", "SQfp16", "IVF16,SQ8", "IVF16,SQ4", "IVF16,SQfp16", "PCA8,Flat", "PCAR8,Flat", "PCAW8,IVF16,Flat",
        "OPQ4,IVF16,PQ4np", "OPQ4_8,PQ4x4np", "RR12,Flat", "ITQ8,Flat", "Pad24,Flat", "L2norm,Flat", "IDMap,Flat", "IDMap2,Flat", "IDMap,PQ4np",
        "IVF16,PQ4x4np,RFlat", "IVF16,PQ4x4np,Refine(SQ8)", "IDMap,PCA8,SQ8",
    ];

    private readonly TemporaryFolder _folder = new();

    public ManagedWitness()
    {
        if (Witness.Skip)
            return;

        Write("vectors", Vectors);
        Write("queries", QueryVectors);
        Write("ids", Ids);
        var jobs = new List<object>();
        foreach (var name in Names.Select(row => row.Data))
        {
            var (description, metric) = Parse(name);
            Make(name, description, metric);
            var make = new Dictionary<string, object?>
            {
                ["do"] = "make",
                ["d"] = D,
                ["kind"] = description,
                ["metric"] = metric.ToString(),
                ["nprobe"] = NProbe,
                ["vectors"] = _folder.File("vectors"),
                ["given_ids"] = description.StartsWith("IDMap", StringComparison.Ordinal) ? _folder.File("ids") : null,
                ["index"] = File(name, "python"),
            };
            if (Refines(description))
                make["k_factor"] = KFactor;

            jobs.Add(make);
            foreach (var maker in new[] { "python", "managed" })
            {
                jobs.Add(new
                {
                    @do = "search",
                    d = D,
                    index = File(name, maker),
                    queries = _folder.File("queries"),
                    k = K,
                    ids = File(name, $"{maker}.ids"),
                    distances = File(name, $"{maker}.distances"),
                    copy = File(name, $"{maker}.copy"),
                });
            }
        }

        Witness.RunPython(_folder, jobs);
    }

    public static TheoryData<string> Names =>
    [
        .. from metric in new[] { MetricType.L2, MetricType.InnerProduct }
           from description in s_descriptions
           select $"{description} {metric}",
    ];

    public static float[] Vectors { get; } = TestVectors.Clustered(Count, D, seed: 2);

    public static float[] QueryVectors { get; } = TestVectors.Clustered(Queries, D, seed: 3);

    public static long[] Ids { get; } = [.. Enumerable.Range(0, Count).Select(i => (i * 7919L % Count << 33) + 5)];

    public string File(string name, string what) => _folder.File($"{name} {what}");

    public (float[] Distances, long[] Ids) PythonFound(string name, string maker) => (
        MemoryMarshal.Cast<byte, float>(System.IO.File.ReadAllBytes(File(name, $"{maker}.distances"))).ToArray(),
        MemoryMarshal.Cast<byte, long>(System.IO.File.ReadAllBytes(File(name, $"{maker}.ids"))).ToArray());

    public void Dispose() => _folder.Dispose();

    // Of few candidates, which ones of equal codes come along is chance.
    private static bool Refines(string description) =>
        description.Contains("RFlat", StringComparison.Ordinal) || description.Contains("Refine", StringComparison.Ordinal);

    private static (string Description, MetricType Metric) Parse(string name) =>
        (name[..name.IndexOf(' ', StringComparison.Ordinal)], Enum.Parse<MetricType>(name[(name.IndexOf(' ', StringComparison.Ordinal) + 1)..]));

    private void Make(string name, string description, MetricType metric)
    {
        using var index = FaissNet.Managed.IndexFactory.Create(D, description, metric);
        index.Train(Vectors);
        if (description.StartsWith("IDMap", StringComparison.Ordinal))
            index.AddWithIds(Vectors, Ids);
        else
            index.Add(Vectors);

        if (description.Contains("IVF", StringComparison.Ordinal))
            index.SetParameter("nprobe", NProbe);

        if (Refines(description))
            index.SetParameter("k_factor_rf", KFactor);

        index.Save(File(name, "managed"));
    }

    private void Write<T>(string name, T[] values)
        where T : unmanaged =>
        System.IO.File.WriteAllBytes(_folder.File(name), MemoryMarshal.AsBytes<T>(values).ToArray());
}

/// <summary>The managed engine and Python's faiss read each other's files, find the same in them and write them again as they were.</summary>
public sealed class ManagedPythonTests(ManagedWitness witness) : IClassFixture<ManagedWitness>
{
    public static TheoryData<string> Names => ManagedWitness.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_find_the_same_in_both_files(string name)
    {
        SkipWithoutPython();
        foreach (var maker in new[] { "python", "managed" })
        {
            var (distances, ids) = witness.PythonFound(name, maker);
            using var index = ManagedIndex.Load(witness.File(name, maker));
            using var mapped = ManagedIndex.LoadMapped(witness.File(name, maker));
            foreach (var loaded in new[] { index, mapped })
            {
                var found = loaded.Search(ManagedWitness.QueryVectors, ManagedWitness.K);
                for (var q = 0; q < ManagedWitness.Queries; q++)
                    AssertSame(name, maker, q, distances, ids, found);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_writes_the_others_file_again_byte_for_byte(string name)
    {
        SkipWithoutPython();
        using var index = ManagedIndex.Load(witness.File(name, "python"));
        using var mapped = ManagedIndex.LoadMapped(witness.File(name, "python"));

        Assert.Equal(File.ReadAllBytes(witness.File(name, "python")), Serialization.ManagedFileTests.Bytes(index));
        Assert.Equal(File.ReadAllBytes(witness.File(name, "python")), Serialization.ManagedFileTests.Bytes(mapped));
        Assert.Equal(File.ReadAllBytes(witness.File(name, "managed")), File.ReadAllBytes(witness.File(name, "managed.copy")));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_native_engine_writes_a_managed_file_again_byte_for_byte(string name)
    {
        SkipWithoutPython();
        using var native = FaissIndex.Load(witness.File(name, "managed"));

        Assert.Equal(File.ReadAllBytes(witness.File(name, "managed")), Serialization.ManagedFileTests.Bytes(native));
    }

    private static void SkipWithoutPython() => Assert.SkipWhen(Witness.Skip, "FAISSNET_SKIP_PYTHON is 1");

    private static void AssertSame(string name, string maker, int q, float[] distances, long[] ids, SearchResult found)
    {
        const int k = ManagedWitness.K;
        var query = ManagedWitness.QueryVectors.AsSpan(q * ManagedWitness.D, ManagedWitness.D);
        var expected = distances.AsSpan(q * k, k);
        // Sums are rounded, and cancel from terms of this size. FAISS sums fast-scan distances of tables that it rounds to bytes, whose error
        // is up to half a step of 1/255 of the largest difference per part.
        var size = Math.Max(BruteForce.Distance(MetricType.InnerProduct, query, query), Math.Max(Math.Abs(expected[0]), Math.Abs(expected[^1])));
        var isFastScan = name.Contains("fs", StringComparison.Ordinal);
        var tolerance = (isFastScan ? 2e-2 : 1e-5) * size;
        for (var j = 0; j < k; j++)
        {
            var actual = found.Distances[q * k + j];
            Assert.True(
                Math.Abs(actual - expected[j]) <= tolerance || actual == expected[j],
                $"{name} of {maker}, query {q}, rank {j}: {actual} ({found.Labels[q * k + j]}), Python {expected[j]} ({ids[q * k + j]})");
        }

        var labels = found.Labels.AsSpan(q * k, k).ToArray();
        for (var j = 0; j < k; j++)
        {
            if (Math.Abs(expected[j] - expected[^1]) > 2 * tolerance)
                Assert.Contains(ids[q * k + j], labels);
        }
    }
}
