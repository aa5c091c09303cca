namespace FaissNet.Benchmarks;

/// <summary>The vectors that measurements are made with: a base, and queries.</summary>
internal sealed record DataFiles(string Base, string Queries)
{
    /// <summary>MNIST's images, named as the cache names them or as their authors did.</summary>
    public static DataFiles Mnist(string? folder) => Find(
        folder, "mnist", "eng/fetch-mnist.sh",
        [new("base.idx", "queries.idx"), new("train-images-idx3-ubyte", "t10k-images-idx3-ubyte")]);

    /// <summary>The word embeddings.</summary>
    public static DataFiles Words(string? folder) => Find(folder, "words", "eng/fetch-words.sh", [new("base.fvecs", "queries.fvecs")]);

    private static DataFiles Find(string? folder, string name, string script, DataFiles[] names)
    {
        var place = folder ?? Path.Combine(Cache(), name);
        foreach (var candidate in names)
        {
            var files = new DataFiles(Path.Combine(place, candidate.Base), Path.Combine(place, candidate.Queries));
            if (File.Exists(files.Base) && File.Exists(files.Queries))
                return files;
        }

        throw new IOException(
            $"{place} holds no {string.Join(" and no ", names.Select(files => $"{files.Base} with {files.Queries}"))}: " +
            $"{script} gets them, or --{name} names their folder.");
    }

    private static string Cache()
    {
        if (Environment.GetEnvironmentVariable("FAISSNET_CACHE") is { Length: > 0 } own)
            return own;

        var parent = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
            ? xdg
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(parent, "faissnet");
    }
}
