using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>Queries packed in lanes for <see cref="RowScores"/>, and what is known of each.</summary>
internal unsafe struct QueryTile
{
    /// <summary>[d][Lanes] floats; lanes beyond Count are zero.</summary>
    public float* Packed;

    /// <summary><see cref="RowScores.WideTile"/> or <see cref="RowScores.NarrowTile"/>.</summary>
    public int Lanes;

    /// <summary>The queries in it.</summary>
    public int Count;

    /// <summary>The number of each query in its search.</summary>
    public int* Queries;

    /// <summary>Per lane the score that is worth a look; ∞ beyond Count.</summary>
    public float* Thresholds;

    /// <summary>The lanes that the next tile should have, with so many queries to come.</summary>
    public static int LanesFor(int queries) =>
        queries > 2 * RowScores.NarrowTile ? RowScores.WideTile : RowScores.NarrowTile;

    /// <summary>Takes the memory for a tile.</summary>
    public static QueryTile Take(in Scratch scratch, int lanes, int d) => new()
    {
        Packed = scratch.Floats((long)lanes * d),
        Lanes = lanes,
        Queries = scratch.Ints(lanes),
        Thresholds = scratch.Floats(lanes),
    };

    /// <summary>Packs queries that lie one after the other, with thresholds that everything reaches.</summary>
    /// <param name="scratch">Where the tiles are to be.</param>
    /// <param name="queries">count·d floats.</param>
    /// <param name="count">The number of queries.</param>
    /// <param name="d">Components per query.</param>
    public static ReadOnlySpan<QueryTile> PackAll(scoped in Scratch scratch, float* queries, int count, int d)
    {
        var tiles = scratch.Take<QueryTile>(count / RowScores.NarrowTile + 1);
        var packed = 0;
        for (var first = 0; first < count; first += tiles[packed++].Count)
        {
            var tile = Take(scratch, LanesFor(count - first), d);
            tile.Count = Math.Min(tile.Lanes, count - first);
            for (var lane = 0; lane < tile.Count; lane++)
                (tile.Queries[lane], tile.Thresholds[lane]) = (first + lane, float.NegativeInfinity);

            tile.Pack(queries, d);
            tiles[packed] = tile;
        }

        return new ReadOnlySpan<QueryTile>(tiles, packed);
    }

    /// <summary>Packs the queries named in <see cref="Queries"/>.</summary>
    /// <param name="queries">All queries of the search, row by row.</param>
    /// <param name="d">Components per query.</param>
    public readonly void Pack(float* queries, int d)
    {
        for (var lane = 0; lane < Lanes; lane += 4)
        {
            if (lane + 4 <= Count && Sse.IsSupported)
            {
                PackFour(
                    queries + (long)Queries[lane] * d, queries + (long)Queries[lane + 1] * d,
                    queries + (long)Queries[lane + 2] * d, queries + (long)Queries[lane + 3] * d, d, Packed + lane, Lanes);
                continue;
            }

            for (var l = lane; l < lane + 4; l++)
            {
                var column = Packed + l;
                var query = l < Count ? queries + (long)Queries[l] * d : null;
                for (var j = 0; j < d; j++, column += Lanes)
                    *column = query is null ? 0 : query[j];
            }
        }

        for (var lane = Count; lane < Lanes; lane++)
            Thresholds[lane] = float.PositiveInfinity;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackFour(float* x0, float* x1, float* x2, float* x3, int d, float* to, int lanes)
    {
        var j = 0;
        for (; j <= d - 4; j += 4, to += 4 * lanes)
        {
            Vector128<float> a = Vector128.Load(x0 + j), b = Vector128.Load(x1 + j), c = Vector128.Load(x2 + j), e = Vector128.Load(x3 + j);
            Vector128<float> ab = Sse.UnpackLow(a, b), ce = Sse.UnpackLow(c, e);
            Sse.MoveLowToHigh(ab, ce).Store(to);
            Sse.MoveHighToLow(ce, ab).Store(to + lanes);
            (ab, ce) = (Sse.UnpackHigh(a, b), Sse.UnpackHigh(c, e));
            Sse.MoveLowToHigh(ab, ce).Store(to + 2 * lanes);
            Sse.MoveHighToLow(ce, ab).Store(to + 3 * lanes);
        }

        for (; j < d; j++, to += lanes)
            (to[0], to[1], to[2], to[3]) = (x0[j], x1[j], x2[j], x3[j]);
    }
}
