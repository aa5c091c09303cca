namespace FaissNet.Benchmarks.Interop;

/// <summary>MNIST's images.</summary>
internal sealed record MnistFiles(string Base, string Queries)
{
    // As the demonstration's cache names them, and as their authors did.
    private static readonly (string Base, string Queries)[] Names =
        [("base.idx", "queries.idx"), ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte")];

    public static MnistFiles Find(string? folder)
    {
        var cache = Environment.GetEnvironmentVariable("FAISSNET_CACHE") is { Length: > 0 } own ? own
            : Path.Combine(
                Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
                    ? xdg
                    : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
                "faissnet");
        var places = folder is not null ? [folder] : new[] { Path.Combine(cache, "mnist") };
        foreach (var place in places)
        {
            foreach (var names in Names)
            {
                var files = new MnistFiles(Path.Combine(place, names.Base), Path.Combine(place, names.Queries));
                if (File.Exists(files.Base) && File.Exists(files.Queries))
                    return files;
            }
        }

        throw new IOException(
            $"MNIST is not in {string.Join(" or ", places)}: eng/fetch-mnist.sh gets it, or --mnist names the folder of " +
            $"{Names[1].Base} and {Names[1].Queries}.");
    }
}
