using FaissNet.Cli.Output;

namespace FaissNet.Cli.Commands;

/// <summary>What commands check and load before they begin.</summary>
internal static class Files
{
    /// <summary>Finds a mistake in an output's name before hours of work, not after.</summary>
    public static void RequireWritable(string option, string? output, params ReadOnlySpan<string?> inputs)
    {
        if (output is null)
            return;

        var path = Path.GetFullPath(output);
        foreach (var input in inputs)
        {
            if (input is not null && path == Path.GetFullPath(input))
                throw new UsageException($"{option} is '{output}': that is one of the inputs, expected another file.");
        }

        if (Directory.Exists(path))
            throw new UsageException($"{option} is '{output}': that is a folder, expected a file name.");

        if (Path.GetDirectoryName(path) is { } folder && !Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{option} is '{output}': the folder {folder} does not exist.");
    }

    public static VectorIndex LoadIndex(Engine engine, string path, ProgressDisplay display)
    {
        RequireFile("--index", path);
        display.Begin("Loading index");
        return engine.Load(path);
    }

    /// <summary>An empty index; what is wrong with the description is the user's mistake.</summary>
    public static VectorIndex CreateIndex(Engine engine, int d, string factory, string metric)
    {
        try
        {
            return metric == Metrics.Cosine ? engine.CreateCosine(d, factory) : engine.Create(d, factory, Metrics.Parse(metric));
        }
        catch (Exception e) when (e is ArgumentException or FaissException or NotSupportedException)
        {
            throw new UsageException($"--factory is '{factory}', for {d} dimensions: {ErrorText.Of(e)}");
        }
    }

    public static void RequireFile(string option, string path)
    {
        if (Directory.Exists(path))
            throw new UsageException($"{option} is '{path}': that is a folder, expected a file.");

        if (!File.Exists(path))
            throw new FileNotFoundException($"{option} is '{path}': there is no such file.");
    }

    /// <summary>Refuses queries of another dimension than the index's.</summary>
    public static void RequireDimension(string path, int dimension, VectorIndex index)
    {
        if (dimension != index.Dimension)
            throw new InvalidDataException($"{path}: its vectors have {dimension} components, expected {index.Dimension}, as the index has.");
    }

    /// <summary>Says which index has no lists to probe, in the words of the command line.</summary>
    public static void RequireLists(IndexDescription index, IEnumerable<int> nprobes)
    {
        foreach (var nprobe in nprobes)
        {
            if (index.NList is not { } nlist)
                throw new UsageException($"--nprobe is for indexes with inverted lists (IVF): this one is {index.TypeName}. Leave it out.");

            if (nprobe > nlist)
                Terminal.Note($"nprobe {nprobe} is more than the index's {nlist} lists: all of them are visited.");
        }
    }
}
