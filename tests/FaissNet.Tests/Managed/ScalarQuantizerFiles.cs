using System.Buffers.Binary;
using System.Runtime.InteropServices;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Managed;

/// <summary>FAISS's scalar quantizers, made from files written here: the factory makes only some of the types.</summary>
internal static class ScalarQuantizerFiles
{
    // "IxSQ", then 33 bytes of header.
    private const int Start = 4 + 33;

    /// <summary>FAISS's index over a quantizer; not trained if <paramref name="trained"/> is null.</summary>
    public static FaissIndex Load(
        int d,
        ScalarQuantizerType type,
        MetricType metric,
        float[]? trained,
        ScalarQuantizerRangeStat stat = ScalarQuantizerRangeStat.RS_minmax,
        float argument = 0)
    {
        TestEngine.RequireNative();
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("IxSQ"u8);
        writer.Write(d);
        writer.Write(0L);
        writer.Write(1L << 20);
        writer.Write(1L << 20);
        writer.Write(trained is not null);
        writer.Write((int)metric);
        writer.Write((int)type);
        writer.Write((int)stat);
        writer.Write(argument);
        writer.Write((long)d);
        writer.Write((long)new FaissNet.Managed.ScalarQuantizer(d, type).CodeSize);
        writer.Write((long)(trained?.Length ?? 0));
        writer.Write(MemoryMarshal.AsBytes<float>(trained ?? []));
        writer.Write(0L);
        file.Position = 0;
        return FaissIndex.Load(file);
    }

    /// <summary>The ranges that FAISS learns.</summary>
    public static float[] Train(
        int d, ScalarQuantizerType type, float[] vectors, ScalarQuantizerRangeStat stat = ScalarQuantizerRangeStat.RS_minmax, float argument = 0)
    {
        using var index = Load(d, type, MetricType.L2, null, stat, argument);
        index.Train(vectors);
        using var file = new MemoryStream();
        index.Save(file);
        return Floats(file.ToArray(), Start + 4 + 4 + 4 + 8 + 8);
    }

    /// <summary>The coarse centroids and ranges of an inverted file: "IwSQ", header, nlist, nprobe, a flat index, an empty direct map.</summary>
    public static (float[] Centroids, float[] Trained) ReadIvf(FaissIndex index)
    {
        using var file = new MemoryStream();
        index.Save(file);
        var bytes = file.ToArray();
        var at = Start + 16 + Start;
        var centroids = Floats(bytes, at);
        at += 8 + 4 * centroids.Length + 1 + 8;
        return (centroids, Floats(bytes, at + 4 + 4 + 4 + 8 + 8));
    }

    private static float[] Floats(byte[] bytes, int at)
    {
        var values = new float[BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at))];
        MemoryMarshal.Cast<byte, float>(bytes.AsSpan(at + 8))[..values.Length].CopyTo(values);
        return values;
    }
}
