using FaissNet.Managed;

namespace FaissNet.Serialization;

// Inverted files over product quantizers.
internal sealed partial class IndexLoader
{
    private IndexIVFPQ ReadIvfPq(in IndexHeader header)
    {
        var ivf = ReadIvfHeader(header, isLegacy: header.FourCC.Is("IvPQ"));
        var byResidual = _r.ReadBoolean("by_residual");
        var codeSize = _r.ReadSize("code_size", 1, int.MaxValue);
        var pq = ReadProductQuantizer(header.Dimension);
        var index = Made(new IndexIVFPQ(header.Dimension, ivf.ListCount, pq.M, pq.NBits, header.Metric) { ByResidual = byResidual });
        if (codeSize != index.CodeSize)
            throw _r.Invalid("code_size", codeSize, $"{index.CodeSize} (⌈M × nbits / 8⌉)");

        index.SetCodebooks(pq.Centroids);
        ReadLists(index, ivf, index.CodeSize);
        return index;
    }

    private (int M, int NBits, float[] Centroids) ReadProductQuantizer(int dimension)
    {
        using var part = _r.Part("ProductQuantizer");
        _r.ReadSize("d", dimension, dimension);
        var m = (int)_r.ReadSize("M", 1, dimension);
        if (dimension % m != 0)
            throw _r.Invalid("M", m, $"a divisor of d = {dimension}");
        var bits = (int)_r.ReadSize("nbits", 1, int.MaxValue);
        if (bits > ProductQuantizer.MaxNBits)
            throw NotSupported($"The product quantizer in the file has {bits} bits per part; those of the managed engine have at most {ProductQuantizer.MaxNBits}.");

        var centroids = ReadFloats("centroids");
        return centroids.Length == (long)dimension << bits
            ? (m, bits, centroids)
            : throw _r.Invalid("the number of elements of centroids", centroids.Length, $"{(long)dimension << bits} (d × 2^nbits)");
    }
}
