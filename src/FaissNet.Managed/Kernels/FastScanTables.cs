using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>
/// Tables of floats rounded down to bytes, for <see cref="FastScan"/> and <see cref="FastScanFilter"/>: an entry t of a part whose smallest entry is m becomes
/// ⌊(t - m) / <see cref="Step"/>⌋, and what the sums of bytes lack is the sum of the m, <see cref="Start"/>.
/// </summary>
/// <remarks>
/// <para>One step serves all parts. It is as small as two conditions allow: the two largest bytes of a row sum to at most 255, and those sums
/// over all rows to at most 65535. Of a code with the sum K of bytes and the distance D, as floats give it,
/// <c>Start + Step·K - Error ≤ D ≤ Start + Step·K + Parts·Step + Error</c> holds.</para>
/// <para>Proof. Without rounding, rounding down takes from each of the parts at least 0 and less than one step. The quotient is computed with
/// two roundings, so it is off by at most 255·2·2^-24, less than 1e-4: no byte is larger than its quotient by more than that, or smaller by more
/// than one and that; over all parts that is <c>Parts·Step·1e-4</c>. D is a float sum of Parts + 2 terms whose magnitudes sum to at most A
/// (<see cref="Measure"/>), so it is off by at most (Parts + 2)·2^-24·A, to first order. Start and Step, two more operations to apply them and
/// those that compare the result with a limit round by at most 2^-24 of magnitudes up to 3·A each. With (Parts + 16)·2^-22·A in all,
/// <see cref="Error"/> leaves room for more than twice of all of it.</para>
/// <para>Where no step exists, because all entries of every part are equal or one is not finite, all bytes are zero and Error is infinite:
/// the filter passes everything.</para>
/// <para>Once k distances are known, what exceeds the largest of them need not be told apart. <see cref="Saturate"/> takes the step from the room
/// that they leave above Start: entries that exceed 255 become 255, and sums stop there. Both make K smaller and never larger, so
/// <c>Start + Step·K - Error ≤ D</c> still holds, which is all that ruling out needs; the other bound, and with it <see cref="Width"/>, is given up.
/// The limit in steps is at most 254 in a list with the bias that the room was measured with; where it comes to 255, every code passes.</para>
/// </remarks>
internal unsafe struct FastScanTables
{
    private const int KSub = 16;

    // Steps in the room of a saturated sum. The limit in steps is one more, and what is rounded down; it must stay below 255, which passes everything.
    private const float LargestSaturated = 253;

    /// <summary>[rows][2][16] floats.</summary>
    public float* Floats;

    /// <summary>[rows][2][16] bytes.</summary>
    public byte* Bytes;

    /// <summary>The smallest entry of each part, 2·rows floats.</summary>
    public float* Minima;

    /// <summary>Whether entries and sums stop at 255: <see cref="FastScanFilter"/>'s, else <see cref="FastScan"/>'s.</summary>
    public bool Saturates;

    /// <summary>What a sum of zero stands for.</summary>
    public float Start;

    /// <summary>What one more in a sum stands for.</summary>
    public float Step;

    /// <summary>1 / <see cref="Step"/>.</summary>
    public float InverseStep;

    /// <summary>See the remarks.</summary>
    public float Error;

    /// <summary>What rounding down may take, and twice the error: of two codes whose sums stand for distances farther apart than this, the
    /// one with the smaller sum is nearer.</summary>
    public float Width;

    /// <summary>Rounds the floats.</summary>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="parts">The parts, at most 2·rows.</param>
    /// <param name="magnitude">The largest magnitude of what else is added to a distance, for all codes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Quantize(int rows, int parts, double magnitude)
    {
        var range = Measure(Floats, rows, Minima, out var start, out var sum);
        Saturates = false;
        var largest = Math.Min(255, ushort.MaxValue / rows);
        magnitude += sum;
        Step = range / largest;
        InverseStep = 1 / Step;
        if (!(range > 0) || !float.IsFinite(InverseStep) || !double.IsFinite(magnitude))
        {
            (Start, Step, InverseStep, Error, Width) = (0, 0, 0, float.PositiveInfinity, float.PositiveInfinity);
            new Span<byte>(Bytes, rows * 2 * KSub).Clear();
            return;
        }

        Start = (float)start;
        var error = (parts + 16) * Math.ScaleB(magnitude, -22) + parts * Step * 1e-4;
        Error = MathF.BitIncrement((float)error);
        Width = MathF.BitIncrement((float)(parts * (double)Step + 2 * error));
        RoundDown(rows);
    }

    /// <summary>
    /// Rounds the floats anew, as finely as bytes allow if sums are to stop at 255: what exceeds a limit need not be told apart. Nothing changes
    /// where there is no such step.
    /// </summary>
    /// <param name="rows">Bytes per code.</param>
    /// <param name="parts">The parts, at most 2·rows.</param>
    /// <param name="room">By how much values may exceed <see cref="Start"/> and still matter.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Saturate(int rows, int parts, float room)
    {
        var step = room / LargestSaturated;
        var inverse = 1 / step;
        if (!(step > 0) || !float.IsFinite(step) || !float.IsFinite(inverse) || !float.IsFinite(Error))
            return;

        (Step, InverseStep, Saturates) = (step, inverse, true);
        Error = MathF.BitIncrement((float)(Error + parts * (double)step * 1e-4));
        RoundDown(rows);
    }

    private readonly void RoundDown(int rows)
    {
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
            Quantize512(Floats, rows, Minima, InverseStep, Bytes);
        else if (Vector128.IsHardwareAccelerated)
            Quantize128(Floats, rows, Minima, InverseStep, Bytes);
        else
            QuantizeScalar(Floats, rows, Minima, InverseStep, Bytes);
    }

    /// <summary>The smallest entries of each part and their sum, the largest difference within a row (of both parts together), and the sum of the
    /// largest magnitudes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Measure(float* tables, int rows, float* minima, out double start, out double magnitude)
    {
        var row = 0;
        var widest = Vector128<float>.Zero;
        Vector256<double> starts = default, magnitudes = default;
        for (; Avx.IsSupported && row <= rows - 2; row += 2)
        {
            var (smallest, largest) = ExtremesOfFour(tables + (long)row * 2 * KSub);
            smallest.Store(minima + 2 * row);
            starts += ToDouble(smallest);
            magnitudes += ToDouble(Vector128.MaxNative(Vector128.Abs(smallest), Vector128.Abs(largest)));
            var range = largest - smallest;
            range += Vector128.Shuffle(range, Vector128.Create(1, 0, 3, 2));
            widest = Vector128.ConditionalSelect(Vector128.LessThanOrEqual(range, widest), widest, range);
        }

        (start, magnitude) = (Vector256.Sum(starts), Vector256.Sum(magnitudes));
        var most = widest[0] <= widest[2] ? widest[2] : widest[0];
        for (; row < rows; row++)
        {
            var range = 0f;
            for (var part = 2 * row; part < 2 * row + 2; part++)
            {
                var (smallest, largest) = Extremes(tables + part * KSub);
                minima[part] = smallest;
                start += smallest;
                magnitude += Math.Max(Math.Abs(smallest), Math.Abs(largest));
                range += largest - smallest;
            }

            most = range <= most ? most : range;
        }

        return most;
    }

    // Of four parts, each in its lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<float> Smallest, Vector128<float> Largest) ExtremesOfFour(float* tables)
    {
        var (a, b) = ExtremesOfLanes(tables);
        var (c, d) = ExtremesOfLanes(tables + KSub);
        var (e, f) = ExtremesOfLanes(tables + 2 * KSub);
        var (g, h) = ExtremesOfLanes(tables + 3 * KSub);
        a = Vector128.MinNative(Sse.UnpackLow(a, c), Sse.UnpackHigh(a, c));
        e = Vector128.MinNative(Sse.UnpackLow(e, g), Sse.UnpackHigh(e, g));
        b = Vector128.MaxNative(Sse.UnpackLow(b, d), Sse.UnpackHigh(b, d));
        f = Vector128.MaxNative(Sse.UnpackLow(f, h), Sse.UnpackHigh(f, h));
        return (
            Vector128.MinNative(Sse.MoveLowToHigh(a, e), Sse.MoveHighToLow(e, a)),
            Vector128.MaxNative(Sse.MoveLowToHigh(b, f), Sse.MoveHighToLow(f, b)));
    }

    // Of one part, four lanes of its entries.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<float> Smallest, Vector128<float> Largest) ExtremesOfLanes(float* table)
    {
        Vector128<float> a = Vector128.Load(table), b = Vector128.Load(table + 4), c = Vector128.Load(table + 8), d = Vector128.Load(table + 12);
        return (
            Vector128.MinNative(Vector128.MinNative(a, b), Vector128.MinNative(c, d)),
            Vector128.MaxNative(Vector128.MaxNative(a, b), Vector128.MaxNative(c, d)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> ToDouble(Vector128<float> values) => Avx.ConvertToVector256Double(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (float Smallest, float Largest) Extremes(float* table)
    {
        if (Vector128.IsHardwareAccelerated)
        {
            var (smallest, largest) = ExtremesOfLanes(table);
            smallest = Vector128.MinNative(smallest, Vector128.Shuffle(smallest, Vector128.Create(2, 3, 0, 1)));
            largest = Vector128.MaxNative(largest, Vector128.Shuffle(largest, Vector128.Create(2, 3, 0, 1)));
            smallest = Vector128.MinNative(smallest, Vector128.Shuffle(smallest, Vector128.Create(1, 0, 3, 2)));
            largest = Vector128.MaxNative(largest, Vector128.Shuffle(largest, Vector128.Create(1, 0, 3, 2)));
            return (smallest[0], largest[0]);
        }

        var (low, high) = (table[0], table[0]);
        for (var c = 1; c < KSub; c++)
            (low, high) = (Math.Min(low, table[c]), Math.Max(high, table[c]));

        return (low, high);
    }

    internal static void QuantizeScalar(float* tables, int rows, float* minima, float inverse, byte* bytes)
    {
        for (var i = 0; i < rows * 2 * KSub; i++)
            bytes[i] = (byte)Math.Min((tables[i] - minima[i / KSub]) * inverse, byte.MaxValue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Quantize128(float* tables, int rows, float* minima, float inverse, byte* bytes)
    {
        var most = Vector128.Create((float)byte.MaxValue);
        for (var part = 0; part < 2 * rows; part++, tables += KSub, bytes += KSub)
        {
            var minimum = Vector128.Create(minima[part]);
            var a = Vector128.ConvertToInt32Native(Vector128.MinNative((Vector128.Load(tables) - minimum) * inverse, most));
            var b = Vector128.ConvertToInt32Native(Vector128.MinNative((Vector128.Load(tables + 4) - minimum) * inverse, most));
            var c = Vector128.ConvertToInt32Native(Vector128.MinNative((Vector128.Load(tables + 8) - minimum) * inverse, most));
            var d = Vector128.ConvertToInt32Native(Vector128.MinNative((Vector128.Load(tables + 12) - minimum) * inverse, most));
            Vector128.Narrow(Vector128.Narrow(a, b).AsUInt16(), Vector128.Narrow(c, d).AsUInt16()).Store(bytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Quantize512(float* tables, int rows, float* minima, float inverse, byte* bytes)
    {
        var most = Vector512.Create((float)byte.MaxValue);
        for (var part = 0; part < 2 * rows; part++, tables += KSub, bytes += KSub)
        {
            var steps = Avx512F.Min((Vector512.Load(tables) - Vector512.Create(minima[part])) * inverse, most);
            Avx512F.ConvertToVector128Byte(Avx512F.ConvertToVector512Int32WithTruncation(steps)).Store(bytes);
        }
    }
}
