using System.Runtime.InteropServices;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

/// <summary>What FAISS trains and encodes, read from the file of its <c>IndexPQ</c>: "IxPq", 33 bytes of header, d, M, nbits, then the
/// centroids and the codes, each behind its length.</summary>
internal sealed record FaissProductQuantizer(float[] Centroids, byte[] Codes)
{
    public static FaissProductQuantizer Make(int d, int m, int nbits, float[] training, float[] vectors)
    {
        TestEngine.RequireNative();
        // "np": without the polysemous training, which renumbers the centroids.
        using var index = IndexFactory.Create(d, $"PQ{m}x{nbits}np");
        index.Train(training);
        index.Add(vectors);
        using var file = new MemoryStream();
        index.Save(file);
        var bytes = file.ToArray().AsSpan(4 + 33 + 24);
        var centroids = Take<float>(ref bytes);
        return new FaissProductQuantizer(centroids, Take<byte>(ref bytes));
    }

    private static T[] Take<T>(ref Span<byte> bytes)
        where T : unmanaged
    {
        var length = (int)MemoryMarshal.Read<long>(bytes) * Marshal.SizeOf<T>();
        var values = MemoryMarshal.Cast<byte, T>(bytes.Slice(sizeof(long), length)).ToArray();
        bytes = bytes[(sizeof(long) + length)..];
        return values;
    }
}
