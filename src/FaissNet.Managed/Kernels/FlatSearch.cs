namespace FaissNet.Managed;

/// <summary>
/// A search of all rows for the nearest of each query. A batch goes tile by tile through blocks of rows, so that memory gives each row once
/// per sixteen tiles. Work is spread over threads by queries, and by rows where queries are few; as heaps order by distance and id, the
/// outcome is the same whichever way it is cut.
/// </summary>
internal unsafe struct FlatSearch
{
    /// <summary>Vectors longer than this would make tiles larger than any cache: one query at a time is no slower then.</summary>
    public const int LargestPackedDimension = 1 << 14;

    // Tiles of a task, as many as stay in a usual third-level cache beside what else is there.
    private const int TilesPerTask = 16;
    private const long TileBytes = 4 << 20;

    // A part for a thread is worth its start from here on: some ten times what starting costs.
    private const long PartFloats = 1 << 19;

    public MetricType Metric;
    public int Dimension;
    public RowSet Rows;
    public IdSelector? Selector;

    /// <summary>Count·d floats.</summary>
    public float* Queries;

    public int Count;

    /// <summary>Receives the heap of query i at i·<see cref="Stride"/>.</summary>
    public float* Heaps;

    /// <inheritdoc cref="Heaps"/>
    public long* Labels;

    /// <summary>Places per heap.</summary>
    public int K;

    public long Stride;

    /// <summary>Searches, on so many threads at most.</summary>
    public readonly void Run(int threads)
    {
        var tasks = (Count + QueriesPerTask - 1) / QueriesPerTask;
        if (threads > 1 && Rows.Count * Dimension * Count >= 2 * PartFloats)
        {
            RunInParallel(threads, tasks);
            return;
        }

        for (var task = 0; task < tasks; task++)
            Part(task * QueriesPerTask, Math.Min(QueriesPerTask, Count - task * QueriesPerTask)).Scan();
    }

    private readonly int QueriesPerTask => QueriesPerPass(Dimension);

    /// <summary>Queries that are packed at a time.</summary>
    public static int QueriesPerPass(int d) =>
        (int)Math.Clamp(TileBytes / ((long)RowScores.WideTile * d * sizeof(float)), 1, TilesPerTask) * RowScores.WideTile;

    private readonly FlatSearch Part(int first, int count) => this with
    {
        Queries = Queries + (long)first * Dimension,
        Count = count,
        Heaps = Heaps + first * Stride,
        Labels = Labels + first * Stride,
    };

    private readonly FlatSearch RowPart(long first, long count, float* heaps, long* labels) => this with
    {
        Rows = new RowSet
        {
            Vectors = Rows.Vectors + first * Dimension,
            Count = count,
            Ids = Rows.Ids is null ? null : Rows.Ids + first,
            FirstId = Rows.FirstId + first,
        },
        Heaps = heaps,
        Labels = labels,
        Stride = K,
    };

    // All threads get the same number of queries, in whole tiles; too few of them get rows.
    private readonly void RunInParallel(int threads, int tasks)
    {
        var search = this;
        var tiles = (Count + RowScores.WideTile - 1) / RowScores.WideTile;
        if (Count > 1 && tiles >= threads)
        {
            tasks = (Math.Max(tasks, threads) + threads - 1) / threads * threads;
            var tilesPerTask = (tiles + tasks - 1) / tasks;
            var perTask = tilesPerTask * RowScores.WideTile;
            ManagedThreads.For((Count + perTask - 1) / perTask, task =>
                search.Part(task * perTask, Math.Min(perTask, search.Count - task * perTask)).Scan());
            return;
        }

        var parts = (int)Math.Clamp(Rows.Count * Dimension * Count / PartFloats, 1, Math.Min(threads, Math.Max(1, Rows.Count)));
        using var scratch = Scratch.Rent();
        var heaps = (nint)scratch.Floats((long)parts * Count * K);
        var labels = (nint)scratch.Longs((long)parts * Count * K);
        ManagedThreads.For(parts, part =>
        {
            var (first, end) = (search.Rows.Count * part / parts, search.Rows.Count * (part + 1) / parts);
            var offset = (long)part * search.Count * search.K;
            search.RowPart(first, end - first, (float*)heaps + offset, (long*)labels + offset).Scan();
        });

        for (var i = 0; i < Count; i++)
        {
            NearestHeap.Clear(Heaps + i * Stride, Labels + i * Stride, K);
            for (var part = 0; part < parts; part++)
            {
                var offset = ((long)part * Count + i) * K;
                NearestHeap.OfferMany(Heaps + i * Stride, Labels + i * Stride, K, (float*)heaps + offset, (long*)labels + offset, 0, K, null);
            }
        }
    }

    private readonly void Scan()
    {
        for (var i = 0; i < Count; i++)
            NearestHeap.Clear(Heaps + i * Stride, Labels + i * Stride, K);

        if (Count == 1 || Dimension > LargestPackedDimension)
        {
            for (var i = 0; i < Count; i++)
            {
                FlatScan.One(
                    Metric, Queries + (long)i * Dimension, Dimension, Rows, Selector, Heaps + i * Stride, Labels + i * Stride, K);
            }

            return;
        }

        using var scratch = Scratch.Rent();
        var tiles = QueryTile.PackAll(scratch, Queries, Count, Dimension);
        var norms = scratch.Take<double>(Count);
        for (var i = 0; i < Count; i++)
            norms[i] = ScoreBound.SquaredNorm(Queries + (long)i * Dimension, Dimension);

        var bound = new ScoreBound(Metric, Dimension);
        var sink = new HeapSink
        {
            Metric = Metric,
            Dimension = Dimension,
            Rows = Rows,
            Selector = Selector,
            Bound = bound,
            Queries = Queries,
            Norms = norms,
            Heaps = Heaps,
            Labels = Labels,
            K = K,
            Stride = Stride,
        };
        FlatScan.Tiles(ref sink, bound, tiles, Dimension, Rows.Vectors, Rows.Count);
    }
}
