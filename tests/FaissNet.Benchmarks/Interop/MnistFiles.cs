using System.Buffers.Binary;

namespace FaissNet.Benchmarks.Interop;

/// <summary>MNIST's images as vectors: 784 floats each, 0 to 255.</summary>
internal sealed record MnistFiles(string Base, string Queries)
{
    public const int Dimension = 784;

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

    /// <summary>The vectors of an idx file: a header of 16 bytes (magic number, images, rows, columns, big-endian), then a byte per pixel.</summary>
    public static float[] Read(string file)
    {
        var bytes = File.ReadAllBytes(file);
        if (bytes.Length < 16 || BinaryPrimitives.ReadInt32BigEndian(bytes) != 0x803 ||
            bytes.Length != 16 + (long)BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4)) * Dimension)
        {
            throw new IOException($"{file} is no file of MNIST's images.");
        }

        var vectors = new float[bytes.Length - 16];
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] = bytes[i + 16];

        return vectors;
    }
}
