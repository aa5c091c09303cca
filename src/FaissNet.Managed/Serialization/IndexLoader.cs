using System.Collections.Frozen;
using FaissNet.Managed;

namespace FaissNet.Serialization;

/// <summary>
/// Makes managed indexes of files that <see cref="IndexValidator"/> has accepted. It relies on that for what is nested in what, and checks
/// again every length that it allocates or reads by: the file may have changed in between.
/// </summary>
internal sealed partial class IndexLoader
{
    private delegate ManagedIndex Reader(IndexLoader loader, IndexHeader header);

    private static readonly FrozenDictionary<FourCC, Reader> s_readers = new Dictionary<string, Reader>
    {
        ["IxF2"] = (loader, header) => loader.ReadFlat(header),
        ["IxFI"] = (loader, header) => loader.ReadFlat(header),
        ["IxFl"] = (loader, header) => loader.ReadFlat(header),
        ["IxPq"] = (loader, header) => loader.ReadPq(header),
        ["IxPo"] = (loader, header) => loader.ReadPq(header),
        ["IxPQ"] = (loader, header) => loader.ReadPq(header),
        ["IwFl"] = (loader, header) => loader.ReadIvfFlat(header),
        ["IvFL"] = (loader, header) => loader.ReadIvfFlat(header),
        ["IvFl"] = (loader, header) => loader.ReadIvfFlat(header),
        ["IwPQ"] = (loader, header) => loader.ReadIvfPq(header),
        ["IvPQ"] = (loader, header) => loader.ReadIvfPq(header),
        ["IwPf"] = (loader, header) => loader.ReadIvfPqFastScan(header),
        ["IwSq"] = (loader, header) => loader.ReadIvfScalarQuantizer(header),
        ["IwSQ"] = (loader, header) => loader.ReadIvfScalarQuantizer(header),
        ["IvSQ"] = (loader, header) => loader.ReadIvfScalarQuantizer(header),
        ["IxSQ"] = (loader, header) => loader.ReadScalarQuantizerIndex(header),
        ["IPfs"] = (loader, header) => loader.ReadPqFastScan(header),
        ["IxPT"] = (loader, header) => loader.ReadPreTransform(header),
        ["IxMp"] = (loader, header) => loader.ReadIdMap(header),
        ["IxM2"] = (loader, header) => loader.ReadIdMap(header),
        ["IxRF"] = (loader, header) => loader.ReadRefine(header),
    }.ToFrozenDictionary(pair => new FourCC(pair.Key), pair => pair.Value);

    private readonly BoundedReader _r;

    // Null where content is to be loaded.
    private MappedFile? _file;

    // What was made so far, to be freed if the rest fails.
    private readonly List<ManagedIndex> _made = [];

    // Where lists on disk lie; null if there are none.
    private readonly string? _listsPath;

    private IndexLoader(BoundedReader reader, MappedFile? file, string? listsPath) => (_r, _file, _listsPath) = (reader, file, listsPath);

    /// <summary>Reads an index from a stream that can seek, and leaves it behind the index.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="listsPath">The file of lists on disk; null if it lies beside the stream's file.</param>
    /// <param name="progress">Told the bytes read.</param>
    /// <param name="cancellationToken">Stops the reading; the stream is then back where it was.</param>
    public static ManagedIndex Load(
        Stream stream, string? listsPath = null, IProgress<IndexProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var info = IndexFile.Validate(stream, cancellationToken);
        RequireSupported(info);
        listsPath = ListsFile.Find(info, (stream as FileStream)?.Name, listsPath, anywhere: false);
        if (progress is null && !cancellationToken.CanBeCanceled)
            return Build(stream, null, listsPath, cancellationToken);

        var start = stream.Position;
        try
        {
            var watched = new WatchedStream(stream, IndexStage.Loading, info.Length, progress, cancellationToken);
            var index = Build(watched, null, listsPath, cancellationToken);
            watched.Complete();
            return index;
        }
        catch (OperationCanceledException)
        {
            stream.Position = start;
            throw;
        }
    }

    /// <summary>Opens an index in a file, which is the loader's from then on.</summary>
    public static ManagedIndex LoadMapped(FileStream stream, string? listsPath)
    {
        MappedFile? file = null;
        try
        {
            var info = IndexFile.Validate(stream);
            RequireSupported(info);
            listsPath = ListsFile.Find(info, stream.Name, listsPath, anywhere: false);
            file = MappedFile.Open(stream);
            return Build(stream, file, listsPath, default);
        }
        finally
        {
            // The parts of the index that lie in the file use it as well.
            if (file is not null)
                file.Dispose();
            else
                stream.Dispose();
        }
    }

    /// <summary>Reads what this engine wrote itself, without checking it first.</summary>
    public static ManagedIndex Build(Stream stream, MappedFile? file, string? listsPath, CancellationToken cancellationToken)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Index files are little-endian, and this processor is not.");

        var loader = new IndexLoader(new BoundedReader(stream, cancellationToken), file, listsPath);
        try
        {
            var index = loader.ReadIndex("");
            loader._r.LeaveStream();
            return index;
        }
        catch
        {
            foreach (var index in loader._made)
                index.Dispose();

            throw;
        }
    }

    private static void RequireSupported(IndexFileInfo file)
    {
        if (!file.IsRecognised)
            throw NotSupported($"The structure of this index cannot be checked: {file.UnrecognisedPart}");

        if (!s_readers.ContainsKey(new FourCC(file.FourCC)))
            throw NotSupported($"The file holds an {file.TypeName} ({file.FourCC}), which the managed engine does not have.");

        if (file.Metric is not (MetricType.L2 or MetricType.InnerProduct))
            throw NotSupported($"The file holds an {file.TypeName} with the metric {file.Metric}; the managed engine has {MetricType.L2} and {MetricType.InnerProduct}.");

        foreach (var part in file.SubIndexes)
        {
            if (part.Role == "quantizer")
                RequireFlat(file, part);

            RequireSupported(part);
        }
    }

    private static void RequireFlat(IndexFileInfo index, IndexFileInfo quantizer)
    {
        if (quantizer.FourCC is not ("IxF2" or "IxFI" or "IxFl"))
            throw NotSupported($"The coarse quantizer of the {index.TypeName} in the file is an {quantizer.TypeName}; those of the managed engine are flat.");

        if (quantizer.Metric != index.Metric)
            throw NotSupported($"The {index.TypeName} in the file compares by {index.Metric} and its coarse quantizer by {quantizer.Metric}; in the managed engine the two are the same.");
    }

    private static NotSupportedException NotSupported(string reason) => new($"{reason} The native engine loads it: FaissIndex.Load of the package FaissNet.");

    private ManagedIndex ReadIndex(string role)
    {
        var fourCC = _r.ReadFourCC(role.Length == 0 ? "the file's type" : $"the type of the {role}");
        using var part = _r.Part(role.Length == 0 ? fourCC.ToString() : $"{role} {fourCC}");
        if (!s_readers.TryGetValue(fourCC, out var read))
            throw NotSupported($"The file holds an {IndexTypes.NameOf(fourCC)} ({fourCC}), which the managed engine does not have.");

        var header = ReadHeader(fourCC);
        if (header.Metric is not (MetricType.L2 or MetricType.InnerProduct))
            throw NotSupported($"The file holds an {header.TypeName} with the metric {header.Metric}.");

        var index = read(this, header);
        index.Restore(header.Count, header.IsTrained);
        index.AfterLoad();
        return index;
    }

    private IndexHeader ReadHeader(FourCC fourCC)
    {
        try
        {
            return new IndexValidator(_r).ReadHeader(fourCC);
        }
        catch (UnrecognisedPartException e)
        {
            throw NotSupported(e.Message);
        }
    }

    private T Made<T>(T index)
        where T : ManagedIndex
    {
        _made.Add(index);
        return index;
    }

    private unsafe IndexFlat ReadFlat(in IndexHeader header)
    {
        const string field = "the vectors";
        var index = Made(header.FourCC.ToString() switch
        {
            "IxF2" => new IndexFlatL2(header.Dimension),
            "IxFI" => new IndexFlatIP(header.Dimension),
            _ => new IndexFlat(header.Dimension, header.Metric),
        });
        if (index.Metric != header.Metric)
            throw _r.Invalid($"the type {header.TypeName} contradicts the metric {header.Metric}");

        var components = _r.ReadCount(field, sizeof(float), (UInt128)header.Count * (uint)header.Dimension, "ntotal × d");
        if (_file is null || components == 0)
        {
            index.Append(header.Count, (to, bytes) => _r.Read(field, to, bytes));
        }
        else
        {
            var offset = _r.Offset;
            _r.Skip(field, (UInt128)components * sizeof(float));
            index.Map(_file, offset, header.Count);
        }

        return index;
    }
}
