using System.Runtime.InteropServices;
using FaissNet.Data;
using FaissNet.Evaluation;

namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>A base and queries, as files of plain floats that both sides read, and the queries' true neighbours.</summary>
internal sealed class DataSet
{
    public const int K = 10;

    private long[]? _truth;

    private DataSet(string name, DataFiles files)
    {
        Name = name;
        (BaseFile, BaseCount, Dimension) = Convert(files.Base, $"{name}-base");
        (QueryFile, QueryCount, _) = Convert(files.Queries, $"{name}-queries");
    }

    public string Name { get; }

    public int Dimension { get; }

    public string BaseFile { get; }

    public int BaseCount { get; }

    public string QueryFile { get; }

    public int QueryCount { get; }

    /// <summary>MNIST: 60,000 images of 784 pixels, 10,000 queries.</summary>
    public static DataSet Mnist(string? folder) => new("MNIST", DataFiles.Mnist(folder));

    /// <summary>Word embeddings: 331,479 of 100 components, 10,000 queries.</summary>
    public static DataSet Words(string? folder) => new("words", DataFiles.Words(folder));

    /// <summary>The share of the true neighbours that was found.</summary>
    public double Recall(Found found, IndexStore store) =>
        Evaluation.Recall.AtK(found.Labels, found.K, Truth(store).AsSpan(0, found.Labels.Length / found.K * K), K, K);

    private long[] Truth(IndexStore store)
    {
        if (_truth is not null)
            return _truth;

        var file = Path.Combine(Repository.Work, $"{Name}-truth");
        if (!File.Exists(file))
            File.WriteAllBytes(file, MemoryMarshal.AsBytes(store.Search(this, "Flat", K).Labels.AsSpan()));

        return _truth = MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(file)).ToArray();
    }

    private static (string File, int Count, int Dimension) Convert(string source, string name)
    {
        var file = Path.Combine(Repository.Work, $"{name}.f32");
        using var reader = VectorFile.Open(source);
        var (count, dimension) = ((int)reader.Count, reader.Dimension);
        if (!File.Exists(file) || new FileInfo(file).Length != (long)count * dimension * sizeof(float))
            File.WriteAllBytes(file, MemoryMarshal.AsBytes(reader.ReadRows(count).Values.AsSpan()));

        return (file, count, dimension);
    }
}
