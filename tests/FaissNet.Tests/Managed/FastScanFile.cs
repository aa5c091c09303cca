using System.Runtime.InteropServices;
using FaissNet.Managed;

namespace FaissNet.Tests.Managed;

/// <summary>What FAISS wrote of a fast-scan index over inverted lists, and the managed index with the same content.</summary>
internal sealed unsafe class FastScanFile
{
    private readonly List<(long[] Ids, byte[] Blocks)> _lists = [];
    private readonly int _d;
    private readonly MetricType _metric;
    private readonly int _m;
    private readonly float[] _coarse;
    private readonly float[] _codebooks;

    private FastScanFile(BinaryReader reader)
    {
        Assert.Equal("IwPf"u8.ToArray(), reader.ReadBytes(4));
        (_d, _metric) = Header(reader);
        reader.ReadInt64();
        reader.ReadInt64();
        reader.ReadBytes(4);
        Header(reader);
        _coarse = Floats(reader);
        Assert.Equal(0, reader.ReadByte());
        Assert.Equal(0, reader.ReadInt64());
        ByResidual = reader.ReadByte() != 0;
        CodeSize = (int)reader.ReadInt64();
        BlockSize = reader.ReadInt32();
        reader.ReadBytes(8 + 4 + 8 + 8);
        _m = (int)reader.ReadInt64();
        reader.ReadInt64();
        _codebooks = Floats(reader);
        Assert.Equal("ilbl"u8.ToArray(), reader.ReadBytes(4));
        var nlist = reader.ReadInt64();
        reader.ReadBytes(24);
        for (var list = 0; list < nlist; list++)
        {
            var ids = new long[reader.ReadInt64()];
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(ids.AsSpan()));
            _lists.Add((ids, reader.ReadBytes((int)reader.ReadInt64())));
        }

        Assert.Equal(reader.BaseStream.Length, reader.BaseStream.Position);
    }

    public bool ByResidual { get; }

    public int BlockSize { get; }

    public int CodeSize { get; }

    public IReadOnlyList<(long[] Ids, byte[] Blocks)> Lists => _lists;

    public static FastScanFile Read(byte[] file) => new(new BinaryReader(new MemoryStream(file)));

    public static FastScanFile Of(VectorIndex native)
    {
        using var stream = new MemoryStream();
        native.Save(stream);
        return Read(stream.ToArray());
    }

    /// <summary>Codes that lie one after the other, by FAISS's description of its blocks (<c>pq4_get_packed_element</c>).</summary>
    public byte[] Codes(int list)
    {
        var (ids, blocks) = _lists[list];
        var codes = new byte[ids.Length * CodeSize];
        for (var i = 0; i < ids.Length; i++)
        {
            var (block, within) = (i / BlockSize, i % BlockSize);
            for (var b = 0; b < CodeSize; b++)
            {
                var start = block * BlockSize * CodeSize + b * BlockSize + within / 32 * 32;
                var lane = within % 16;
                var address = start + (lane < 8 ? lane * 2 : (lane - 8) * 2 + 1);
                var shift = within % 32 < 16 ? 0 : 4;
                codes[i * CodeSize + b] = (byte)(blocks[address] >> shift & 15 | (blocks[address + 16] >> shift & 15) << 4);
            }
        }

        return codes;
    }

    /// <summary>The managed index with FAISS's training, empty.</summary>
    public FaissNet.Managed.IndexIVFPQFastScan Trained()
    {
        var index = new FaissNet.Managed.IndexIVFPQFastScan(_d, _lists.Count, _m, 4, _metric, BlockSize) { ByResidual = ByResidual };
        index.RestoreTraining(_coarse, _codebooks);
        return index;
    }

    private static (int, MetricType) Header(BinaryReader reader)
    {
        var d = reader.ReadInt32();
        reader.ReadBytes(8 + 16 + 1);
        return (d, (MetricType)reader.ReadInt32());
    }

    private static float[] Floats(BinaryReader reader)
    {
        var floats = new float[reader.ReadInt64()];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(floats.AsSpan()));
        return floats;
    }
}
