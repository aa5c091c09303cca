using FaissNet.Data;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Data;

public sealed class WriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Fvecs_are_rows_of_a_dimension_and_floats()
    {
        VectorFile.Write(_folder.File("a.fvecs"), [1, 2, 3, 4], 2);
        Assert.Equal(
            [.. FileBytes.Int32(2), .. FileBytes.Single(1, 2), .. FileBytes.Int32(2), .. FileBytes.Single(3, 4)],
            File.ReadAllBytes(_folder.File("a.fvecs")));
    }

    [Fact]
    public void Ivecs_are_rows_of_a_k_and_ids()
    {
        NeighborFile.Write(_folder.File("a.ivecs"), [7, -1, int.MaxValue, 0], 2);
        Assert.Equal(FileBytes.Int32(2, 7, -1, 2, int.MaxValue, 0), File.ReadAllBytes(_folder.File("a.ivecs")));
    }

    [Fact]
    public void Batches_make_one_file()
    {
        using (var writer = VectorWriter.Create(_folder.File("a.npy"), 2))
        {
            writer.Write([1, 2]);
            writer.Write([]);
            writer.Write([3, 4, 5, 6]);
            Assert.Equal(3, writer.Count);
            writer.Complete();
        }

        var set = VectorFile.ReadAll(_folder.File("a.npy"));
        Assert.Equal([1, 2, 3, 4, 5, 6], set.Values);
        Assert.Equal(2, set.Dimension);
    }

    [Theory]
    [InlineData("a.ivecs")]
    [InlineData("a.npy")]
    public void Neighbours_come_back(string name)
    {
        NeighborFile.Write(_folder.File(name), [5, 6, 7, 8, -1, -1], 3);
        var set = NeighborFile.Read(_folder.File(name));
        Assert.Equal((2, 3), (set.Count, set.K));
        Assert.Equal([5, 6, 7, 8, -1, -1], set.Labels);
    }

    [Fact]
    public void Int32_arrays_and_compressed_files_of_neighbours_are_read()
    {
        var content = FileBytes.Npy(FileBytes.NpyHeader("<i4", "(2, 2)"), FileBytes.Int32(1, 2, 3, -1));
        File.WriteAllBytes(_folder.File("a.npy.gz"), FileBytes.Gzip(content));
        Assert.Equal([1, 2, 3, -1], NeighborFile.Read(_folder.File("a.npy.gz")).Labels);
    }

    [Fact]
    public void Ids_beyond_32_bits_go_to_npy_only()
    {
        const long id = 1L << 40;
        NeighborFile.Write(_folder.File("a.npy"), [id], 1);
        Assert.Equal([id], NeighborFile.Read(_folder.File("a.npy")).Labels);
        var error = Assert.Throws<ArgumentException>(() => NeighborFile.Write(_folder.File("a.ivecs"), [id], 1));
        Assert.Contains("The id 1099511627776 does not fit", error.Message, StringComparison.Ordinal);
        Assert.Equal(["a.npy"], _folder.Names());
    }

    public static TheoryData<string, byte[], string> MalformedNeighbors => new()
    {
        { "a.ivecs", FileBytes.Int32(2, 1, -7), "row 0 holds the id -7" },
        { "a.ivecs", FileBytes.Int32(2, 1, 1, 1, 1, 1), "row 1 has k = 1: expected 2" },
        { "a.npy", FileBytes.Npy(FileBytes.NpyHeader("<f4", "(1, 1)"), FileBytes.Single(1)), "its elements are Single: expected ids" },
        { "a.npy", FileBytes.Npy(FileBytes.NpyHeader("<i8", "(4611686018427387904, 4)"), []), "0 bytes follow its header" },
    };

    [Theory]
    [MemberData(nameof(MalformedNeighbors))]
    public void Malformed_neighbours_are_refused(string name, byte[] content, string expected)
    {
        File.WriteAllBytes(_folder.File(name), content);
        var error = Assert.Throws<InvalidDataException>(() => NeighborFile.Read(_folder.File(name)));
        Assert.StartsWith(_folder.File(name), error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_completed_leaves_the_old_file()
    {
        File.WriteAllText(_folder.File("a.fvecs"), "old");
        using (var writer = VectorWriter.Create(_folder.File("a.fvecs"), 1))
            writer.Write([1]);

        Assert.Equal("old", File.ReadAllText(_folder.File("a.fvecs")));
        Assert.Equal(["a.fvecs"], _folder.Names());
    }

    [Fact]
    public void A_ragged_batch_is_refused()
    {
        using var vectors = VectorWriter.Create(_folder.File("a.fvecs"), 2);
        Assert.Throws<ArgumentException>(() => vectors.Write([1, 2, 3]));
        using var neighbors = NeighborWriter.Create(_folder.File("a.ivecs"), 2);
        Assert.Throws<ArgumentException>(() => neighbors.Write([1, 2, 3]));
    }

    [Fact]
    public void Other_names_and_sizes_are_refused()
    {
        Assert.Throws<ArgumentException>(() => VectorWriter.Create(_folder.File("a.bvecs"), 1));
        Assert.Throws<ArgumentException>(() => NeighborWriter.Create(_folder.File("a.fvecs"), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => VectorWriter.Create(_folder.File("a.fvecs"), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NeighborWriter.Create(_folder.File("a.ivecs"), (1 << 20) + 1));
        Assert.Empty(_folder.Names());
    }

    public void Dispose() => _folder.Dispose();
}
