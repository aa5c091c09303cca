using FaissNet.Data;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Data;

public sealed class VectorFileTests : IDisposable
{
    private static readonly float[] TwoRowsOfThree = [1, 2, 3, 250, 5, 6];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string, byte[]> Formats => new()
    {
        { "a.fvecs", "fvecs", [.. FileBytes.Int32(3), .. FileBytes.Single(1, 2, 3), .. FileBytes.Int32(3), .. FileBytes.Single(250, 5, 6)] },
        { "a.bvecs", "bvecs", [.. FileBytes.Int32(3), 1, 2, 3, .. FileBytes.Int32(3), 250, 5, 6] },
        { "a.ivecs", "ivecs", FileBytes.Int32(3, 1, 2, 3, 3, 250, 5, 6) },
        { "A.NPY", "npy", FileBytes.Npy(FileBytes.NpyHeader("<f4", "(2, 3)"), FileBytes.Single(TwoRowsOfThree)) },
        { "v2.npy", "npy", FileBytes.Npy(FileBytes.NpyHeader("<f4", "(2, 3)"), FileBytes.Single(TwoRowsOfThree), version: 2) },
        { "v3.npy", "npy", FileBytes.Npy(FileBytes.NpyHeader("<f8", "(2,3)"), FileBytes.Double(1, 2, 3, 250, 5, 6), version: 3) },
        { "u1.npy", "npy", FileBytes.Npy("""{"shape":(2L,3L),"fortran_order":False,"descr":"|u1"}""", [1, 2, 3, 250, 5, 6]) },
        { "a.idx", "idx", FileBytes.Idx([2, 3], 1, 2, 3, 250, 5, 6) },
        { "images-idx3-ubyte", "idx", FileBytes.Idx([2, 1, 3], 1, 2, 3, 250, 5, 6) },
        { "images.idx3-ubyte", "idx", FileBytes.Idx([2, 3, 1], 1, 2, 3, 250, 5, 6) },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void Rows_are_read_as_floats(string name, string format, byte[] content)
    {
        using var reader = VectorFile.Open(Write(name, content));
        Assert.Equal((format, 3, 2L, 0L), (reader.Format, reader.Dimension, reader.Count, reader.Position));
        var rows = new float[6];
        Assert.Equal(2, reader.Read(rows));
        Assert.Equal(TwoRowsOfThree, rows);
        Assert.Equal(0, reader.Read(rows));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Compressed_files_read_the_same_forwards_and_backwards(string name, string format, byte[] content)
    {
        using var reader = VectorFile.Open(Write(name + ".gz", FileBytes.Gzip(content)));
        Assert.Equal((format, 3, 2L), (reader.Format, reader.Dimension, reader.Count));
        var row = new float[3];
        foreach (var i in new[] { 1, 0, 1 })
        {
            reader.Seek(i);
            Assert.Equal(1, reader.Read(row));
            Assert.Equal(TwoRowsOfThree[(3 * i)..(3 * i + 3)], row);
        }
    }

    [Fact]
    public void A_1d_array_is_one_vector()
    {
        var file = Write("one.npy", FileBytes.Npy(FileBytes.NpyHeader("<f4", "(3,)"), FileBytes.Single(1, 2, 3)));
        var set = VectorFile.ReadAll(file);
        Assert.Equal((1, 3), (set.Count, set.Dimension));
        Assert.Equal([1, 2, 3], set.Values);
    }

    [Fact]
    public void An_array_without_rows_has_none()
    {
        using var reader = VectorFile.Open(Write("none.npy", FileBytes.Npy(FileBytes.NpyHeader("<f4", "(0, 4)"), [])));
        Assert.Equal((0L, 4), (reader.Count, reader.Dimension));
        Assert.Equal(0, reader.Read(new float[4]));
        Assert.Empty(reader.ReadRows(10).Values);
    }

    // More than the converting reader's chunk of 1 MiB, in batches that divide neither it nor the file.
    [Fact]
    public void Batches_give_what_one_read_gives()
    {
        const int d = 96, n = 20_000;
        var bytes = new byte[n * (4 + d)];
        for (var i = 0; i < n; i++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(i * (4 + d)), d);
            for (var j = 0; j < d; j++)
                bytes[i * (4 + d) + 4 + j] = (byte)(i * 31 + j);
        }

        var file = Write("many.bvecs", bytes);
        var all = VectorFile.ReadAll(file);
        Assert.Equal((n, d), (all.Count, all.Dimension));
        using var reader = VectorFile.Open(file);
        var batch = new float[777 * d + 5];
        var row = 0;
        int read;
        while ((read = reader.Read(batch)) > 0)
        {
            Assert.True(all.Values.AsSpan(row * d, read * d).SequenceEqual(batch.AsSpan(0, read * d)), $"rows from {row} on differ");
            row += read;
        }

        Assert.Equal(n, row);
        Assert.Equal((19_999 * 31 + 95) % 256, all.Values[^1]);
    }

    [Fact]
    public void A_buffer_below_one_row_is_refused()
    {
        using var reader = VectorFile.Open(Write("a.ivecs", FileBytes.Int32(3, 1, 2, 3)));
        var error = Assert.Throws<ArgumentException>(() => reader.Read(new float[2]));
        Assert.Contains("rows holds 2 floats: expected at least one row of 3", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void There_is_no_row_outside_the_file(long row)
    {
        using var reader = VectorFile.Open(Write("a.ivecs", FileBytes.Int32(3, 1, 2, 3)));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.Seek(row));
    }

    [Fact]
    public void A_disposed_reader_says_so()
    {
        var reader = VectorFile.Open(Write("a.ivecs", FileBytes.Int32(3, 1, 2, 3)));
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.Read(new float[3]));
    }

    [Theory]
    [InlineData("vectors.csv")]
    [InlineData("vectors")]
    [InlineData("vectors.gz")]
    public void Other_names_are_refused(string name)
    {
        Assert.False(VectorFile.IsSupported(name));
        var error = Assert.Throws<ArgumentException>(() => VectorFile.Open(name));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(".fvecs", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_one() => Assert.Throws<FileNotFoundException>(() => VectorFile.Open(_folder.File("a.npy")));

    public void Dispose() => _folder.Dispose();

    private string Write(string name, byte[] content)
    {
        File.WriteAllBytes(_folder.File(name), content);
        return _folder.File(name);
    }
}
