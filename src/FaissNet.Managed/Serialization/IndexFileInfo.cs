using FaissNet.Serialization;

namespace FaissNet;

/// <summary>What <see cref="IndexFile.Validate(Stream, CancellationToken)"/> found in an index file.</summary>
public sealed record IndexFileInfo
{
    /// <summary>What this index is to the one that contains it: "quantizer", "storage", "base", "refine" or "index".
    /// Empty for the outermost.</summary>
    public string Role { get; internal init; } = "";

    /// <summary>The four characters with which FAISS marks the type in a file, such as <c>IwPQ</c>.</summary>
    public required string FourCC { get; init; }

    /// <summary>FAISS's name of the type, such as <c>IndexIVFPQ</c>; the four characters again if the type is unknown.</summary>
    public required string TypeName { get; init; }

    /// <summary>Whether this is an index over bits, which <c>FaissBinaryIndex.Load</c> reads and <c>FaissIndex.Load</c> does not.</summary>
    public bool IsBinary => FourCC.StartsWith("IB", StringComparison.Ordinal);

    /// <summary>Number of components of a vector, of bits in a binary index. 0 if it could not be read because the type is not recognised.</summary>
    public int Dimension { get; init; }

    /// <summary>Number of vectors (FAISS's ntotal). 0 if it could not be read because the type is not recognised.</summary>
    public long Count { get; init; }

    /// <summary>How the index compares vectors.</summary>
    public MetricType Metric { get; init; } = MetricType.L2;

    /// <summary>The metric's argument (p of <see cref="MetricType.Lp"/>); null for inner product and L2, which have none.</summary>
    public float? MetricArgument { get; init; }

    /// <summary>Whether the index says of itself that it is trained.</summary>
    public bool IsTrained { get; init; }

    /// <summary>
    /// Whether every part was recognised and checked. If not, the file is neither known to be good nor known to be bad, and
    /// <see cref="UnrecognisedPart"/> names what stopped the validation.
    /// </summary>
    public bool IsRecognised => UnrecognisedPart is null;

    /// <summary>The part where the validation stopped and why; null if it went to the end.</summary>
    public string? UnrecognisedPart { get; init; }

    /// <summary>The indexes inside this one, in the order of the file.</summary>
    public IReadOnlyList<IndexFileInfo> SubIndexes { get; init; } = [];

    /// <summary>
    /// Other files that hold this index's own inverted lists (FAISS's OnDiskInvertedLists). Their names come from the file and
    /// are as trustworthy as it is; they were neither opened nor checked.
    /// </summary>
    public IReadOnlyList<ExternalFileReference> ExternalFiles { get; init; } = [];

    /// <summary>Length of the index in bytes; as far as it was looked at, if it is not recognised.</summary>
    public long Length { get; init; }

    /// <summary>
    /// Whether bytes follow the outermost index, which FAISS ignores. False for inner indexes, and where the validation stopped
    /// at a part that is not recognised.
    /// </summary>
    public bool HasTrailingBytes { get; init; }

    /// <summary>Every label that a search can return is below this, or -1.</summary>
    internal long LabelBound { get; init; }

    /// <summary>
    /// Whether every component of every vector was read and found finite, and so small that sums of squares stay finite.
    /// </summary>
    internal bool IsModerate { get; init; }

    /// <summary>The quantizer of a product-quantizer index.</summary>
    internal ProductQuantizerShape? ProductQuantizer { get; init; }
}

/// <summary>A file that an index file names as the place of a part of its content.</summary>
/// <param name="Path">The path as the index file gives it.</param>
/// <param name="RequiredLength">
/// The number of bytes that FAISS maps into memory. Reading beyond the end of a shorter file ends the process.
/// </param>
public sealed record ExternalFileReference(string Path, long RequiredLength)
{
    /// <summary>Where the ids lie that the index around these lists takes for indices, so that they must be checked before anything follows
    /// them; null if none does.</summary>
    internal StoredIds? Indices { get; init; }
}
