namespace FaissNet.Managed;

/// <summary>What a fast scan knows of one query: its tables, and what it has found.</summary>
internal unsafe struct FastScanQuery
{
    /// <summary>The tables.</summary>
    public FastScanTables Tables;

    /// <summary>What may be among the nearest, for <see cref="FastScanner.ScanCandidates"/>.</summary>
    public FastScanCandidates Candidates;

    /// <summary>The nearest, for <see cref="FastScanner.ScanNearest"/>: a heap of K distances, and of their ids in <see cref="Labels"/>.</summary>
    public float* Distances;

    /// <inheritdoc cref="Distances"/>
    public long* Labels;

    /// <summary>How many codes wait for <see cref="FastScanner.Settle"/>: fewer than <see cref="FastScanDistances.Lanes"/>.</summary>
    public int Waiting;

    /// <summary>They, [rows][Lanes] bytes.</summary>
    public byte* WaitingCodes;

    /// <summary>What their distances start from.</summary>
    public float* WaitingDistances;

    /// <summary>Their ids, or, if <see cref="IdsAreFar"/>, the addresses of these.</summary>
    public long* WaitingIds;

    /// <summary>Whether ids lie in lists: fetching one from memory takes longer than everything else that is done for its code, and of most it turns
    /// out that nobody needs them.</summary>
    public bool IdsAreFar;

    /// <summary>Neighbours.</summary>
    public int K;

    /// <summary>Above it no value of a code that is to be found can lie.</summary>
    public float Limit;

    /// <summary>A query that keeps the k nearest in a heap: for small k.</summary>
    public static FastScanQuery ForNearest(Scratch scratch, FastScanCodebook codebook, int k, float* distances, long* labels) =>
        new()
        {
            Tables = NewTables(scratch, codebook),
            WaitingCodes = scratch.Bytes(codebook.Rows * FastScanDistances.Lanes),
            WaitingDistances = scratch.Floats(FastScanDistances.Lanes),
            WaitingIds = scratch.Longs(FastScanDistances.Lanes),
            Distances = distances,
            Labels = labels,
            K = k,
        };

    /// <summary>A query that collects candidates.</summary>
    public static FastScanQuery ForCandidates(Scratch scratch, FastScanCodebook codebook, int k) =>
        new() { Tables = NewTables(scratch, codebook), Candidates = new FastScanCandidates(scratch, k, FastScanner.CodesPerStep), K = k };

    /// <summary>Begins a query whose tables of floats are filled.</summary>
    /// <param name="codebook">The centroids.</param>
    /// <param name="magnitude">The largest magnitude of a list's bias and of a code's term together.</param>
    public void Begin(FastScanCodebook codebook, double magnitude)
    {
        Tables.Quantize(codebook.Rows, codebook.M, magnitude);
        (Limit, Waiting) = (float.PositiveInfinity, 0);
        if (Distances is null)
            Candidates.Clear(Tables.Width);
        else
            NearestHeap.Clear(Distances, Labels, K);
    }

    // A limit that leaves less of the room for which the tables were rounded than this is worth rounding them again.
    private const float WorthRounding = 0.85f;

    private float _room;
    private float _bias;

    /// <summary>Lets sums stop at what stands for the limit, so that their steps are as fine as they can be.</summary>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="parts">The parts.</param>
    /// <param name="bias">What is added to the distances of a list like those to come.</param>
    public void Saturate(int rows, int parts, float bias)
    {
        var error = Tables.Error;
        (_room, _bias) = (Limit - (Tables.Start + bias), bias);
        Tables.Saturate(rows, parts, _room);
        // The limit has the error in it.
        if (Tables.Error > error)
            Limit = MathF.BitIncrement(Limit + (Tables.Error - error));
    }

    /// <summary>Rounds the tables again if the limit has come down much since they were.</summary>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="parts">The parts.</param>
    public void Refine(int rows, int parts)
    {
        if (Tables.Saturates && Limit - (Tables.Start + _bias) < WorthRounding * _room)
            Saturate(rows, parts, _bias);
    }

    private static FastScanTables NewTables(Scratch scratch, FastScanCodebook codebook) =>
        new()
        {
            Floats = scratch.Floats(codebook.TableSize),
            Bytes = scratch.Bytes(codebook.TableSize),
            Minima = scratch.Floats(2 * codebook.Rows),
        };
}

/// <summary>A list that a query scans.</summary>
internal unsafe struct ScannedList
{
    /// <summary>Its codes, in blocks of 64.</summary>
    public byte* Codes;

    /// <summary>Their ids; null if they count from <see cref="FirstId"/>.</summary>
    public long* Ids;

    /// <summary>The id of the first code where <see cref="Ids"/> is null.</summary>
    public long FirstId;

    /// <summary>What is added to the distance of each code; null for nothing.</summary>
    public float* Terms;

    /// <summary>The number of codes.</summary>
    public int Size;

    /// <summary>From one row of the last block to the next, if it is shorter.</summary>
    public int TailStride;

    /// <summary>What is added to the distances of all codes.</summary>
    public float Bias;

    /// <summary>The id of a code.</summary>
    public readonly long Id(int index) => Ids is null ? FirstId + index : Ids[index];
}
