using System.Runtime.InteropServices;
using FaissNet.Benchmarks.VsFaiss;

namespace FaissNet.Benchmarks.Gpu;

/// <summary>Vectors to index and queries, as files of plain floats that both sides read, and the index to make of them.</summary>
/// <param name="Name">What the report calls them.</param>
/// <param name="Dimension">Components per vector.</param>
/// <param name="BaseFile">The vectors.</param>
/// <param name="BaseCount">How many there are.</param>
/// <param name="QueryFile">The queries.</param>
/// <param name="QueryCount">How many there are.</param>
/// <param name="NList">Inverted lists.</param>
/// <param name="M">Sub-quantizers of 8 bits, no more than a GPU takes with tables in float32.</param>
internal sealed record GpuData(
    string Name, int Dimension, string BaseFile, int BaseCount, string QueryFile, int QueryCount, int NList, int M)
{
    private const int SyntheticDimension = 128;
    private const int SyntheticQueries = 10_000;
    private const int Centers = 20_000;
    private const int RowsPerBlock = 1 << 14;

    public string Factory => FormattableString.Invariant($"IVF{NList},PQ{M}np");

    /// <summary>MNIST: 60,000 images of 784 pixels, 10,000 queries.</summary>
    public static GpuData Mnist(string? folder)
    {
        var data = DataSet.Mnist(folder);
        return new GpuData(data.Name, data.Dimension, data.BaseFile, data.BaseCount, data.QueryFile, data.QueryCount, NList: 256, M: 28);
    }

    /// <summary>Points around centers that lie evenly in a cube of 128 dimensions; queries are further points around the same ones.</summary>
    public static GpuData Synthetic(int count, Action<string> say)
    {
        var vectors = Make($"synthetic-{count}-base", count, seed: 1, say);
        var queries = Make("synthetic-queries", SyntheticQueries, seed: 2, say);
        return new GpuData(
            FormattableString.Invariant($"synthetic, {count:N0} × {SyntheticDimension}"), SyntheticDimension, vectors, count, queries, SyntheticQueries,
            NList: 4096, M: 32);
    }

    private static string Make(string name, int count, int seed, Action<string> say)
    {
        var file = Path.Combine(Repository.Work, $"{name}.f32");
        if (File.Exists(file) && new FileInfo(file).Length == (long)count * SyntheticDimension * sizeof(float))
            return file;

        say($"Writing {name} …");
        var centers = new float[Centers * SyntheticDimension];
        Fill(centers, new Random(0), 0, 1);
        var unfinished = file + ".new";
        using (var stream = File.Create(unfinished))
        {
            var blocks = Enumerable.Range(0, (count + RowsPerBlock - 1) / RowsPerBlock)
                .AsParallel().AsOrdered()
                .Select(block => Block(centers, new Random(seed << 24 | block), Math.Min(RowsPerBlock, count - block * RowsPerBlock)));
            foreach (var block in blocks)
                stream.Write(MemoryMarshal.AsBytes(block.AsSpan()));
        }

        File.Move(unfinished, file, overwrite: true);
        return file;
    }

    private static float[] Block(float[] centers, Random random, int rows)
    {
        const float Spread = 0.5f;
        var block = new float[rows * SyntheticDimension];
        Fill(block, random, -Spread, Spread);
        for (var row = 0; row < rows; row++)
        {
            var center = centers.AsSpan(random.Next(Centers) * SyntheticDimension, SyntheticDimension);
            var vector = block.AsSpan(row * SyntheticDimension, SyntheticDimension);
            System.Numerics.Tensors.TensorPrimitives.Add(vector, center, vector);
        }

        return block;
    }

    private static void Fill(Span<float> values, Random random, float from, float to)
    {
        foreach (ref var value in values)
            value = from + (to - from) * random.NextSingle();
    }
}
