using FaissNet.Data;

namespace FaissNet.Benchmarks.Long;

/// <summary>60,000 images of 784 pixels and 10,000 queries, and indexes over them.</summary>
internal sealed class Mnist
{
    public const int D = 784;

    public Mnist(string? folder)
    {
        var files = DataFiles.Mnist(folder);
        (Base, Queries) = (Read(files.Base), Read(files.Queries));
    }

    public float[] Base { get; }

    public float[] Queries { get; }

    public static VectorIndex Create(bool native, string description) =>
        native ? IndexFactory.Create(D, description) : Managed.IndexFactory.Create(D, description);

    /// <summary>Trained with a part of the images, and with all of them in it.</summary>
    public VectorIndex Fill(bool native, string description, bool add = true)
    {
        var index = Create(native, description);
        if (!index.IsTrained)
            index.Train(Base.AsSpan(0, 20_000 * D));

        if (add)
            index.Add(Base);

        return index;
    }

    private static float[] Read(string path)
    {
        using var reader = VectorFile.Open(path);
        return reader.ReadRows((int)reader.Count).Values;
    }
}
