namespace FaissNet.Cli.Commands;

/// <summary>Metrics as the command line names them.</summary>
internal static class Metrics
{
    public const string Cosine = "cosine";

    public static readonly string[] Names = ["l2", "ip", Cosine];

    public static MetricType Parse(string name) => name == "l2" ? MetricType.L2 : MetricType.InnerProduct;

    public static string NameOf(MetricType metric) => metric switch
    {
        MetricType.L2 => "l2",
        MetricType.InnerProduct => "ip",
        _ => metric.ToString().ToLowerInvariant(),
    };

    /// <summary>The name with what it means, for people.</summary>
    public static string Explain(string name) => name switch
    {
        "l2" => "L2 (squared Euclidean distance)",
        "ip" => "inner product",
        _ => name,
    };
}
