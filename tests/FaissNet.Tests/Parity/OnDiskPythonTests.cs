using System.Runtime.InteropServices;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Parity;

/// <summary>Inverted lists on disk and cosine indexes: Python's faiss reads what either engine made, and either engine what Python made.</summary>
[NeedsNative]
public sealed class OnDiskPythonTests : IDisposable
{
    private const int D = 16, Count = 1200, Parts = 3, K = 5, NList = 8;

    private readonly TemporaryFolder _folder = new();

    private static float[] Vectors { get; } = TestVectors.Clustered(Count, D, seed: 11);

    private static float[] Queries { get; } = TestVectors.Clustered(25, D, seed: 12);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lists_on_disk_go_both_ways()
    {
        Assert.SkipWhen(Witness.Skip, "FAISSNET_SKIP_PYTHON is 1");
        using var index = new IndexIVFFlat(D, NList) { NProbe = NList };
        index.Train(Vectors);
        index.Save(_folder.File("trained"));
        MakeParts();
        index.Add(Vectors);
        var expected = index.Search(Queries, K).Distances;
        index.MoveListsToDisk(_folder.File("native.lists"));
        index.Save(_folder.File("native"));
        using (var managed = ManagedIndex.LoadMapped(_folder.File("native")))
            managed.SaveOnDisk(_folder.File("managed"), _folder.File("managed.lists"));

        Run(
            Search("native"),
            Search("managed"),
            new
            {
                @do = "merge_on_disk", d = D, trained = _folder.File("trained"), lists = _folder.File("python.lists"), index = _folder.File("python"),
                parts = Enumerable.Range(0, Parts).Select(part => _folder.File($"part{part}")),
            });

        Assert.Equal(expected, Distances("native"));
        Assert.Equal(expected, Distances("managed"));
        foreach (var open in new Func<string, VectorIndex>[]
                 { path => FaissIndex.Load(path), path => FaissIndex.LoadMapped(path), path => ManagedIndex.Load(path), path => ManagedIndex.LoadMapped(path) })
        {
            using var merged = open(_folder.File("python"));
            Assert.Equal(Count, merged.Count);
            Assert.Equal(expected, merged.Search(Queries, K).Distances);
        }
    }

    [Theory]
    [InlineData("Flat")]
    [InlineData("IVF8,Flat")]
    public void A_cosine_index_is_the_same_file_from_both_engines_and_finds_the_same_in_Python(string description)
    {
        Assert.SkipWhen(Witness.Skip, "FAISSNET_SKIP_PYTHON is 1");
        using var native = IndexFactory.CreateCosine(D, description);
        native.Train(Vectors);
        native.Save(_folder.File("trained"));
        using var managed = ManagedIndex.Load(_folder.File("trained"));
        foreach (var index in new VectorIndex[] { native, managed })
        {
            index.Add(Vectors);
            if (description != "Flat")
                index.SetParameter("nprobe", NList);

            index.Save(_folder.File(index is FaissIndex ? "native" : "managed"));
        }

        Run(Search("native"), Search("managed"));

        foreach (var index in new VectorIndex[] { native, managed })
        {
            Assert.Equal(MetricType.InnerProduct, index.Metric);
            var found = index.Search(Queries, K);
            var name = index is FaissIndex ? "native" : "managed";
            var (ids, cosines) = (Ids(name), Distances(name));
            for (var i = 0; i < found.Labels.Length; i++)
            {
                Assert.Equal(cosines[i], found.Distances[i], 1e-5f);
                Assert.Equal(Cosine(i / K, found.Labels[i]), found.Distances[i], 1e-5);
                // Python's choice differs at most among equals.
                Assert.True(ids[i] == found.Labels[i] || Math.Abs(Cosine(i / K, ids[i]) - Cosine(i / K, found.Labels[i])) < 1e-6);
            }

            for (var query = 0; query < Queries.Length / D; query++)
            {
                var best = Enumerable.Range(0, Count).Select(id => Cosine(query, id)).OrderDescending().Take(K).ToArray();
                for (var rank = 0; rank < K; rank++)
                    Assert.Equal(best[rank], found.Distances[query * K + rank], 1e-5);
            }
        }
    }

    private static double Cosine(int query, long id)
    {
        var a = Queries.AsSpan(query * D, D);
        var b = Vectors.AsSpan((int)id * D, D);
        return BruteForce.Distance(MetricType.InnerProduct, a, b) /
            Math.Sqrt(BruteForce.Distance(MetricType.InnerProduct, a, a) * BruteForce.Distance(MetricType.InnerProduct, b, b));
    }

    private void MakeParts()
    {
        const int each = Count / Parts;
        for (var part = 0; part < Parts; part++)
        {
            using var index = FaissIndex.Load(_folder.File("trained"));
            index.AddWithIds(Vectors.AsSpan(part * each * D, each * D), [.. Enumerable.Range(part * each, each).Select(id => (long)id)]);
            index.Save(_folder.File($"part{part}"));
        }
    }

    private object Search(string name) => new
    {
        @do = "search", d = D, index = _folder.File(name), queries = _folder.File("queries"), k = K,
        ids = _folder.File($"{name}.ids"), distances = _folder.File($"{name}.distances"), copy = _folder.File($"{name}.copy"),
    };

    private void Run(params object[] jobs)
    {
        File.WriteAllBytes(_folder.File("queries"), MemoryMarshal.AsBytes<float>(Queries).ToArray());
        Witness.RunPython(_folder, [.. jobs]);
    }

    private float[] Distances(string name) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_folder.File($"{name}.distances"))).ToArray();

    private long[] Ids(string name) => MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(_folder.File($"{name}.ids"))).ToArray();
}
