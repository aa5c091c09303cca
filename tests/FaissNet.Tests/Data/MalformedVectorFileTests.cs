using FaissNet.Data;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Data;

public sealed class MalformedVectorFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Name, content, and what the message has to say.</summary>
    public static TheoryData<string, byte[], string> Files => new()
    {
        { "a.fvecs", [], "the file is empty" },
        { "a.fvecs", [1, 0], "the file has 2 bytes" },
        { "a.fvecs", FileBytes.Int32(-5, 0), "row 0 has d = -5: expected 1 to 1048576" },
        { "a.fvecs", FileBytes.Int32(0), "row 0 has d = 0" },
        { "a.fvecs", FileBytes.Int32(int.MaxValue, 0), "row 0 has d = 2147483647" },
        { "a.fvecs", FileBytes.Int32(1 << 20, 0), "the file has 8 bytes: expected a multiple of 4194308" },
        { "a.fvecs", [.. FileBytes.Int32(2), .. FileBytes.Single(1, 2), .. FileBytes.Int32(2), 7], "row 1 is cut off after 5 bytes" },
        { "a.ivecs", FileBytes.Int32(1, 9, 1, 9, 3, 9), "row 2 has d = 3: expected 1, as row 0 has" },
        { "a.bvecs", [.. FileBytes.Int32(4), 1, 2, 3, 4, .. FileBytes.Int32(-4), 1, 2, 3, 4], "row 1 has d = -4: expected 4" },
        { "a.fvecs", [.. FileBytes.Int32(1), .. FileBytes.Single(1), .. FileBytes.Int32(1), .. FileBytes.Single(float.NaN)], "row 1, component 0 is NaN" },
        { "a.npy", FileBytes.Npy(Header("<f8", "(1, 2)"), FileBytes.Double(1, 1e300)), "row 0, component 1 is Infinity: expected a finite float32" },
        { "a.npy", [1, 2, 3], "the file has 3 bytes: expected a header" },
        { "a.npy", [.. "PK\x03\x04 a zip file"u8], "begins with the bytes 504B03042061" },
        { "a.npy", FileBytes.Npy(Header("<f4", "(1, 1)"), FileBytes.Single(1), version: 4), "its format version is 4.0" },
        { "a.npy", [0x93, .. "NUMPY"u8, 2, 0, 255, 255, 255, 127], "its header claims 2147483647 bytes: expected at most 0" },
        { "a.npy", [0x93, .. "NUMPY"u8, 1, 0, 99, 0, .. "{'descr'"u8], "its header claims 99 bytes: expected at most 8" },
        { "a.npy", Npy(Header(">f4", "(1, 1)")), "its descr is '>f4', big-endian: expected little-endian '<f4', '<f8' or '|u1'" },
        { "a.npy", Npy(Header("<c8", "(1, 1)")), "its descr is '<c8': expected '<f4'" },
        { "a.npy", FileBytes.Npy(Header("<i4", "(1, 1)"), FileBytes.Int32(1)), "its elements are integers" },
        { "a.npy", Npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1)}"), "structured type" },
        { "a.npy", Npy(Header("<f4", "(2, 2)", "True")), "its fortran_order is True" },
        { "a.npy", Npy(Header("<f4", "()")), "its shape is ()" },
        { "a.npy", Npy(Header("<f4", "(1, 1, 1)")), "its shape is (1, 1, 1): expected (n, d)" },
        { "a.npy", Npy(Header("<f4", "(1, 0)")), "its shape has d = 0" },
        { "a.npy", Npy(Header("<f4", "(1, 1048577)")), "its shape has d = 1048577" },
        { "a.npy", Npy(Header("<f4", "(-1, 4)")), "no size" },
        { "a.npy", Npy(Header("<f4", "(99999999999999999999, 4)")), "no size" },
        { "a.npy", Npy(Header("<f4", "(9223372036854775807, 1048576)")), "expected 38685626227668133586403328 for the shape" },
        { "a.npy", Npy(Header("<f4", "(2, 2)")), "4 bytes follow its header: expected 16 for the shape (2, 2)" },
        { "a.npy", Npy("{'descr': '<f4', 'shape': (1, 1)}"), "its header lacks fortran_order" },
        { "a.npy", Npy("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1, 1)}"), "neither True nor False" },
        { "a.npy", Npy("{'descr': '<f4"), "a string without an end" },
        { "a.npy", Npy("nonsense"), "no '{'" },
        { "a.npy", Npy("{'evil': '<f4'}"), "the key 'evil'" },
        { "a.idx", [0, 0], "the file has 2 bytes" },
        { "a.idx", [1, 0, 8, 3, 0, 0, 0, 0], "begins with the bytes 01000803" },
        { "a.idx", [0, 0, 0x0D, 3, 0, 0, 0, 0], "its data type is 0x0D" },
        { "labels-idx1-ubyte", FileBytes.Idx([2], 7, 2), "it has 1 dimension, as label files have" },
        { "a.idx", [0, 0, 8, 3, 0, 0, 0, 1], "expected a header of 16" },
        { "a.idx", FileBytes.Idx([2, 2, 2], 1, 2, 3, 4, 5, 6, 7), "the file has 23 bytes: expected 24 for 2 images of 4 pixels" },
        { "a.idx", FileBytes.Idx([1, uint.MaxValue, uint.MaxValue]), "images have a size = 4294967295" },
        { "a.idx", FileBytes.Idx([uint.MaxValue, 1024, 1024]), "expected 4503599626321936 for 4294967295 images" },
        { "a.npy.gz", [1, 2, 3], "it has 3 bytes: that is no valid .gz file" },
        { "a.npy.gz", [1, 2, 3, 4, 5], "it is no valid .gz file" },
        // Cut at a row's end, which nothing else would tell.
        { "a.bvecs.gz", FileBytes.Gzip(new byte[] { 1, 0, 0, 0, 7, 1, 0, 0, 0, 7 })[..^8], "cut off or joined from several" },
        { "a.npy.gz", FileBytes.Gzip(FileBytes.Npy(Header("<f4", "(64, 4)"), new byte[1024]))[..^12], "it is no valid .gz file" },
        { "a.npy.gz", FileBytes.Gzip(Npy(Header("<f4", "(2, 2)"))), "4 bytes follow its header" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void The_message_names_the_file_and_what_is_wrong(string name, byte[] content, string expected)
    {
        var file = _folder.File(name);
        File.WriteAllBytes(file, content);
        var error = Assert.Throws<InvalidDataException>(() => VectorFile.ReadAll(file));
        Assert.StartsWith($"{file}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Every_truncation_of_a_file_is_refused()
    {
        byte[] whole = FileBytes.Npy(Header("<f4", "(2, 2)"), FileBytes.Single(1, 2, 3, 4));
        var file = _folder.File("cut.npy");
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(file, whole[..length]);
            Assert.Throws<InvalidDataException>(() => VectorFile.ReadAll(file));
        }
    }

    [Fact]
    public void A_file_that_shrinks_after_it_was_opened_is_found_out()
    {
        // Longer than what may be buffered already.
        const int rows = 100_000;
        var file = _folder.File("a.npy");
        File.WriteAllBytes(file, FileBytes.Npy(Header("<f4", $"({rows}, 1)"), new byte[rows * 4]));
        using var reader = VectorFile.Open(file);
        using (var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            stream.SetLength(300_000);

        var error = Assert.Throws<InvalidDataException>(() => reader.Read(new float[rows]));
        Assert.Contains("it ends at byte 300000: expected 4", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static string Header(string descr, string shape, string fortranOrder = "False") => FileBytes.NpyHeader(descr, shape, fortranOrder);

    private static byte[] Npy(string header) => FileBytes.Npy(header, FileBytes.Single(1));
}
