using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace FaissNet.Tests.Data;

/// <summary>Files put together byte by byte, from the formats' definitions.</summary>
internal static class FileBytes
{
    public static byte[] Int32(params int[] values) => Concat(values, 4, (bytes, value) => BinaryPrimitives.WriteInt32LittleEndian(bytes, value));

    public static byte[] Int64(params long[] values) => Concat(values, 8, (bytes, value) => BinaryPrimitives.WriteInt64LittleEndian(bytes, value));

    public static byte[] BigEndian(params uint[] values) => Concat(values, 4, (bytes, value) => BinaryPrimitives.WriteUInt32BigEndian(bytes, value));

    public static byte[] Single(params float[] values) => Concat(values, 4, (bytes, value) => BinaryPrimitives.WriteSingleLittleEndian(bytes, value));

    public static byte[] Double(params double[] values) => Concat(values, 8, (bytes, value) => BinaryPrimitives.WriteDoubleLittleEndian(bytes, value));

    /// <summary>An .npy file with the header's text as it stands.</summary>
    public static byte[] Npy(string header, byte[] data, byte version = 1)
    {
        var text = Encoding.UTF8.GetBytes(header);
        byte[] length = version == 1 ? [(byte)text.Length, (byte)(text.Length >> 8)] : Int32(text.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. text, .. data];
    }

    public static string NpyHeader(string descr, string shape, string fortranOrder = "False") =>
        $"{{'descr': '{descr}', 'fortran_order': {fortranOrder}, 'shape': {shape}, }}\n";

    /// <summary>An idx file of unsigned bytes.</summary>
    public static byte[] Idx(uint[] sizes, params byte[] data) => [0, 0, 8, (byte)sizes.Length, .. BigEndian(sizes), .. data];

    public static byte[] Gzip(byte[] content)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest))
            gzip.Write(content);

        return target.ToArray();
    }

    private delegate void Write<T>(Span<byte> bytes, T value);

    private static byte[] Concat<T>(T[] values, int size, Write<T> write)
    {
        var bytes = new byte[values.Length * size];
        for (var i = 0; i < values.Length; i++)
            write(bytes.AsSpan(i * size), values[i]);

        return bytes;
    }
}
