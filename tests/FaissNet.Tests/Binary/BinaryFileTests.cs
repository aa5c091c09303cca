using System.Runtime.InteropServices;
using FaissNet.Tests.Parity;
using FaissNet.Tests.Serialization;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Binary;

/// <summary>Files of binary indexes: Python's faiss and FaissNet read each other's; damaged ones do no harm.</summary>
[NeedsNative]
public sealed class BinaryFileTests : IDisposable
{
    private const int D = 64, Bytes = D / 8, Count = 400, K = 8;

    private static readonly string[] Kinds = ["BFlat", "BIVF6", "BIVF6_HNSW4", "BHNSW8", "BHash12", "BHash4x16"];

    private static readonly byte[] Vectors = BinaryVectors.Make(Count, Bytes, seed: 4);
    private static readonly byte[] Queries = BinaryVectors.Make(50, Bytes, seed: 5);

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Golden =>
        [.. GoldenFiles.Accepted.Where(file => file.FourCC.StartsWith("IB", StringComparison.Ordinal)).Select(file => file.Name)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Python_and_FaissNet_find_the_same_in_each_others_files()
    {
        File.WriteAllBytes(_folder.File("x"), Vectors);
        File.WriteAllBytes(_folder.File("q"), Queries);
        foreach (var kind in Kinds)
        {
            using var index = BinaryIndexFactory.Create(D, kind);
            index.Train(Vectors);
            index.Add(Vectors);
            Set(index, kind);
            index.Save(_folder.File($"ours {kind}"));
        }

        Witness.RunScript(_folder, $$"""
            x = np.fromfile(folder + "/x", dtype="uint8").reshape(-1, {{Bytes}})
            q = np.fromfile(folder + "/q", dtype="uint8").reshape(-1, {{Bytes}})
            for kind in {{$"[{string.Join(", ", Kinds.Select(kind => $"'{kind}'"))}]"}}:
                index = faiss.index_binary_factory({{D}}, kind)
                index.train(x)
                index.add(x)
                if "BIVF" in kind: index.nprobe = 3
                if "BHash" in kind: index.nflip = 2
                faiss.write_index_binary(index, folder + "/python " + kind)
                for maker in ["python", "ours"]:
                    path = folder + "/" + maker + " " + kind
                    again = faiss.read_index_binary(path)
                    distances, ids = again.search(q, {{K}})
                    distances.astype("<i4").tofile(path + " distances")
                    faiss.write_index_binary(again, path + " copy")
            """);

        foreach (var kind in Kinds)
        {
            foreach (var maker in new[] { "python", "ours" })
            {
                var path = _folder.File($"{maker} {kind}");
                using var index = FaissBinaryIndex.Load(path);
                var expected = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(path + " distances")).ToArray();
                var found = new int[50 * K];
                index.Search(Queries, K, found, new long[50 * K]);
                // Where a graph finds too little, Python has what became of an infinite float.
                for (var i = 0; i < expected.Length; i++)
                    Assert.True(expected[i] == found[i] || (found[i] == int.MaxValue && (expected[i] < 0 || expected[i] > D)), $"{maker} {kind}: {expected[i]} and {found[i]}");
                // A hash table has no order that outlives reading.
                if (!kind.Contains("BHash", StringComparison.Ordinal))
                    Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(path + " copy"));
            }
        }

        // k-means is FAISS's own in both.
        Assert.Equal(File.ReadAllBytes(_folder.File("python BIVF6")), File.ReadAllBytes(_folder.File("ours BIVF6")));
    }

    [Fact]
    public void Python_reads_a_bucket_of_all_vectors()
    {
        using var index = new IndexBinaryMultiHash(D, 2, 8);
        index.Add(new byte[4 * Bytes]);
        index.Save(_folder.File("full"));

        Witness.RunScript(_folder, $$"""
            index = faiss.read_index_binary(folder + "/full")
            distances, ids = index.search(np.zeros((1, {{Bytes}}), "uint8"), 4)
            assert sorted(ids[0]) == [0, 1, 2, 3], ids
            """);
    }

    [Theory]
    [MemberData(nameof(Golden))]
    public void Bit_flips_are_refused_or_harmless(string name)
    {
        var bytes = GoldenFiles.Get(name).Read();
        var random = new Random(7);
        for (var i = 0; i < 150; i++)
        {
            byte[] damaged = [.. bytes];
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                damaged[random.Next(random.Next(2) == 0 ? Math.Min(bytes.Length, 120) : bytes.Length)] ^= (byte)(1 << random.Next(8));

            FaissBinaryIndex index;
            try
            {
                index = FaissBinaryIndex.Load(new MemoryStream(damaged));
            }
            catch (Exception e) when (e is InvalidDataException or NotSupportedException or OutOfMemoryException)
            {
                Assert.NotEqual("", e.Message);
                continue;
            }

            using (index)
                Use(index);
        }

        using var whole = FaissBinaryIndex.Load(new MemoryStream(bytes));
        Assert.Equal(GoldenFiles.Get(name).Count, whole.Count);
        Use(whole);
    }

    [Fact]
    public void Two_buckets_with_one_hash_are_refused()
    {
        // Eight bits of hash and one of size per bucket, behind 53 bytes; FAISS would forget the vectors of one of the two.
        using var index = new IndexBinaryHash(D, 8);
        byte[] vectors = new byte[2 * Bytes];
        vectors[Bytes] = 1;
        index.Add(vectors);
        using var stream = new MemoryStream();
        index.Save(stream);
        var bytes = stream.ToArray();
        using (var whole = FaissBinaryIndex.Load(new MemoryStream(bytes)))
            Assert.Equal(2, whole.Count);

        bytes[53] = 0;
        bytes[54] &= 1;
        bytes[55] &= 0xFE;
        var error = Assert.Throws<InvalidDataException>(() => FaissBinaryIndex.Load(new MemoryStream(bytes)));
        Assert.Contains("two buckets have the hash 0", error.Message, StringComparison.Ordinal);
    }

    private static void Set(BinaryIndex index, string kind)
    {
        if (kind.Contains("BIVF", StringComparison.Ordinal))
            index.SetParameter("nprobe", 3);
        if (kind.Contains("BHash", StringComparison.Ordinal))
            index.SetParameter("nflip", 2);
    }

    // What was loaded may answer anything, in an exception or in numbers.
    private static void Use(FaissBinaryIndex index)
    {
        var vectors = new byte[3 * index.CodeSize];
        new Random(1).NextBytes(vectors);
        foreach (var call in new Action[]
        {
            () => index.Search(vectors, 5),
            () => index.RangeSearch(vectors, index.Dimension / 2),
            () => index.Reconstruct(0),
            () => index.Reconstruct(index.Count - 1),
            () => index.Add(vectors),
            () => index.AddWithIds(vectors, [1, 2, 3]),
            () => index.Remove(IdSelector.Range(0, 2)),
            () => index.Save(new MemoryStream()),
            () => index.Search(vectors, 5),
        })
        {
            try
            {
                call();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or NotSupportedException or KeyNotFoundException or FaissException)
            {
                Assert.NotEqual("", e.Message);
            }
        }
    }
}
