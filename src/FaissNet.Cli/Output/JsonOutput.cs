using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using FaissNet.Evaluation;

namespace FaissNet.Cli.Output;

internal sealed record BuildSeconds(double ReadSample, double Train, double Add, double Save);

internal sealed record BuildOutput(
    string Input,
    string Factory,
    string Output,
    string Metric,
    string Type,
    int Dimension,
    long Vectors,
    long TrainSize,
    string Engine,
    int Threads,
    BuildSeconds Seconds,
    MemoryReport Memory,
    IndexComparison? Verify);

internal sealed record QueryResult(int Query, long[] Ids, float[] Distances);

internal sealed record SearchOutput(
    string Index,
    string Queries,
    long Count,
    int K,
    [property: JsonPropertyName("nprobe")] long? NProbe,
    string Engine,
    int Threads,
    double Seconds,
    double Qps,
    string? OutputIds,
    string? OutputDistances,
    IReadOnlyList<QueryResult>? Results);

internal sealed record TruthOutput(
    string Input, string Queries, string Output, string Metric, int Dimension, long Vectors, int Count, int K, string Engine, int Threads, double Seconds);

internal sealed record EvalOutput(
    string Index,
    string Queries,
    string Truth,
    string Type,
    string Metric,
    int Dimension,
    long Vectors,
    int Count,
    int K,
    string Engine,
    int Threads,
    MemoryReport Memory,
    IReadOnlyList<EvaluationResult> Results);

internal sealed record InfoOutput(
    string Index,
    string Type,
    string Metric,
    int Dimension,
    long Vectors,
    bool IsTrained,
    [property: JsonPropertyName("nlist")] long? NList,
    [property: JsonPropertyName("nprobe")] long? NProbe,
    long? M,
    [property: JsonPropertyName("nbits")] int? NBits,
    ListSizeStatistics? ListSizes,
    MemoryReport Memory,
    IndexMemory? Parts);

internal sealed record VerifyOutput(
    string Index,
    string Queries,
    string Type,
    [property: JsonPropertyName("nprobe")] long? NProbe,
    bool NativeRounds,
    bool Agrees,
    EngineComparison Comparison);

internal sealed record CompareOutput(
    string Input,
    string Queries,
    string Metric,
    int Dimension,
    long Vectors,
    int Count,
    int K,
    string Engine,
    int Threads,
    IReadOnlyList<ConfigurationResult> Results);

internal sealed record ManagedOutput(string VectorWidth, bool ByteShuffles, int Threads);

internal sealed record FaissOutput(
    string Version, string Variant, string SimdLevel, string Library, string CompileOptions, string Blas, int Threads, bool GpuSupport, int GpuCount,
    GpuOutput[] Gpus, string? GpuError);

internal sealed record GpuOutput(int Number, string Name, string ComputeCapability, long TotalMemory, long FreeMemory);

internal sealed record DoctorOutput(
    string Version, FaissOutput? Faiss, string? Error, ManagedOutput Managed, int Processors, string[] CpuFeatures, string Runtime, string Os, string Rid);

/// <summary>One document on stdout and nothing else there.</summary>
internal static class JsonOutput
{
    /// <summary>What a command has to say: as JSON for programs, or drawn for people.</summary>
    public static void WriteOrDraw<T>(T report, bool isJson, JsonTypeInfo<T> type, Action<T> draw)
    {
        if (isJson)
            Write(report, type);
        else
            draw(report);
    }

    private static void Write<T>(T document, JsonTypeInfo<T> type)
    {
        using var stdout = Console.OpenStandardOutput();
        JsonSerializer.Serialize(stdout, document, type);
        stdout.WriteByte((byte)'\n');
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(BuildOutput))]
[JsonSerializable(typeof(SearchOutput))]
[JsonSerializable(typeof(TruthOutput))]
[JsonSerializable(typeof(EvalOutput))]
[JsonSerializable(typeof(InfoOutput))]
[JsonSerializable(typeof(VerifyOutput))]
[JsonSerializable(typeof(CompareOutput))]
[JsonSerializable(typeof(DoctorOutput))]
internal sealed partial class CliJson : JsonSerializerContext
{
    // Paths and names stay readable; this JSON goes to a pipe, not into a page.
    public static CliJson Relaxed =>
        field ??= new CliJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
