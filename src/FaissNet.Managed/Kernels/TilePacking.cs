using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>Rows into lanes: up to 48 vectors become one tile [d][48], as <see cref="PackedPoints"/> describes, or one of pairs of 16 bits,
/// [d / 2][48], as <see cref="NearestCentroidInt16"/> reads it.</summary>
internal static unsafe class TilePacking
{
    private const int Tile = PackedPoints.TileSize;
    private const int Block = 8;

    /// <summary>Packs float32.</summary>
    /// <param name="rows">The vectors, <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">From one vector to the next.</param>
    /// <param name="order">Which vectors, by their numbers; null for the first ones.</param>
    /// <param name="count">1 to 48 vectors; the lanes behind them become zero.</param>
    /// <param name="d">Components of each.</param>
    /// <param name="coarse">Centroids to subtract, d floats each, or null.</param>
    /// <param name="assignment">Which centroid to subtract from each vector.</param>
    /// <param name="tile">Receives d·48 floats.</param>
    public static void Pack(float* rows, long stride, int* order, int count, int d, float* coarse, int* assignment, float* tile)
    {
        using var scratch = Scratch.Rent();
        var copies = coarse is null && order is null ? null : scratch.Floats((long)Block * d);
        for (var first = 0; first < Tile; first += Block)
        {
            var block = rows + first * stride;
            var step = stride;
            var present = Math.Clamp(count - first, 0, Block);
            if (copies is not null)
            {
                for (var i = 0; i < present; i++)
                {
                    var number = order is null ? first + i : order[first + i];
                    var row = new ReadOnlySpan<float>(rows + number * stride, d);
                    var to = new Span<float>(copies + (long)i * d, d);
                    if (coarse is null)
                        row.CopyTo(to);
                    else
                        TensorPrimitives.Subtract(row, new ReadOnlySpan<float>(coarse + (long)assignment[number] * d, d), to);
                }

                block = copies;
                step = d;
            }

            Transpose((int*)block, step, present, d, (int*)tile + first);
        }
    }

    /// <summary>Packs pairs of 16 bits.</summary>
    /// <param name="rows">The vectors, <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">From one vector to the next.</param>
    /// <param name="count">1 to 48 vectors; the lanes behind them become zero.</param>
    /// <param name="d">Components of each.</param>
    /// <param name="tile">Receives (d + 1) / 2·48 ints.</param>
    /// <param name="norms">Receives the length of each vector.</param>
    /// <param name="errors">Receives the length of each scaled vector's rounding error.</param>
    /// <returns>The scale.</returns>
    public static float PackPairs(float* rows, long stride, int count, int d, int* tile, float* norms, float* errors)
    {
        var largest = 0f;
        for (var i = 0; i < count; i++)
        {
            norms[i] = MathF.Sqrt(TensorPrimitives.SumOfSquares(new ReadOnlySpan<float>(rows + i * stride, d)));
            largest = MathF.Max(largest, norms[i]);
        }

        var scale = NearestCentroidInt16.Scale(largest);
        var pairs = (d + 1) / 2;
        using var scratch = Scratch.Rent();
        var rounded = scratch.Ints((long)Block * pairs);
        for (var first = 0; first < Tile; first += Block)
        {
            var present = Math.Clamp(count - first, 0, Block);
            for (var i = first; i < first + present; i++)
                errors[i] = Round(rows + i * stride, d, scale, (short*)(rounded + (long)(i - first) * pairs));

            Transpose(rounded, pairs, present, pairs, tile + first);
        }

        return scale;
    }

    /// <summary>‖x‖² of each of the 48 points of a tile.</summary>
    public static void SquaredNorms(float* tile, int d, float* squares)
    {
        for (var lane = 0; lane < Tile; lane += Block)
        {
            var sum = Vector256<float>.Zero;
            for (var j = 0; j < d; j++)
            {
                var x = Vector256.Load(tile + (long)j * Tile + lane);
                sum = Vector256.MultiplyAddEstimate(x, x, sum);
            }

            sum.Store(squares + lane);
        }
    }

    // Returns the length of the error, with what its own computation may miss.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Round(float* row, int d, float scale, short* rounded)
    {
        var j = 0;
        var error = 0f;
        if (Avx2.IsSupported && d >= 16)
        {
            var factor = Vector256.Create(scale);
            var errors = Vector256<float>.Zero;
            for (; j <= d - 16; j += 16)
            {
                var x = Vector256.Load(row + j) * factor;
                var y = Vector256.Load(row + j + 8) * factor;
                var low = Avx.ConvertToVector256Int32(x);
                var high = Avx.ConvertToVector256Int32(y);
                x -= Avx.ConvertToVector256Single(low);
                y -= Avx.ConvertToVector256Single(high);
                errors = Vector256.MultiplyAddEstimate(x, x, Vector256.MultiplyAddEstimate(y, y, errors));
                // Packed within each half of the register: the quarters then stand in the order 0, 2, 1, 3.
                var packed = Avx2.PackSignedSaturate(low, high);
                Avx2.Permute4x64(packed.AsInt64(), 0b11_01_10_00).AsInt16().Store(rounded + j);
            }

            error = Vector256.Sum(errors);
        }

        for (; j < d; j++)
        {
            var x = row[j] * scale;
            var whole = MathF.Round(x);
            rounded[j] = (short)whole;
            error += (x - whole) * (x - whole);
        }

        if (d % 2 != 0)
            rounded[d] = 0;

        return MathF.Sqrt(error) * 1.0001f + 0.01f;
    }

    // Up to eight rows of n numbers to n rows of eight, 48 apart; what rows are missing are zeros.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(int* rows, long stride, int count, int n, int* to)
    {
        var j = 0;
        if (Avx2.IsSupported && count == Block)
        {
            for (; j <= n - Block; j += Block, to += Block * Tile)
            {
                var from = rows + j;
                var r0 = Vector256.Load(from);
                var r1 = Vector256.Load(from + stride);
                var r2 = Vector256.Load(from + 2 * stride);
                var r3 = Vector256.Load(from + 3 * stride);
                var r4 = Vector256.Load(from + 4 * stride);
                var r5 = Vector256.Load(from + 5 * stride);
                var r6 = Vector256.Load(from + 6 * stride);
                var r7 = Vector256.Load(from + 7 * stride);
                var a0 = Avx2.UnpackLow(r0, r1).AsInt64();
                var a1 = Avx2.UnpackHigh(r0, r1).AsInt64();
                var a2 = Avx2.UnpackLow(r2, r3).AsInt64();
                var a3 = Avx2.UnpackHigh(r2, r3).AsInt64();
                var a4 = Avx2.UnpackLow(r4, r5).AsInt64();
                var a5 = Avx2.UnpackHigh(r4, r5).AsInt64();
                var a6 = Avx2.UnpackLow(r6, r7).AsInt64();
                var a7 = Avx2.UnpackHigh(r6, r7).AsInt64();
                var b0 = Avx2.UnpackLow(a0, a2);
                var b1 = Avx2.UnpackHigh(a0, a2);
                var b2 = Avx2.UnpackLow(a1, a3);
                var b3 = Avx2.UnpackHigh(a1, a3);
                var b4 = Avx2.UnpackLow(a4, a6);
                var b5 = Avx2.UnpackHigh(a4, a6);
                var b6 = Avx2.UnpackLow(a5, a7);
                var b7 = Avx2.UnpackHigh(a5, a7);
                Avx2.Permute2x128(b0, b4, 0x20).AsInt32().Store(to);
                Avx2.Permute2x128(b1, b5, 0x20).AsInt32().Store(to + Tile);
                Avx2.Permute2x128(b2, b6, 0x20).AsInt32().Store(to + 2 * Tile);
                Avx2.Permute2x128(b3, b7, 0x20).AsInt32().Store(to + 3 * Tile);
                Avx2.Permute2x128(b0, b4, 0x31).AsInt32().Store(to + 4 * Tile);
                Avx2.Permute2x128(b1, b5, 0x31).AsInt32().Store(to + 5 * Tile);
                Avx2.Permute2x128(b2, b6, 0x31).AsInt32().Store(to + 6 * Tile);
                Avx2.Permute2x128(b3, b7, 0x31).AsInt32().Store(to + 7 * Tile);
            }
        }

        for (; j < n; j++, to += Tile)
        {
            var i = 0;
            for (; i < count; i++)
                to[i] = rows[i * stride + j];

            for (; i < Block; i++)
                to[i] = 0;
        }
    }
}
