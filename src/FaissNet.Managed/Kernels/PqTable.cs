namespace FaissNet.Managed;

/// <summary>A query's table, and which of its rows matter.</summary>
internal readonly unsafe struct PqTable
{
    private PqTable(float* values, int rows, int* runs, int runCount)
    {
        Values = values;
        Rows = rows;
        Runs = runs;
        RunCount = runCount;
    }

    /// <summary>[rows][256] floats.</summary>
    public float* Values { get; }

    /// <summary>Bytes per code.</summary>
    public int Rows { get; }

    /// <summary>Those of <see cref="PqScan.FindRuns"/>.</summary>
    public int* Runs { get; }

    /// <summary>How many.</summary>
    public int RunCount { get; }

    /// <summary>Whether no row may be left out.</summary>
    public bool IsWhole => RunCount == 1 && Runs[1] == Rows / 4;

    /// <summary>A table that is used often: worth a look for rows of zeros.</summary>
    /// <param name="values">[rows][256] floats.</param>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="runs">Room for rows / 4 + 1 numbers.</param>
    public static PqTable Searched(float* values, int rows, int* runs) => new(values, rows, runs, PqScan.FindRuns(values, rows, runs));

    /// <summary>A table of which all rows are taken.</summary>
    /// <param name="values">[rows][256] floats.</param>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="run">Room for two numbers.</param>
    public static PqTable Whole(float* values, int rows, int* run)
    {
        (run[0], run[1]) = (0, rows / 4);
        return new(values, rows, run, 1);
    }
}
