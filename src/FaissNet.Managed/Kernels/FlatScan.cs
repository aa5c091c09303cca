using System.Numerics;
using System.Runtime.CompilerServices;

namespace FaissNet.Managed;

/// <summary>Scans of rows that lie one after the other: for one query as fast as memory gives them, for many as a matrix product.</summary>
internal static unsafe class FlatScan
{
    // Distances that are computed before the heap looks at them.
    private const int RowsPerStep = 256;

    // Half of a usual second-level cache: rows that wait there while one tile after the other passes over them.
    private const int BlockBytes = 320 << 10;

    /// <summary>What becomes of a vector whose score is worth a look.</summary>
    internal interface ISink
    {
        /// <summary>Looks at a row.</summary>
        /// <param name="query">The number of the query in its search.</param>
        /// <param name="row">The row.</param>
        /// <param name="index">Its number among the rows of the scan.</param>
        /// <param name="threshold">The query's threshold; may be raised.</param>
        void Admit(int query, float* row, long index, ref float threshold);
    }

    /// <summary>Scans rows for one query into its heap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(MetricType metric, float* query, int d, in RowSet rows, IdSelector? selector, float* heap, long* labels, int k)
    {
        var distances = stackalloc float[RowsPerStep];
        for (long first = 0; first < rows.Count; first += RowsPerStep)
        {
            var count = (int)Math.Min(RowsPerStep, rows.Count - first);
            DistanceKernels.CompareRows(metric, query, rows.Vectors + first * d, count, d, distances);
            NearestHeap.OfferMany(heap, labels, k, distances, rows.Ids is null ? null : rows.Ids + first, rows.FirstId + first, count, selector);
        }
    }

    /// <summary>Scans rows with tiles of queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tiles<TSink>(
        ref TSink sink, in ScoreBound bound, ReadOnlySpan<QueryTile> tiles, int d, float* vectors, long rowCount, float* norms = null)
        where TSink : ISink, allows ref struct
    {
        using var scratch = Scratch.Rent();
        var perBlock = Math.Clamp(BlockBytes / (d * sizeof(float)), RowScores.Group, 1024) & -RowScores.Group;
        var starts = scratch.Floats(perBlock + RowScores.Group);
        var scores = scratch.Floats(RowScores.Group * RowScores.WideTile);
        for (long first = 0; first < rowCount; first += perBlock)
        {
            var count = (int)Math.Min(perBlock, rowCount - first);
            var block = vectors + first * d;
            if (norms is null)
                DistanceKernels.SquaredNorms(block, count, d, starts);
            else
                new ReadOnlySpan<float>(norms + first, count).CopyTo(new Span<float>(starts, count));

            bound.Start(starts, count);
            new Span<float>(starts + count, RowScores.Group).Fill(float.NegativeInfinity);
            for (var t = 0; t < tiles.Length; t++)
                Tile(ref sink, tiles[t], d, block, count, first, starts, scores);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TSink>(
        ref TSink sink, QueryTile tile, int d, float* block, int count, long first, float* starts, float* scores)
        where TSink : ISink, allows ref struct
    {
        var hits = stackalloc ulong[RowScores.Group];
        var lanes = (1UL << tile.Count) - 1;
        for (var r = 0; r < count; r += RowScores.Group)
        {
            var rows = Math.Min(RowScores.Group, count - r);
            if (RowScores.Find(tile.Packed, tile.Lanes, block + (long)r * d, rows, d, starts + r, tile.Thresholds, scores, hits) == 0)
                continue;

            for (var i = 0; i < rows; i++)
            {
                for (var left = hits[i] & lanes; left != 0; left &= left - 1)
                {
                    var lane = BitOperations.TrailingZeroCount(left);
                    // The rows before may have raised it.
                    if (!(scores[i * tile.Lanes + lane] < tile.Thresholds[lane]))
                        sink.Admit(tile.Queries[lane], block + (long)(r + i) * d, first + r + i, ref tile.Thresholds[lane]);
                }
            }
        }
    }
}

/// <summary>Rows of floats and their ids.</summary>
internal unsafe struct RowSet
{
    /// <summary>Count·d floats.</summary>
    public float* Vectors;

    /// <summary>The number of rows.</summary>
    public long Count;

    /// <summary>The id of each; null where they follow each other from <see cref="FirstId"/>.</summary>
    public long* Ids;

    /// <summary>The id of the first, where <see cref="Ids"/> is null.</summary>
    public long FirstId;

    /// <summary>The id of a row.</summary>
    public readonly long Id(long index) => Ids is null ? FirstId + index : Ids[index];
}

/// <summary>Keeps the nearest vectors of many queries: computes the distance of what is admitted, and offers it to the query's heap.</summary>
internal unsafe ref struct HeapSink : FlatScan.ISink
{
    public MetricType Metric;
    public int Dimension;
    public RowSet Rows;
    public IdSelector? Selector;
    public ScoreBound Bound;

    /// <summary>All queries of the search, row by row.</summary>
    public float* Queries;

    /// <summary>Their squared norms.</summary>
    public double* Norms;

    /// <summary>The heap of query i at i·<see cref="Stride"/>, in both.</summary>
    public float* Heaps;

    public long* Labels;

    public int K;

    public long Stride;

    public readonly void Admit(int query, float* row, long index, ref float threshold)
    {
        var id = Rows.Id(index);
        if (Selector is not null && !Selector.Contains(id))
            return;

        var distance = DistanceKernels.Compare(Metric, Queries + (long)query * Dimension, row, Dimension);
        var heap = Heaps + query * Stride;
        var labels = Labels + query * Stride;
        if (!NearestHeap.IsNearer(distance, id, heap[0], labels[0]))
            return;

        NearestHeap.ReplaceTop(heap, labels, K, distance, id);
        threshold = Bound.Threshold(Norms[query], heap[0]);
    }
}
