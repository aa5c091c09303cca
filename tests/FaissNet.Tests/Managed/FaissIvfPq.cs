using System.Runtime.InteropServices;

namespace FaissNet.Tests.Managed;

/// <summary>What FAISS trained and encoded, read from the file of its <c>IndexIVFPQ</c>: "IwPQ", header, nlist, nprobe, a flat quantizer, an
/// empty direct map, by_residual, code_size, the product quantizer, then the lists.</summary>
internal sealed record FaissIvfPq(float[] Centroids, float[] Codebooks, byte[][] Codes, long[][] Ids)
{
    private const int Header = 4 + 33;

    public static FaissIvfPq Of(FaissIndex index)
    {
        using var file = new MemoryStream();
        index.Save(file);
        var bytes = file.ToArray().AsSpan(Header);
        var nlist = (int)Take<long>(ref bytes, 1)[0];
        bytes = bytes[sizeof(long)..];
        bytes = bytes[Header..];
        var centroids = Take<float>(ref bytes);
        bytes = bytes[(1 + sizeof(long))..];
        bytes = bytes[1..];
        var codeSize = (int)Take<long>(ref bytes, 1)[0];
        bytes = bytes[(3 * sizeof(long))..];
        var codebooks = Take<float>(ref bytes);
        // "ilar", nlist, code_size, "full" or "sprs".
        bytes = bytes[(4 + 16)..];
        var isSparse = bytes[0] == (byte)'s';
        bytes = bytes[4..];
        var stored = Take<long>(ref bytes);
        var sizes = new long[nlist];
        for (var i = 0; i < (isSparse ? stored.Length / 2 : nlist); i++)
            sizes[isSparse ? stored[2 * i] : i] = isSparse ? stored[2 * i + 1] : stored[i];

        var codes = new byte[nlist][];
        var ids = new long[nlist][];
        for (var list = 0; list < nlist; list++)
        {
            codes[list] = Take<byte>(ref bytes, (int)sizes[list] * codeSize);
            ids[list] = Take<long>(ref bytes, (int)sizes[list]);
        }

        return new FaissIvfPq(centroids, codebooks, codes, ids);
    }

    private static T[] Take<T>(ref Span<byte> bytes)
        where T : unmanaged => Take<T>(ref bytes, (int)Take<long>(ref bytes, 1)[0]);

    private static T[] Take<T>(ref Span<byte> bytes, int count)
        where T : unmanaged
    {
        var length = count * Marshal.SizeOf<T>();
        var values = MemoryMarshal.Cast<byte, T>(bytes[..length]).ToArray();
        bytes = bytes[length..];
        return values;
    }
}
