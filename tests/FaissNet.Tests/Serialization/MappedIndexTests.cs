using System.Globalization;
using System.Runtime.InteropServices;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Serialization;

/// <summary>Indexes that are read where they lie.</summary>
public sealed partial class MappedIndexTests : IDisposable
{
    private const int D = 128, Count = 300_000, K = 5;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Flat")]
    [InlineData("IVFFlat")]
    public void An_index_larger_than_the_memory_is_searchable(string kind)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits a process's memory as Linux does");
        SearchResult expected;
        using (var index = Create(kind))
        {
            expected = index.Search(Queries(), K);
            index.Save(_folder.File("index"));
        }

        ChildProcess.Run(SearchInLittleMemory, [_folder.File("index"), _folder.File("found")], timeoutSeconds: 300).RequireSuccess();

        var found = File.ReadAllLines(_folder.File("found")).Select(line => line.Split(' ')).ToArray();
        Assert.Equal(expected.Labels, found.Select(line => long.Parse(line[0], CultureInfo.InvariantCulture)));
        Assert.Equal(expected.Distances, found.Select(line => float.Parse(line[1], CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("flat-l2")]
    [InlineData("ivf-flat")]
    [InlineData("ivf-pq")]
    public void What_would_change_it_says_what_to_do(string name)
    {
        using var index = ManagedIndex.LoadMapped(GoldenFiles.PathOf(name));
        var vectors = new float[index.Dimension];

        foreach (var change in new Action[] { () => index.Add(vectors), () => index.Remove(IdSelector.Range(0, 3)), index.Reset })
        {
            var error = Assert.Throws<NotSupportedException>(change);
            Assert.Contains("mapped", error.Message, StringComparison.Ordinal);
            Assert.Contains("ManagedIndex.Load", error.Message, StringComparison.Ordinal);
        }

        using var other = ManagedIndex.Load(GoldenFiles.PathOf(name));
        Assert.Throws<NotSupportedException>(() => index.MergeFrom(other));
        Assert.Throws<NotSupportedException>(() => other.MergeFrom(index));
        Assert.Equal(GoldenFiles.Get(name).Read(), ManagedFileTests.Bytes(index));
    }

    [Theory]
    [InlineData("flat-l2")]
    [InlineData("ivf-flat")]
    [InlineData("ivf-pq")]
    public void A_clone_is_in_memory_and_can_be_changed(string name)
    {
        File.Copy(GoldenFiles.PathOf(name), _folder.File("index"));
        var mapped = ManagedIndex.LoadMapped(_folder.File("index"));
        using var clone = mapped.Clone();
        mapped.Dispose();
        File.Delete(_folder.File("index"));

        clone.Add(new float[clone.Dimension]);

        Assert.Equal(GoldenFiles.Get(name).Count + 1, clone.Count);
    }

    [Fact]
    public void Saving_onto_its_own_file_leaves_the_index_as_it_was()
    {
        var golden = GoldenFiles.Get("ivf-flat").Read();
        File.WriteAllBytes(_folder.File("index"), golden);
        using var index = ManagedIndex.LoadMapped(_folder.File("index"));
        ((FaissNet.Managed.IndexIVF)index).NProbe = 3;

        index.Save(_folder.File("index"));
        index.Save(_folder.File("index"));

        using var reread = ManagedIndex.Load(_folder.File("index"));
        Assert.Equal(3, ((FaissNet.Managed.IndexIVF)reread).NProbe);
        Assert.Equal(ManagedFileTests.Bytes(reread), ManagedFileTests.Bytes(index));
    }

    [Fact]
    public void Lists_at_the_end_of_a_page_are_read_no_further()
    {
        // The last vector and its id fit into what is left of the last page, and no more would.
        using var index = new FaissNet.Managed.IndexIVFFlat(2, 3);
        index.Train(TestVectors.Clustered(300, 2, seed: 1));
        const int page = 4096, vector = 16;
        while (ManagedFileTests.Bytes(index).Length % page <= page - vector)
        {
            index.Add([1, 1]);
            Assert.InRange(index.Count, 0, page / vector);
        }

        index.Save(_folder.File("index"));
        using var mapped = ManagedIndex.LoadMapped(_folder.File("index"));

        var queries = TestVectors.Clustered(10, 2, seed: 2);
        var parameters = new SearchParameters { NProbe = 3 };
        Assert.Equal(index.Search(queries, 7, parameters).Distances, mapped.Search(queries, 7, parameters).Distances);
        Assert.Equal(ManagedFileTests.Bytes(index), ManagedFileTests.Bytes(mapped));
    }

    [Fact]
    public async Task Disposing_during_a_search_unmaps_the_file_afterwards()
    {
        for (var round = 0; round < 20; round++)
        {
            var index = ManagedIndex.LoadMapped(GoldenFiles.PathOf("ivf-flat"));
            var queries = new float[2000 * index.Dimension];
            var search = Task.Run(
                () =>
                {
                    try
                    {
                        index.Search(queries, 5);
                    }
                    catch (ObjectDisposedException)
                    {
                        // It came too late.
                    }
                },
                TestContext.Current.CancellationToken);
            index.Dispose();
            await search;
            Assert.Throws<ObjectDisposedException>(() => index.Search(queries, 5));
        }
    }

    private static void SearchInLittleMemory(string[] arguments)
    {
        // What searching needs is there before the limit is.
        using (var small = ManagedIndex.Load(GoldenFiles.PathOf("ivf-flat")))
            small.Search(new float[small.Dimension], 5);

        const int data = 2;
        var line = File.ReadLines("/proc/self/status").Single(text => text.StartsWith("VmData:", StringComparison.Ordinal));
        var limit = (ulong)(long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) + (64 << 10)) << 10;
        Require(SetLimit(data, new Limit { Current = limit, Maximum = limit }) == 0, "the limit cannot be set");
        Require((ulong)new FileInfo(arguments[0]).Length > 2 * (64UL << 20), "the file is not larger than the memory");
        try
        {
            ManagedIndex.Load(arguments[0]).Dispose();
            Require(false, "the index fits into the memory");
        }
        catch (OutOfMemoryException)
        {
            // As it should.
        }

        using var index = ManagedIndex.LoadMapped(arguments[0]);
        if (index is FaissNet.Managed.IndexIVF ivf)
            ivf.NProbe = ivf.NList;

        var found = index.Search(Queries(), K);
        File.WriteAllLines(
            arguments[1], found.Labels.Zip(found.Distances, (label, distance) => string.Create(CultureInfo.InvariantCulture, $"{label} {distance:R}")));
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException(otherwise);
    }

    private static VectorIndex Create(string kind)
    {
        const int step = 20_000;
        VectorIndex index = kind == "Flat" ? new FaissNet.Managed.IndexFlatL2(D) : new FaissNet.Managed.IndexIVFFlat(D, 16) { NProbe = 16 };
        index.Train(TestVectors.Uniform(1000, D, 20, seed: 1));
        for (var first = 0; first < Count; first += step)
            index.Add(TestVectors.Uniform(step, D, 20, seed: first + 2));

        return index;
    }

    private static float[] Queries() => TestVectors.Uniform(3, D, 20, seed: 99);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Current;
        public ulong Maximum;
    }

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);
}
