namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>A row against one FAISS build. Ratios are FAISS time / managed time: above 1 the managed engine is faster.</summary>
/// <param name="Faiss">The build's version.</param>
/// <param name="Rounds">How many rounds the medians are over.</param>
/// <param name="FaissSeconds">CPU time of a run, or of a call.</param>
/// <param name="ManagedSeconds">CPU time of a run, or of a call.</param>
/// <param name="Ratio">Of CPU times.</param>
/// <param name="WallRatio">Of wall times.</param>
/// <param name="Agrees">Whether both sides came to the same.</param>
/// <param name="Agreement">What they came to, FAISS first.</param>
internal sealed record Measurement(
    string Faiss, int Rounds, double FaissSeconds, double ManagedSeconds, Spread Ratio, Spread WallRatio, bool Agrees, string Agreement);

/// <summary>A row against all FAISS builds; without measurements where one side failed.</summary>
internal sealed record RowResult(
    string Section, string Task, string Case, string Code, double Bar, double Aim, IReadOnlyList<Measurement> Measurements, string? Failure = null)
{
    /// <summary>Against the faster build.</summary>
    public double Ratio => Measurements.Select(measurement => measurement.Ratio.Median).DefaultIfEmpty().Min();

    public bool Holds => Ratio >= Bar && Measurements.All(measurement => measurement.Agrees);

    public bool ReachesAim => Ratio >= Aim && Holds;
}

/// <summary>Two threads against one, both managed; a ratio of wall times.</summary>
internal sealed record ThreadsRow(string Case, int Rounds, double OneThreadSeconds, double TwoThreadsSeconds, Spread Ratio)
{
    public const double Bar = 1.8;
    public const double Aim = 1.95;

    public bool Holds => Ratio.Median >= Bar;
}

internal sealed record VsFaissReport(
    Machine Machine, IReadOnlyList<FaissBuild> Faiss, FaissBuild Managed, int Cpu, IReadOnlyList<RowResult> Rows, IReadOnlyList<ThreadsRow> Threads);
