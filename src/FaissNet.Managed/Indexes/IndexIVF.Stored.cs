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
        Quantizer.FreeMemory();
        Quantizer = quantizer;
    }

    /// <summary>Takes over lists that a file holds, or puts them in the place of the empty ones.</summary>
    internal void RestoreLists(InvertedLists lists)
    {
        Lists.Dispose();
        Lists = lists;
    }

    internal override void CopySettings(ManagedIndex from)
    {
        var other = (IndexIVF)from;
        ClusteringParameters = other.ClusteringParameters;
        _maxCodes = other._maxCodes;
    }
}
