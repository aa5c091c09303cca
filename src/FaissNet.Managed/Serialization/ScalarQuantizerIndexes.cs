namespace FaissNet.Serialization;

/// <summary>IndexScalarQuantizer, and the quantizer as the IVF indexes carry it.</summary>
internal static class ScalarQuantizerIndexes
{
    private const int LastKnownType = 6;

    public static IndexFileInfo Read(IndexValidator v, FourCC fourCC)
    {
        var header = v.ReadHeader(fourCC);
        v.RequireMetricL2OrInnerProduct(header);
        var codeSize = ReadQuantizer(v, header);
        v.Reader.SkipVector("codes", 1, (UInt128)header.Count * (ulong)codeSize, "ntotal × code_size");
        return IndexValidator.Info(header);
    }

    /// <summary>Reads the quantizer and returns its code size.</summary>
    public static long ReadQuantizer(IndexValidator v, in IndexHeader header)
    {
        var r = v.Reader;
        using var part = r.Part("ScalarQuantizer");
        var type = r.ReadInt32("qtype");
        if (type is < 0 or > 64)
            throw r.Invalid("qtype", type, $"0 … {LastKnownType}");
        if (type > LastKnownType)
            throw v.Unrecognised($"the scalar quantizer type {type} is not known");
        r.ReadInt32("rangestat", 0, 3);
        r.Skip("rangestat_arg", sizeof(float));
        var d = r.ReadSize("d", header.Dimension, header.Dimension);
        // QT_8bit, QT_4bit, QT_8bit_uniform, QT_4bit_uniform, QT_fp16, QT_8bit_direct, QT_6bit
        var expected = type switch
        {
            1 or 3 => (d + 1) / 2,
            4 => 2 * d,
            6 => (d * 6 + 7) / 8,
            _ => d,
        };
        var codeSize = r.ReadSize("code_size", expected, expected);
        var parameters = type switch
        {
            0 or 1 or 6 => 2 * d,
            2 or 3 => 2,
            _ => 0,
        };
        if (header.IsTrained || header.Count > 0)
        {
            r.SkipVector("trained", sizeof(float), (ulong)parameters, "what the qtype needs");
        }
        else
        {
            var count = r.SkipVector("trained", sizeof(float));
            if (count != 0 && count != parameters)
                throw r.Invalid("the number of elements of trained", count, $"0 or {parameters}");
        }

        return codeSize;
    }
}
