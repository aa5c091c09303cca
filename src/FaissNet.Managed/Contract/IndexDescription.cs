using FaissNet.Evaluation;

namespace FaissNet;

/// <summary>What an index is, looked at through all wrappers: <see cref="VectorIndex.Describe"/> makes it. What an index type does not have is
/// null.</summary>
/// <param name="TypeName">FAISS's class name, wrappers from the outside in.</param>
/// <param name="Dimension">Components per vector.</param>
/// <param name="Count">The vectors in it.</param>
/// <param name="Metric">How vectors are compared.</param>
/// <param name="IsTrained">Whether vectors can be added.</param>
/// <param name="NList">The inverted lists.</param>
/// <param name="NProbe">The lists that a search visits.</param>
/// <param name="M">The sub-quantizers of the product quantizer.</param>
/// <param name="NBits">Bits per sub-quantizer.</param>
/// <param name="CodeSize">Bytes of a vector's code.</param>
/// <param name="IdBytes">Bytes of a vector's stored ids; 0 where ids are positions.</param>
/// <param name="ListSizes">How the vectors spread over the lists.</param>
/// <param name="Memory">What takes how much memory.</param>
public sealed record IndexDescription(
    string TypeName,
    int Dimension,
    long Count,
    MetricType Metric,
    bool IsTrained,
    long? NList = null,
    long? NProbe = null,
    long? M = null,
    int? NBits = null,
    long? CodeSize = null,
    long IdBytes = 0,
    ListSizeStatistics? ListSizes = null,
    IndexMemory? Memory = null);

/// <summary>The bytes of memory that the parts of an index take.</summary>
/// <param name="Centroids">The coarse quantizer.</param>
/// <param name="Codebooks">Product and scalar quantizers, rotations.</param>
/// <param name="Codes">Codes, or vectors as they are.</param>
/// <param name="Ids">Stored ids.</param>
/// <param name="Tables">What is computed beside the content to search faster.</param>
public sealed record IndexMemory(long Centroids, long Codebooks, long Codes, long Ids, long Tables)
{
    /// <summary>Nothing.</summary>
    public static IndexMemory None { get; } = new(0, 0, 0, 0, 0);

    /// <summary>All parts together.</summary>
    public long Total => Centroids + Codebooks + Codes + Ids + Tables;

    /// <summary>Part by part.</summary>
    public static IndexMemory operator +(IndexMemory a, IndexMemory b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return new(a.Centroids + b.Centroids, a.Codebooks + b.Codebooks, a.Codes + b.Codes, a.Ids + b.Ids, a.Tables + b.Tables);
    }
}
