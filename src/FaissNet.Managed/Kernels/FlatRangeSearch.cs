namespace FaissNet.Managed;

/// <summary>A search of all rows for those within a radius of each query: a matrix product as in <see cref="FlatSearch"/>, whose thresholds
/// stay as they are.</summary>
internal unsafe struct FlatRangeSearch
{
    public MetricType Metric;
    public int Dimension;
    public RowSet Rows;
    public IdSelector? Selector;

    /// <summary>Count·d floats.</summary>
    public float* Queries;

    public int Count;

    /// <summary>What heaps compare by has to be below it.</summary>
    public float Limit;

    /// <summary>The hits of each query, by their rows.</summary>
    public readonly RangeHits[] Run()
    {
        var search = this;
        var hits = new RangeHits[Count];
        for (var i = 0; i < Count; i++)
            hits[i] = new RangeHits();

        var threads = ManagedThreads.Available;
        var tiles = (Count + RowScores.WideTile - 1) / RowScores.WideTile;
        var perTask = Math.Min((tiles + threads - 1) / threads * RowScores.WideTile, FlatSearch.QueriesPerPass(Dimension));
        ManagedThreads.For((Count + perTask - 1) / perTask, task =>
            search.Scan(task * perTask, Math.Min(perTask, search.Count - task * perTask), hits));
        return hits;
    }

    private readonly void Scan(int first, int count, RangeHits[] hits)
    {
        using var scratch = Scratch.Rent();
        var queries = Queries + (long)first * Dimension;
        var sink = new RangeSink { Search = this, First = first, Hits = hits };
        if (count == 1 || Dimension > FlatSearch.LargestPackedDimension)
        {
            for (var i = 0; i < count; i++)
                ScanOne(queries + (long)i * Dimension, hits[first + i]);

            return;
        }

        var bound = new ScoreBound(Metric, Dimension);
        var tiles = QueryTile.PackAll(scratch, queries, count, Dimension);
        foreach (ref readonly var tile in tiles)
        {
            for (var lane = 0; lane < tile.Count; lane++)
            {
                var norm = ScoreBound.SquaredNorm(queries + (long)tile.Queries[lane] * Dimension, Dimension);
                tile.Thresholds[lane] = bound.Threshold(norm, Limit);
            }
        }

        FlatScan.Tiles(ref sink, bound, tiles, Dimension, Rows.Vectors, Rows.Count);
    }

    private readonly void ScanOne(float* query, RangeHits hits)
    {
        const int rowsPerStep = 256;
        var distances = stackalloc float[rowsPerStep];
        for (long first = 0; first < Rows.Count; first += rowsPerStep)
        {
            var count = (int)Math.Min(rowsPerStep, Rows.Count - first);
            DistanceKernels.CompareRows(Metric, query, Rows.Vectors + first * Dimension, count, Dimension, distances);
            for (var i = 0; i < count; i++)
                Keep(hits, distances[i], first + i);
        }
    }

    private readonly void Keep(RangeHits hits, float distance, long index)
    {
        if (distance < Limit && (Selector is null || Selector.Contains(Rows.Id(index))))
            hits.Add(Metric == MetricType.InnerProduct ? -distance : distance, Rows.Id(index));
    }

    private ref struct RangeSink : FlatScan.ISink
    {
        public FlatRangeSearch Search;
        public int First;
        public RangeHits[] Hits;

        public readonly void Admit(int query, float* row, long index, ref float threshold)
        {
            var vector = Search.Queries + (long)(First + query) * Search.Dimension;
            Search.Keep(Hits[First + query], DistanceKernels.Compare(Search.Metric, vector, row, Search.Dimension), index);
        }
    }
}
