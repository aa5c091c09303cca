using System.Globalization;

namespace FaissNet.Serialization;

/// <summary>The fields with which every float index begins.</summary>
internal readonly record struct IndexHeader(
    FourCC FourCC, string TypeName, int Dimension, long Count, bool IsTrained, MetricType Metric, float? MetricArgument);

/// <summary>Stops the validation at a part that is well formed but that nothing here knows to be safe.</summary>
internal sealed class UnrecognisedPartException(string message) : Exception(message);

/// <summary>
/// One run over one file: the reader, the rules that all types share, and the way from a type's four characters to the method
/// that checks it.
/// </summary>
internal sealed class IndexValidator(BoundedReader reader)
{
    public const int MaximumDimension = 1 << 20;

    // FAISS refuses vectors of 2^40 elements and more.
    public const long MaximumCount = 1L << 40;

    // FAISS reads nested indexes by recursion; its own factory does not go deeper than five or six.
    private const int MaximumDepth = 16;

    private readonly List<ExternalFileReference> _externalFiles = [];
    private IndexHeader? _rootHeader;
    private int _depth;

    public BoundedReader Reader { get; } = reader;

    /// <summary>
    /// Whether the container of the index being read uses the labels of its searches as indices. Stored ids must then lie
    /// below the container's count, and are read; otherwise they may be anything, and are skipped.
    /// </summary>
    public bool LabelsAreIndices { get; private set; }

    /// <summary>
    /// Whether the container computes with every component of the vectors of the index being read, and goes out of bounds where a result is
    /// not finite. All of them are read then, and the container asks <see cref="IndexFileInfo.IsModerate"/>.
    /// </summary>
    public bool ComponentsMatter { get; private set; }

    public IndexFileInfo Run()
    {
        try
        {
            return ReadIndex("", labelsAreIndices: false) with
            {
                ExternalFiles = [.. _externalFiles],
                HasTrailingBytes = Reader.HasMore(),
            };
        }
        catch (UnrecognisedPartException e)
        {
            return Info(_rootHeader ?? default) with { UnrecognisedPart = e.Message, Length = Reader.Offset };
        }
        finally
        {
            Reader.Rewind();
        }
    }

    /// <summary>Reads the one index over floats that a binary one may have inside.</summary>
    public IndexFileInfo ReadFloatIndex(string role)
    {
        var root = _rootHeader;
        // What is inside it is of its kind.
        _rootHeader = null;
        try
        {
            return ReadIndex(role, labelsAreIndices: false);
        }
        finally
        {
            _rootHeader = root;
        }
    }

    /// <summary>Reads an index, the outermost or one within another.</summary>
    public IndexFileInfo ReadIndex(string role, bool labelsAreIndices, bool componentsMatter = false)
    {
        if (++_depth > MaximumDepth)
            throw Reader.Invalid(string.Create(CultureInfo.InvariantCulture,
                $"indexes are nested more than {MaximumDepth} deep"));
        var (outerLabelsAreIndices, outerComponentsMatter) = (LabelsAreIndices, ComponentsMatter);
        (LabelsAreIndices, ComponentsMatter) = (labelsAreIndices, componentsMatter);
        var start = Reader.Offset;
        var fourCC = ReadTypeCode(role.Length == 0 ? "the file's type" : $"the type of the {role}");
        var known = IndexTypes.TryGet(fourCC, out var type);
        _rootHeader ??= new IndexHeader(fourCC, known ? type.Name : fourCC.ToString(), 0, 0, false, MetricType.L2, null);

        using (Reader.Part(role.Length == 0 ? fourCC.ToString() : $"{role} {fourCC}"))
        {
            // All index types begin so, but for a few of old, which are known.
            if (!known && fourCC.ToString()[0] != 'I')
                throw Reader.Invalid($"'{fourCC}' is not the type of a FAISS index");
            if (!known || type.Read is null)
                throw Unrecognised(known ? $"{type.Name} is not checked" : $"the index type '{fourCC}' is not known");
            if (_rootHeader is { } root && BinaryIndexes.IsBinary(fourCC) != BinaryIndexes.IsBinary(root.FourCC))
                throw Reader.Invalid($"{type.Name} cannot be part of {root.TypeName}: one of them is binary");
            var info = type.Read(this, fourCC) with { Role = role, Length = Reader.Offset - start };
            (LabelsAreIndices, ComponentsMatter) = (outerLabelsAreIndices, outerComponentsMatter);
            _depth--;
            return info;
        }
    }

    /// <summary>Four characters that name a type: unknown ones are for the caller to judge, unprintable ones are damage.</summary>
    public FourCC ReadTypeCode(string field)
    {
        var fourCC = Reader.ReadFourCC(field);
        return fourCC.IsPrintable
            ? fourCC
            : throw Reader.Invalid(field, fourCC, "the four printable characters of a FAISS type");
    }

    /// <summary>The header that all float indexes share.</summary>
    public IndexHeader ReadHeader(FourCC fourCC)
    {
        var d = Reader.ReadInt32("d", 1, MaximumDimension);
        var count = Reader.ReadInt64("ntotal", 0, MaximumCount);
        Reader.Skip("the reserved fields", 2 * sizeof(long));
        var isTrained = Reader.ReadBoolean("is_trained");
        var metric = Reader.ReadInt32("metric_type");
        float? argument = null;
        if (!Enum.IsDefined((MetricType)metric))
            // Newer versions of FAISS have more metrics, right after the last of these.
            throw metric is > (int)MetricType.JensenShannon and < 64
                ? Unrecognised($"the metric {metric} is not known")
                : Reader.Invalid("metric_type", metric, "0 … 4 or 20 … 22");
        if (metric > (int)MetricType.L2)
            argument = Reader.ReadFinite("metric_arg");

        var header = new IndexHeader(
            fourCC, IndexTypes.NameOf(fourCC), d, count, isTrained, (MetricType)metric, argument);
        return Begin(header);
    }

    /// <summary>Notes what the outermost index begins with, should the validation not get further.</summary>
    public IndexHeader Begin(in IndexHeader header)
    {
        if (_depth == 1)
            _rootHeader = header;
        return header;
    }

    /// <summary>What a type's reader reports when nothing more is to be said than the header.</summary>
    public static IndexFileInfo Info(in IndexHeader header) => new()
    {
        FourCC = header.FourCC.ToString(),
        TypeName = header.TypeName,
        Dimension = header.Dimension,
        Count = header.Count,
        IsTrained = header.IsTrained,
        Metric = header.Metric,
        MetricArgument = header.MetricArgument,
        LabelBound = header.Count,
    };

    public void AddExternalFile(ExternalFileReference file) => _externalFiles.Add(file);

    /// <summary>Refuses what would make FAISS allocate out of all proportion to the file.</summary>
    public void RequireMemory(string purpose, UInt128 bytes)
    {
        const ulong modest = 1UL << 29;
        const uint proportion = 64;
        var size = (ulong)(Reader.Length ?? Reader.Offset);
        if (bytes > modest + (UInt128)size * proportion)
            throw Reader.Invalid(string.Create(CultureInfo.InvariantCulture,
                $"loading it would take {bytes} bytes of memory for {purpose}, which a file of this size does not warrant"));
    }

    public void RequireMetricL2OrInnerProduct(in IndexHeader header)
    {
        // Elsewhere FAISS throws inside a parallel region or uses a null scanner: either ends the process.
        if (header.Metric is not (MetricType.L2 or MetricType.InnerProduct))
            throw Reader.Invalid($"{header.TypeName} searches only with L2 and inner product, and its metric is {header.Metric}");
    }

    public void RequireEqual(string what, long value, string other, long expected)
    {
        if (value != expected)
            throw Reader.Invalid(string.Create(CultureInfo.InvariantCulture,
                $"{what} is {value}, but {other} is {expected}"));
    }

    public UnrecognisedPartException Unrecognised(string reason) => new($"{Reader.Path}: {reason}.");
}
