using FaissNet.Serialization;

namespace FaissNet.Managed;

// What files bring and get beyond the content.
public abstract unsafe partial class IndexIVF
{
    /// <summary>FAISS's direct map, which this engine has no use for, as the file brought it; null if it had none. It is written again.</summary>
    internal StoredDirectMap? StoredDirectMap { get; set; }

    /// <summary>Takes over coarse centroids that a file holds.</summary>
    internal void RestoreQuantizer(IndexFlat quantizer)
    {
        DropCoarse();
        Quantizer.FreeMemory();
        Quantizer = quantizer;
    }

    /// <summary>Takes over lists that a file holds, or puts them in the place of the empty ones.</summary>
    internal void RestoreLists(InvertedLists lists)
    {
        Lists.Dispose();
        Lists = lists;
    }

    /// <summary>Computes what is kept beside codes of one list, where <see cref="KeepsTerms"/>.</summary>
    /// <param name="list">The list.</param>
    /// <param name="codes">n codes, one after the other as in FAISS.</param>
    /// <param name="n">How many codes.</param>
    /// <param name="terms">Receives n terms.</param>
    internal virtual void ComputeTerms(int list, byte* codes, int n, float* terms) => throw new NotSupportedException();

    internal override void AfterLoad()
    {
        if (!KeepsTerms || Lists is not ArrayInvertedLists)
            return;

        ManagedThreads.For(NList, list =>
        {
            const int stepBytes = 64 << 10;
            using var scratch = Scratch.Rent();
            var step = Math.Max(1, stepBytes / Lists.CodeSize);
            var codes = scratch.Bytes((long)step * Lists.CodeSize);
            for (var first = 0; first < Lists.Size(list); first += step)
            {
                var count = Math.Min(step, Lists.Size(list) - first);
                Lists.CopyCodes(list, first, count, codes);
                ComputeTerms(list, codes, count, Lists.Terms(list) + first);
            }
        });
    }

    internal override void CopySettings(ManagedIndex from)
    {
        var other = (IndexIVF)from;
        ClusteringParameters = other.ClusteringParameters;
        _maxCodes = other._maxCodes;
    }
}
