using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// The scores ⟨q,c⟩ + start of queries and all centroids of a coarse quantizer, where start is -‖c‖²/2 for L2 and 0 for the inner product: the
/// larger, the nearer. Centroids lie in lanes, tiles of 48, [tile][d][48].
/// </summary>
/// <remarks>Every form adds a centroid's products in the order of its components, from the start on, as <see cref="NearestCentroid"/> does: a
/// query's scores do not depend on how many are asked at once.</remarks>
internal sealed unsafe partial class CentroidScores : IDisposable
{
    /// <summary>Queries that the widest form scores at once.</summary>
    public const int Group = 8;

    private const int Tile = PackedPoints.TileSize;

    // Queries that meet a part of a tile one after the other.
    private const int SparseGroup = 16;

    // Products with zeros are left out where at most one component in so many is not zero.
    private const int SparseRatio = 3;

    private readonly AlignedFloats _tiles;
    private readonly AlignedFloats _starts;
    private readonly bool _isFinite = true;

    /// <param name="centroids">count·d floats.</param>
    /// <param name="count">The number of centroids.</param>
    /// <param name="d">Components of each.</param>
    /// <param name="metric">L2 or inner product.</param>
    public CentroidScores(float* centroids, int count, int d, MetricType metric)
    {
        (Count, Dimension) = (count, d);
        Tiles = (count + Tile - 1) / Tile;
        _tiles = new AlignedFloats((long)Tiles * d * Tile);
        _starts = new AlignedFloats((long)Tiles * Tile);
        for (var i = 0; i < Tiles * Tile; i++)
        {
            var column = _tiles.Pointer + (long)(i / Tile) * d * Tile + i % Tile;
            var norm = 0f;
            for (var j = 0; i < count && j < d; j++)
            {
                var value = centroids[(long)i * d + j];
                column[(long)j * Tile] = value;
                norm += value * value;
            }

            _isFinite &= float.IsFinite(norm);
            MaxNorm = MathF.Max(MaxNorm, MathF.Sqrt(norm));
            _starts.Pointer[i] = i >= count ? float.NegativeInfinity : metric == MetricType.InnerProduct ? 0 : -norm / 2;
        }
    }

    /// <summary>The number of centroids.</summary>
    public int Count { get; }

    /// <summary>Components of each.</summary>
    public int Dimension { get; }

    /// <summary>The length of the longest.</summary>
    public float MaxNorm { get; }

    /// <summary>Tiles of 48.</summary>
    public int Tiles { get; }

    /// <summary>Floats from one query's scores to the next one's; those behind <see cref="Count"/> are -∞.</summary>
    public int Stride => Tiles * Tile;

    /// <summary>Bytes of memory that this takes.</summary>
    public long Bytes => (_tiles.Length + _starts.Length) * sizeof(float);

    /// <summary>Rows of scores that <see cref="Score"/> writes for n queries: those behind n mean nothing.</summary>
    public static int Rows(int n) => (n + Group - 1) / Group * Group;

    public void Dispose()
    {
        _tiles.Dispose();
        _starts.Dispose();
    }

    /// <summary>Scores queries.</summary>
    /// <param name="queries">n·d floats.</param>
    /// <param name="n">The number of queries.</param>
    /// <param name="scores">Receives <see cref="Rows"/>(n) rows of <see cref="Stride"/> floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Score(float* queries, int n, float* scores)
    {
        var d = Dimension;
        if (ScoreNonzero(queries, n, scores))
            return;

        // Beside a few queries, packing and the lanes that stay empty cost more than a second pass over the centroids.
        if (n < 4 || !Vector256.IsHardwareAccelerated)
        {
            for (var i = 0; i < n; i++)
                ScoreOne(queries + (long)i * d, scores + (long)i * Stride);

            return;
        }

        using var scratch = Scratch.Rent();
        var groups = Rows(n) / Group;
        var packed = scratch.Floats((long)groups * d * Group);
        Pack(queries, n, d, packed);
        for (var tile = 0; tile < Tiles; tile++)
        {
            float* components = _tiles.Pointer + (long)tile * d * Tile, starts = _starts.Pointer + tile * Tile;
            for (var group = 0; group < groups; group++)
            {
                var to = scores + (long)group * Group * Stride + tile * Tile;
                if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
                    Group512(components, d, starts, packed + (long)group * d * Group, to, Stride);
                else
                    Group256(components, d, starts, packed + (long)group * d * Group, to, Stride);
            }
        }
    }

    private void ScoreOne(float* query, float* scores)
    {
        float* tiles = _tiles.Pointer, starts = _starts.Pointer;
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
            One512(tiles, Dimension, Tiles, starts, query, scores);
        else if (Vector256.IsHardwareAccelerated)
            One256(tiles, Dimension, Tiles, starts, query, scores);
        else
            One128(tiles, Dimension, Tiles, starts, query, scores);
    }

    // By the components alone that are not zero; answers whether it did, which it does where they are few, or where no vectors are faster.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool ScoreNonzero(float* queries, int n, float* scores)
    {
        if (Vector128.IsHardwareAccelerated && (!Vector256.IsHardwareAccelerated || !_isFinite || !AreSparse(queries, Dimension, n, Dimension)))
            return false;

        var d = Dimension;
        using var scratch = Scratch.Rent();
        var nonzero = new NonzeroRows(scratch, Math.Min(n, SparseGroup), d, PartSize);
        for (; n > 0; n -= SparseGroup, queries += (long)SparseGroup * d, scores += (long)SparseGroup * Stride)
        {
            var group = Math.Min(SparseGroup, n);
            for (var i = 0; i < group; i++)
                Compress(queries + (long)i * d, i, nonzero);

            // Tile by tile: it stays in the nearest cache while several queries meet it.
            for (int tile = 0, tiles; tile < Tiles; tile += tiles)
            {
                tiles = TilesAtOnce(tile);
                ScoreTiles(tile, tiles, nonzero, group, scores + tile * Tile, Stride);
            }
        }

        return true;
    }

    // Components of a tile, or of those that are scored at once, that the first-level cache keeps beside the sums.
    private static int PartSize => Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? 48 : 128;

    private int TilesAtOnce(int tile) => Vector512.IsHardwareAccelerated && Avx512F.IsSupported && Tiles - tile >= MostTiles ? MostTiles : 1;

    // Part by part of the components, which stay in the first-level cache while all vectors meet them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScoreTiles(int tile, int tiles, in NonzeroRows rows, int count, float* scores, long stride)
    {
        var d = Dimension;
        float* components = _tiles.Pointer + (long)tile * d * Tile, starts = _starts.Pointer + tile * Tile;
        for (var part = 0; part < rows.Parts; part++)
        {
            for (var i = 0; i < count; i++)
            {
                float* sums = scores + i * stride, from = part == 0 ? starts : sums;
                var first = rows.First(i, part);
                var length = rows.First(i, part + 1) - first;
                if (length == 0 && part > 0)
                    continue;

                int* offsets = rows.Offsets(i) + first;
                var values = rows.Values(i) + first;
                if (tiles == MostTiles)
                    ThreeTiles512(components, (nint)d * Tile, from, offsets, values, length, sums);
                else if (Vector256.IsHardwareAccelerated)
                    Tile256(components, from, offsets, values, length, sums);
                else
                    TileScalar(components, from, offsets, values, length, sums);
            }
        }
    }

    // Zero times an infinite centroid is no number, and counts.
    private void Compress(float* query, int row, in NonzeroRows rows)
    {
        if (_isFinite)
            rows.Compress(query, row, Tile);
        else
            rows.TakeAll(query, row, Tile);
    }

    // [group][d][8]; lanes behind the last query are zero.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(float* queries, int n, int d, float* packed)
    {
        for (var first = 0; first < n; first += Group, packed += (long)d * Group)
        {
            for (var i = 0; i < Group; i++)
            {
                var query = queries + (long)(first + i) * d;
                var isThere = first + i < n;
                for (var j = 0; j < d; j++)
                    packed[j * Group + i] = isThere ? query[j] : 0;
            }
        }
    }

    /// <summary>What the other forms compute, in the order in which they compute it, for one tile and one query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TileScalar(float* tile, float* starts, int* offsets, float* values, int count, float* scores)
    {
        for (var part = 0; part < Tile; part += 8, tile += 8, starts += 8, scores += 8)
        {
            float a = starts[0], b = starts[1], c = starts[2], e = starts[3], f = starts[4], g = starts[5], h = starts[6], i = starts[7];
            for (nint j = 0; j < count; j++)
            {
                var x = tile + offsets[j];
                var y = values[j];
                a += x[0] * y;
                b += x[1] * y;
                c += x[2] * y;
                e += x[3] * y;
                f += x[4] * y;
                g += x[5] * y;
                h += x[6] * y;
                i += x[7] * y;
            }

            (scores[0], scores[1], scores[2], scores[3], scores[4], scores[5], scores[6], scores[7]) = (a, b, c, e, f, g, h, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile256(float* tile, float* starts, int* offsets, float* values, int count, float* scores)
    {
        Vector256<float> a = Vector256.Load(starts), b = Vector256.Load(starts + 8), c = Vector256.Load(starts + 16);
        Vector256<float> e = Vector256.Load(starts + 24), f = Vector256.Load(starts + 32), g = Vector256.Load(starts + 40);
        for (nint j = 0; j < count; j++)
        {
            var x = tile + offsets[j];
            var y = Vector256.Create(values[j]);
            a = Vector256.MultiplyAddEstimate(Vector256.Load(x), y, a);
            b = Vector256.MultiplyAddEstimate(Vector256.Load(x + 8), y, b);
            c = Vector256.MultiplyAddEstimate(Vector256.Load(x + 16), y, c);
            e = Vector256.MultiplyAddEstimate(Vector256.Load(x + 24), y, e);
            f = Vector256.MultiplyAddEstimate(Vector256.Load(x + 32), y, f);
            g = Vector256.MultiplyAddEstimate(Vector256.Load(x + 40), y, g);
        }

        Store256(a, b, c, scores);
        Store256(e, f, g, scores + 24);
    }

    /// <summary>Nine chains of additions hide their latency.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ThreeTiles512(float* tiles, nint size, float* starts, int* offsets, float* values, int count, float* scores)
    {
        Vector512<float> a0 = Vector512.Load(starts), a1 = Vector512.Load(starts + 16), a2 = Vector512.Load(starts + 32);
        Vector512<float> b0 = Vector512.Load(starts + 48), b1 = Vector512.Load(starts + 64), b2 = Vector512.Load(starts + 80);
        Vector512<float> c0 = Vector512.Load(starts + 96), c1 = Vector512.Load(starts + 112), c2 = Vector512.Load(starts + 128);
        for (nint j = 0; j < count; j++)
        {
            float* x = tiles + offsets[j], y = x + size, z = y + size;
            var value = Vector512.Create(values[j]);
            a0 = Avx512F.FusedMultiplyAdd(Vector512.Load(x), value, a0);
            a1 = Avx512F.FusedMultiplyAdd(Vector512.Load(x + 16), value, a1);
            a2 = Avx512F.FusedMultiplyAdd(Vector512.Load(x + 32), value, a2);
            b0 = Avx512F.FusedMultiplyAdd(Vector512.Load(y), value, b0);
            b1 = Avx512F.FusedMultiplyAdd(Vector512.Load(y + 16), value, b1);
            b2 = Avx512F.FusedMultiplyAdd(Vector512.Load(y + 32), value, b2);
            c0 = Avx512F.FusedMultiplyAdd(Vector512.Load(z), value, c0);
            c1 = Avx512F.FusedMultiplyAdd(Vector512.Load(z + 16), value, c1);
            c2 = Avx512F.FusedMultiplyAdd(Vector512.Load(z + 32), value, c2);
        }

        Store512(a0, a1, a2, scores);
        Store512(b0, b1, b2, scores + Tile);
        Store512(c0, c1, c2, scores + 2 * Tile);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void One128(float* tiles, int d, int count, float* starts, float* query, float* scores)
    {
        for (var tile = 0; tile < count; tile++, tiles += (long)d * Tile)
        {
            for (var lane = 0; lane < Tile; lane += 24, starts += 24, scores += 24)
            {
                Vector128<float> a = Vector128.Load(starts), b = Vector128.Load(starts + 4), c = Vector128.Load(starts + 8);
                Vector128<float> e = Vector128.Load(starts + 12), f = Vector128.Load(starts + 16), g = Vector128.Load(starts + 20);
                var x = tiles + lane;
                for (var j = 0; j < d; j++, x += Tile)
                {
                    var y = Vector128.Create(query[j]);
                    a = Vector128.MultiplyAddEstimate(Vector128.Load(x), y, a);
                    b = Vector128.MultiplyAddEstimate(Vector128.Load(x + 4), y, b);
                    c = Vector128.MultiplyAddEstimate(Vector128.Load(x + 8), y, c);
                    e = Vector128.MultiplyAddEstimate(Vector128.Load(x + 12), y, e);
                    f = Vector128.MultiplyAddEstimate(Vector128.Load(x + 16), y, f);
                    g = Vector128.MultiplyAddEstimate(Vector128.Load(x + 20), y, g);
                }

                a.Store(scores);
                b.Store(scores + 4);
                c.Store(scores + 8);
                e.Store(scores + 12);
                f.Store(scores + 16);
                g.Store(scores + 20);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void One256(float* tiles, int d, int count, float* starts, float* query, float* scores)
    {
        for (var tile = 0; tile < count; tile++, tiles += (long)d * Tile, starts += Tile, scores += Tile)
        {
            Vector256<float> a = Vector256.Load(starts), b = Vector256.Load(starts + 8), c = Vector256.Load(starts + 16);
            Vector256<float> e = Vector256.Load(starts + 24), f = Vector256.Load(starts + 32), g = Vector256.Load(starts + 40);
            var x = tiles;
            for (var j = 0; j < d; j++, x += Tile)
            {
                var y = Vector256.Create(query[j]);
                a = Vector256.MultiplyAddEstimate(Vector256.Load(x), y, a);
                b = Vector256.MultiplyAddEstimate(Vector256.Load(x + 8), y, b);
                c = Vector256.MultiplyAddEstimate(Vector256.Load(x + 16), y, c);
                e = Vector256.MultiplyAddEstimate(Vector256.Load(x + 24), y, e);
                f = Vector256.MultiplyAddEstimate(Vector256.Load(x + 32), y, f);
                g = Vector256.MultiplyAddEstimate(Vector256.Load(x + 40), y, g);
            }

            a.Store(scores);
            b.Store(scores + 8);
            c.Store(scores + 16);
            e.Store(scores + 24);
            f.Store(scores + 32);
            g.Store(scores + 40);
        }
    }

    /// <summary>Three tiles at a time: nine chains of additions hide their latency, and the loads are what is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void One512(float* tiles, int d, int count, float* starts, float* query, float* scores)
    {
        var size = (long)d * Tile;
        for (; count >= 3; count -= 3, tiles += 3 * size, starts += 3 * Tile, scores += 3 * Tile)
        {
            Vector512<float> a0 = Vector512.Load(starts), a1 = Vector512.Load(starts + 16), a2 = Vector512.Load(starts + 32);
            Vector512<float> b0 = Vector512.Load(starts + 48), b1 = Vector512.Load(starts + 64), b2 = Vector512.Load(starts + 80);
            Vector512<float> c0 = Vector512.Load(starts + 96), c1 = Vector512.Load(starts + 112), c2 = Vector512.Load(starts + 128);
            float* x = tiles, y = tiles + size, z = tiles + 2 * size;
            for (var j = 0; j < d; j++, x += Tile, y += Tile, z += Tile)
            {
                var value = Vector512.Create(query[j]);
                a0 = Avx512F.FusedMultiplyAdd(Vector512.Load(x), value, a0);
                a1 = Avx512F.FusedMultiplyAdd(Vector512.Load(x + 16), value, a1);
                a2 = Avx512F.FusedMultiplyAdd(Vector512.Load(x + 32), value, a2);
                b0 = Avx512F.FusedMultiplyAdd(Vector512.Load(y), value, b0);
                b1 = Avx512F.FusedMultiplyAdd(Vector512.Load(y + 16), value, b1);
                b2 = Avx512F.FusedMultiplyAdd(Vector512.Load(y + 32), value, b2);
                c0 = Avx512F.FusedMultiplyAdd(Vector512.Load(z), value, c0);
                c1 = Avx512F.FusedMultiplyAdd(Vector512.Load(z + 16), value, c1);
                c2 = Avx512F.FusedMultiplyAdd(Vector512.Load(z + 32), value, c2);
            }

            Store512(a0, a1, a2, scores);
            Store512(b0, b1, b2, scores + Tile);
            Store512(c0, c1, c2, scores + 2 * Tile);
        }

        for (; count > 0; count--, tiles += size, starts += Tile, scores += Tile)
        {
            Vector512<float> a = Vector512.Load(starts), b = Vector512.Load(starts + 16), c = Vector512.Load(starts + 32);
            var x = tiles;
            for (var j = 0; j < d; j++, x += Tile)
            {
                var value = Vector512.Create(query[j]);
                a = Avx512F.FusedMultiplyAdd(Vector512.Load(x), value, a);
                b = Avx512F.FusedMultiplyAdd(Vector512.Load(x + 16), value, b);
                c = Avx512F.FusedMultiplyAdd(Vector512.Load(x + 32), value, c);
            }

            a.Store(scores);
            b.Store(scores + 16);
            c.Store(scores + 32);
        }
    }

    /// <summary>24 centroids × 4 queries at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Group256(float* tile, int d, float* starts, float* queries, float* scores, int stride)
    {
        for (var half = 0; half < 2; half++, queries += 4, scores += 4L * stride)
        {
            for (var lane = 0; lane < Tile; lane += 24)
            {
                Vector256<float> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
                a0 = b0 = c0 = d0 = Vector256.Load(starts + lane);
                a1 = b1 = c1 = d1 = Vector256.Load(starts + lane + 8);
                a2 = b2 = c2 = d2 = Vector256.Load(starts + lane + 16);
                float* x = tile + lane, y = queries;
                for (var j = 0; j < d; j++, x += Tile, y += Group)
                {
                    var x0 = Vector256.Load(x);
                    var x1 = Vector256.Load(x + 8);
                    var x2 = Vector256.Load(x + 16);
                    var y0 = Vector256.Create(y[0]);
                    a0 = Vector256.MultiplyAddEstimate(x0, y0, a0);
                    a1 = Vector256.MultiplyAddEstimate(x1, y0, a1);
                    a2 = Vector256.MultiplyAddEstimate(x2, y0, a2);
                    y0 = Vector256.Create(y[1]);
                    b0 = Vector256.MultiplyAddEstimate(x0, y0, b0);
                    b1 = Vector256.MultiplyAddEstimate(x1, y0, b1);
                    b2 = Vector256.MultiplyAddEstimate(x2, y0, b2);
                    y0 = Vector256.Create(y[2]);
                    c0 = Vector256.MultiplyAddEstimate(x0, y0, c0);
                    c1 = Vector256.MultiplyAddEstimate(x1, y0, c1);
                    c2 = Vector256.MultiplyAddEstimate(x2, y0, c2);
                    y0 = Vector256.Create(y[3]);
                    d0 = Vector256.MultiplyAddEstimate(x0, y0, d0);
                    d1 = Vector256.MultiplyAddEstimate(x1, y0, d1);
                    d2 = Vector256.MultiplyAddEstimate(x2, y0, d2);
                }

                Store256(a0, a1, a2, scores + lane);
                Store256(b0, b1, b2, scores + lane + stride);
                Store256(c0, c1, c2, scores + lane + 2L * stride);
                Store256(d0, d1, d2, scores + lane + 3L * stride);
            }
        }
    }

    /// <summary>48 centroids × 8 queries: 24 accumulators, 3 registers of centroids, 1 of a query's component.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Group512(float* tile, int d, float* starts, float* queries, float* scores, int stride)
    {
        Vector512<float> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2, e0, e1, e2, f0, f1, f2, g0, g1, g2, h0, h1, h2;
        a0 = b0 = c0 = d0 = e0 = f0 = g0 = h0 = Vector512.Load(starts);
        a1 = b1 = c1 = d1 = e1 = f1 = g1 = h1 = Vector512.Load(starts + 16);
        a2 = b2 = c2 = d2 = e2 = f2 = g2 = h2 = Vector512.Load(starts + 32);
        for (var j = 0; j < d; j++, tile += Tile, queries += Group)
        {
            var x0 = Vector512.Load(tile);
            var x1 = Vector512.Load(tile + 16);
            var x2 = Vector512.Load(tile + 32);
            var y = Vector512.Create(queries[0]);
            a0 = Avx512F.FusedMultiplyAdd(x0, y, a0);
            a1 = Avx512F.FusedMultiplyAdd(x1, y, a1);
            a2 = Avx512F.FusedMultiplyAdd(x2, y, a2);
            y = Vector512.Create(queries[1]);
            b0 = Avx512F.FusedMultiplyAdd(x0, y, b0);
            b1 = Avx512F.FusedMultiplyAdd(x1, y, b1);
            b2 = Avx512F.FusedMultiplyAdd(x2, y, b2);
            y = Vector512.Create(queries[2]);
            c0 = Avx512F.FusedMultiplyAdd(x0, y, c0);
            c1 = Avx512F.FusedMultiplyAdd(x1, y, c1);
            c2 = Avx512F.FusedMultiplyAdd(x2, y, c2);
            y = Vector512.Create(queries[3]);
            d0 = Avx512F.FusedMultiplyAdd(x0, y, d0);
            d1 = Avx512F.FusedMultiplyAdd(x1, y, d1);
            d2 = Avx512F.FusedMultiplyAdd(x2, y, d2);
            y = Vector512.Create(queries[4]);
            e0 = Avx512F.FusedMultiplyAdd(x0, y, e0);
            e1 = Avx512F.FusedMultiplyAdd(x1, y, e1);
            e2 = Avx512F.FusedMultiplyAdd(x2, y, e2);
            y = Vector512.Create(queries[5]);
            f0 = Avx512F.FusedMultiplyAdd(x0, y, f0);
            f1 = Avx512F.FusedMultiplyAdd(x1, y, f1);
            f2 = Avx512F.FusedMultiplyAdd(x2, y, f2);
            y = Vector512.Create(queries[6]);
            g0 = Avx512F.FusedMultiplyAdd(x0, y, g0);
            g1 = Avx512F.FusedMultiplyAdd(x1, y, g1);
            g2 = Avx512F.FusedMultiplyAdd(x2, y, g2);
            y = Vector512.Create(queries[7]);
            h0 = Avx512F.FusedMultiplyAdd(x0, y, h0);
            h1 = Avx512F.FusedMultiplyAdd(x1, y, h1);
            h2 = Avx512F.FusedMultiplyAdd(x2, y, h2);
        }

        Store512(a0, a1, a2, scores);
        Store512(b0, b1, b2, scores + stride);
        Store512(c0, c1, c2, scores + 2L * stride);
        Store512(d0, d1, d2, scores + 3L * stride);
        Store512(e0, e1, e2, scores + 4L * stride);
        Store512(f0, f1, f2, scores + 5L * stride);
        Store512(g0, g1, g2, scores + 6L * stride);
        Store512(h0, h1, h2, scores + 7L * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store256(Vector256<float> a, Vector256<float> b, Vector256<float> c, float* to)
    {
        a.Store(to);
        b.Store(to + 8);
        c.Store(to + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store512(Vector512<float> a, Vector512<float> b, Vector512<float> c, float* to)
    {
        a.Store(to);
        b.Store(to + 16);
        c.Store(to + 32);
    }
}
