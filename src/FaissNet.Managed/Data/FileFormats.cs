using System.Buffers.Binary;

namespace FaissNet.Data;

/// <summary>Tells formats by the file's name and reads their headers. Every length is checked against the file's before it is used.</summary>
internal static class FileFormats
{
    public const string Names = ".fvecs, .bvecs, .ivecs, .npy, .idx or -ubyte (MNIST), each also with .gz behind it";

    private static readonly (string Suffix, Func<DataFile, RowLayout> Read)[] Known =
    [
        (".fvecs", file => ReadVecs(file, "fvecs", ElementType.Single)),
        (".bvecs", file => ReadVecs(file, "bvecs", ElementType.Byte)),
        (".ivecs", file => ReadVecs(file, "ivecs", ElementType.Int32)),
        (".npy", NpyHeader.Read),
        (".idx", ReadIdx),
        ("-ubyte", ReadIdx),
    ];

    public static bool IsKnown(string path) => Find(path) is not null;

    public static RowLayout Read(DataFile file) => Find(file.Path)!(file);

    /// <summary>Says that the name tells no format.</summary>
    public static void RequireKnown(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!IsKnown(path))
            throw new ArgumentException($"path is \"{path}\": expected a name that ends in {Names}.", nameof(path));
    }

    private static Func<DataFile, RowLayout>? Find(string path)
    {
        var name = DataFile.UncompressedName(path);
        return Array.Find(Known, format => name.EndsWith(format.Suffix, StringComparison.OrdinalIgnoreCase)).Read;
    }

    // The TEXMEX formats: rows of an int32 d, then d components.
    private static RowLayout ReadVecs(DataFile file, string format, ElementType element)
    {
        if (file.Length == 0)
            throw file.Invalid($"the file is empty: expected rows of an int32 dimension and its components ({format})");

        if (file.Length < RowLayout.RowHeaderBytes)
            throw file.Invalid($"the file has {file.Length} bytes: expected at least the 4 of row 0's dimension ({format})");

        Span<byte> header = stackalloc byte[RowLayout.RowHeaderBytes];
        file.ReadAt(0, header);
        var d = BinaryPrimitives.ReadInt32LittleEndian(header);
        RequireDimension(file, d, "row 0 has d");
        var rowBytes = RowLayout.RowSize(true, element, d);
        var (count, rest) = Math.DivRem(file.Length, rowBytes);
        return rest == 0
            ? new RowLayout(format, 0, true, element, d, count)
            : throw file.Invalid(
                $"the file has {file.Length} bytes: expected a multiple of {rowBytes}, since row 0 has d = {d}; row {count} is cut off " +
                $"after {rest} bytes, or rows differ in d ({format})");
    }

    // http://yann.lecun.com/exdb/mnist: two zero bytes, type, number of dimensions; then each dimension, big-endian.
    private static RowLayout ReadIdx(DataFile file)
    {
        const int UnsignedByte = 0x08;
        Span<byte> magic = stackalloc byte[4];
        if (file.Length < magic.Length)
            throw file.Invalid($"the file has {file.Length} bytes: expected at least 4 (idx)");

        file.ReadAt(0, magic);
        var (zero, type, dimensions) = (BinaryPrimitives.ReadUInt16BigEndian(magic), magic[2], magic[3]);
        if (zero != 0)
            throw file.Invalid($"the file begins with the bytes {Convert.ToHexString(magic)}: expected 0000 08 and the number of dimensions (idx)");

        if (type != UnsignedByte)
            throw file.Invalid($"its data type is 0x{type:X2}: expected 0x08, unsigned bytes (idx)");

        if (dimensions is < 2 or > 8)
        {
            throw file.Invalid(
                $"it has {dimensions} dimension{(dimensions == 1 ? ", as label files have" : "s")}: expected at least 2, images and their pixels (idx)");
        }

        var dataStart = magic.Length + (4L * dimensions);
        if (file.Length < dataStart)
            throw file.Invalid($"the file has {file.Length} bytes: expected a header of {dataStart} (idx)");

        Span<byte> sizes = stackalloc byte[4 * dimensions];
        file.ReadAt(magic.Length, sizes);
        long count = BinaryPrimitives.ReadUInt32BigEndian(sizes);
        long d = 1;
        for (var i = 1; i < dimensions; i++)
        {
            // No product of these overflows: d is checked before it grows.
            d *= BinaryPrimitives.ReadUInt32BigEndian(sizes[(4 * i)..]);
            RequireDimension(file, d, "images have a size");
        }

        var expected = checked(dataStart + (count * d));
        return expected == file.Length
            ? new RowLayout("idx", dataStart, false, ElementType.Byte, (int)d, count)
            : throw file.Invalid($"the file has {file.Length} bytes: expected {expected} for {count} images of {d} pixels (idx)");
    }

    public static void RequireDimension(DataFile file, long d, string what)
    {
        if (d is < 1 or > RowLayout.MaxDimension)
            throw file.Invalid($"{what} = {d}: expected 1 to {RowLayout.MaxDimension}");
    }
}
