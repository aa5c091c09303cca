using System.Globalization;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Serialization;

/// <summary>Inverted lists in a file of their own, and lists that are mapped from the index file, on the native engine and between the two.</summary>
[NeedsNative]
public sealed class OnDiskTests : IDisposable
{
    private const int D = 16, Count = 2000, K = 7;

    private readonly TemporaryFolder _folder = new();

    private string Index => _folder.File("index");

    private string Lists => _folder.File("lists.ivfdata");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("IVF16,Flat")]
    [InlineData("IVF16,SQ8")]
    [InlineData("IVF16,PQ4np")]
    [InlineData("PCA8,IVF16,Flat")]
    [InlineData("IDMap,IVF16,Flat")]
    [InlineData("IDMap2,PCA8,IVF16,Flat")]
    [InlineData("IVF16,PQ4np,RFlat")]
    public void Either_engine_finds_in_lists_on_disk_what_was_in_memory(string description)
    {
        var expected = Save(description);

        Assert.Equal(["index", "lists.ivfdata"], _folder.Names());
        foreach (var open in new Func<VectorIndex>[]
                 {
                     () => FaissIndex.Load(Index), () => FaissIndex.LoadOnDisk(Index, Lists), () => FaissIndex.LoadMapped(Index),
                     () => ManagedIndex.Load(Index), () => ManagedIndex.LoadMapped(Index, Lists),
                 })
        {
            using var index = open();
            var found = index.Search(Queries(), K);
            if (index is FaissIndex || description is "IVF16,Flat" or "IDMap,IVF16,Flat")
            {
                Assert.Equal(expected.Labels, found.Labels);
                Assert.Equal(expected.Distances, found.Distances);
            }
            else
            {
                for (var i = 0; i < found.Distances.Length; i++)
                    Assert.Equal(expected.Distances[i], found.Distances[i], Math.Abs(expected.Distances[i]) * 1e-3f);
            }
        }
    }

    [Fact]
    public void The_managed_engine_writes_what_FAISS_opens()
    {
        using var index = new FaissNet.Managed.IndexIVFPQ(D, 16, 4) { NProbe = 5 };
        index.Train(Vectors());
        index.Add(Vectors());
        var expected = index.Search(Queries(), K);

        index.SaveOnDisk(Index, Lists);

        using var native = FaissIndex.Load(Index);
        Assert.Equal(Lists, native.ListsPath);
        Assert.Equal(5, ((IndexIVF)native).NProbe);
        Assert.Equal(expected.Labels, native.Search(Queries(), K).Labels);
        using var mapped = ManagedIndex.LoadMapped(Index);
        Assert.Equal(expected.Labels, mapped.Search(Queries(), K).Labels);
        Assert.Equal(ManagedFileTests.Bytes(index), ManagedFileTests.Bytes(mapped));
    }

    [Fact]
    public void Parts_make_one_index()
    {
        using var whole = new IndexIVFFlat(D, 16);
        whole.Train(Vectors());
        using var empty = (FaissIndex)whole.Clone();
        whole.Add(Vectors());
        var parts = new FaissIndex[4];
        for (var i = 0; i < parts.Length; i++)
        {
            using var part = empty.Clone();
            part.Add(Vectors().AsSpan(i * Count / 4 * D, Count / 4 * D));
            part.Save(_folder.File($"part{i}"));
            parts[i] = FaissIndex.LoadMapped(_folder.File($"part{i}"));
        }

        empty.MergeToDisk(parts, Lists);

        Assert.Equal(Count, empty.Count);
        foreach (var part in parts)
        {
            Assert.Equal(Count / 4, part.Count);
            part.Dispose();
        }

        var parameters = new SearchParameters { NProbe = 16 };
        Assert.Equal(whole.Search(Queries(), K, parameters).Distances, empty.Search(Queries(), K, parameters).Distances);
        Assert.Equal(whole.Reconstruct(Count - 1), empty.Reconstruct(Count - 1));
        Assert.Throws<ArgumentException>(() => empty.MergeToDisk([empty], Lists));
        using var stranger = new IndexIVFFlat(D, 16);
        stranger.Train(Vectors().AsSpan(D));
        Assert.Throws<ArgumentException>(() => empty.MergeToDisk([stranger], _folder.File("other")));
        Assert.False(File.Exists(_folder.File("other")));
    }

    [Fact]
    public void Vectors_are_added_on_disk_where_that_was_asked_for()
    {
        Save("IVF16,Flat");
        using (var reading = FaissIndex.Load(Index))
        {
            Assert.Contains(Lists, Assert.Throws<NotSupportedException>(() => reading.Add(Vectors())).Message, StringComparison.Ordinal);
            Assert.Throws<NotSupportedException>(reading.Reset);
            Assert.Throws<NotSupportedException>(() => reading.Remove(IdSelector.Range(0, 10)));
            using var clone = (FaissIndex)reading.Clone();
            Assert.Null(clone.ListsPath);
            clone.Add(Vectors());
            Assert.Equal(2 * Count, clone.Count);
        }

        using (var writing = FaissIndex.LoadOnDisk(Index, writable: true))
        {
            writing.Add(TestVectors.Clustered(5000, D, seed: 8));
            Assert.Equal(3, writing.Remove(IdSelector.Range(Count, Count + 3)));
            writing.Save(_folder.File("later"));
        }

        using var later = FaissIndex.LoadMapped(_folder.File("later"));
        Assert.Equal(Count + 4997, later.Count);
        var vector = TestVectors.Clustered(5000, D, seed: 8).AsSpan(4000 * D, D);
        Assert.Equal(vector.ToArray(), later.Reconstruct(Count + 4000));
    }

    [Fact]
    public void A_file_of_lists_is_checked_before_it_is_mapped()
    {
        Save("IVF16,Flat");
        File.Move(Lists, _folder.File("moved"));
        Assert.Throws<NotSupportedException>(() => FaissIndex.Load(Index));
        Assert.Throws<NotSupportedException>(() => ManagedIndex.Load(Index));
        Assert.Throws<FileNotFoundException>(() => FaissIndex.LoadOnDisk(Index, _folder.File("nowhere")));
        FaissIndex.LoadOnDisk(Index, _folder.File("moved")).Dispose();
        FaissIndex.LoadMapped(Index, _folder.File("moved")).Dispose();
        ManagedIndex.Load(Index, _folder.File("moved")).Dispose();

        using (var file = File.OpenWrite(_folder.File("moved")))
            file.SetLength(file.Length - 1);

        foreach (var load in new Func<VectorIndex>[]
                 {
                     () => FaissIndex.LoadOnDisk(Index, _folder.File("moved")), () => FaissIndex.LoadMapped(Index, _folder.File("moved")),
                     () => FaissIndex.LoadOnDisk(Index, _folder.File("moved"), trusted: true), () => ManagedIndex.Load(Index, _folder.File("moved")),
                     () => ManagedIndex.LoadMapped(Index, _folder.File("moved")),
                 })
            Assert.Contains("bytes", Assert.Throws<InvalidDataException>(load).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("IDMap,IVF16,Flat")]
    [InlineData("IVF16,PQ4np,RFlat")]
    public void Ids_that_an_index_around_takes_for_indices_are_checked(string description)
    {
        Save(description);
        var good = File.ReadAllBytes(Lists);
        var validated = IndexFile.Validate(Index);
        Assert.True(validated.IsRecognised);
        // Codes first, then ids, of every list; the last eight bytes in use are an id.
        var last = Array.FindLastIndex(good, value => value != 0) / 8 * 8;
        foreach (var wrong in new[] { -1L, Count, long.MaxValue, long.MinValue })
        {
            var bad = good.ToArray();
            BitConverter.TryWriteBytes(bad.AsSpan(last), wrong);
            File.WriteAllBytes(Lists, bad);
            foreach (var load in new Func<VectorIndex>[]
                     {
                         () => FaissIndex.Load(Index), () => FaissIndex.LoadOnDisk(Index), () => FaissIndex.LoadMapped(Index),
                         () => ManagedIndex.Load(Index), () => ManagedIndex.LoadMapped(Index),
                     })
                Assert.Contains($"{wrong}", Assert.Throws<InvalidDataException>(load).Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(Lists, good);
        using var index = FaissIndex.Load(Index);
        Assert.Equal(Count, index.Count);
    }

    [Fact]
    public void A_file_of_lists_elsewhere_is_not_opened_on_an_index_files_word()
    {
        Directory.CreateDirectory(_folder.File("elsewhere"));
        using (var index = Create("IVF16,Flat"))
        {
            index.MoveListsToDisk(Path.Combine(_folder.File("elsewhere"), "lists.ivfdata"));
            index.Save(Index);
        }

        Assert.Contains("listsPath", Assert.Throws<NotSupportedException>(() => FaissIndex.Load(Index)).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => FaissIndex.LoadMapped(Index));
        Assert.Throws<NotSupportedException>(() => ManagedIndex.LoadMapped(Index));
        using var stream = File.OpenRead(Index);
        Assert.Throws<NotSupportedException>(() => FaissIndex.Load(stream));
        using var asked = FaissIndex.LoadOnDisk(Index);
        Assert.Equal(Count, asked.Count);
    }

    [Fact]
    public void What_has_no_lists_to_move_says_so()
    {
        using var flat = new IndexFlatL2(D);
        flat.Add(Vectors());
        Assert.Throws<NotSupportedException>(() => flat.MoveListsToDisk(Lists));
        using var untrained = new IndexIVFFlat(D, 4);
        Assert.Throws<InvalidOperationException>(() => untrained.MoveListsToDisk(Lists));
        using var index = Create("IVF16,Flat");
        Assert.Throws<IOException>(() => index.MoveListsToDisk(_folder.File("no/lists")));
        Assert.Null(index.ListsPath);
        index.Save(Index);
        Assert.Throws<ArgumentException>(() => FaissIndex.LoadOnDisk(Index, Lists));
        Assert.Throws<ArgumentException>(() => ManagedIndex.Load(Index, Lists));
    }

    [Theory]
    [InlineData("IVF16,Flat")]
    [InlineData("IVF16,PQ4np")]
    [InlineData("IDMap,IVF16,Flat")]
    [InlineData("Flat")]
    public void A_mapped_index_is_the_index(string description)
    {
        using var index = Create(description);
        index.Save(Index);
        var golden = File.ReadAllBytes(Index);
        using var mapped = FaissIndex.LoadMapped(Index);

        Assert.Equal(index.GetType(), mapped.GetType());
        Assert.Equal(index.Search(Queries(), K).Labels, mapped.Search(Queries(), K).Labels);
        mapped.Save(Index);
        Assert.Equal(golden, File.ReadAllBytes(Index));
        Assert.Equal(index.Search(Queries(), K).Labels, mapped.Search(Queries(), K).Labels);
        if (description.StartsWith("IVF", StringComparison.Ordinal))
            Assert.Contains("mapped", Assert.Throws<NotSupportedException>(() => mapped.Add(Vectors())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_index_larger_than_the_memory_is_searchable(bool onDisk)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits a process's memory as Linux does");
        SearchResult expected;
        using (var index = LittleMemory.CreateLarge())
        {
            expected = index.Search(LittleMemory.Queries(), LittleMemory.K);
            if (onDisk)
                index.MoveListsToDisk(Lists);

            index.Save(Index);
        }

        ChildProcess.Run(SearchInLittleMemory, [Index, onDisk ? Lists : Index, _folder.File("found")], timeoutSeconds: 300).RequireSuccess();

        Assert.Equal(expected.Labels, File.ReadAllLines(_folder.File("found")).Select(line => long.Parse(line, CultureInfo.InvariantCulture)));
    }

    private static void SearchInLittleMemory(string[] arguments)
    {
        using (var small = FaissIndex.Load(GoldenFiles.PathOf("ivf-flat")))
            small.Search(new float[small.Dimension], 5);

        LittleMemory.Limit(arguments[1]);
        if (arguments[0] == arguments[1])
            Assert.ThrowsAny<OutOfMemoryException>(() => FaissIndex.Load(arguments[0]));
        else
            Assert.ThrowsAny<OutOfMemoryException>(() => { using var opened = FaissIndex.Load(arguments[0]); opened.Clone().Dispose(); });

        using var index = FaissIndex.LoadMapped(arguments[0]);
        var found = index.Search(LittleMemory.Queries(), LittleMemory.K);
        File.WriteAllLines(arguments[2], found.Labels.ToArray().Select(label => label.ToString(CultureInfo.InvariantCulture)));
    }

    private SearchResult Save(string description)
    {
        using var index = Create(description);
        var expected = index.Search(Queries(), K);
        index.MoveListsToDisk(Lists);
        Assert.Equal(Lists, index.ListsPath);
        Assert.Equal(expected.Labels, index.Search(Queries(), K).Labels);
        index.Save(Index);
        return expected;
    }

    private static FaissIndex Create(string description)
    {
        var index = IndexFactory.Create(D, description);
        index.Train(Vectors());
        if (description.StartsWith("IDMap", StringComparison.Ordinal))
            index.AddWithIds(Vectors(), [.. Enumerable.Range(0, Count).Select(i => 7L * i)]);
        else
            index.Add(Vectors());

        if (description.Contains("IVF", StringComparison.Ordinal))
            index.SetParameter("nprobe", 16);

        return index;
    }

    private static float[] Vectors() => TestVectors.Clustered(Count, D, seed: 5);

    private static float[] Queries() => TestVectors.Clustered(30, D, seed: 6);
}
