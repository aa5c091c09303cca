namespace FaissNet.Managed;

/// <summary>The ranges of a <see cref="ScalarQuantizer"/>. FAISS's <c>faiss/impl/scalar_quantizer/training.cpp</c>.</summary>
internal static class ScalarQuantizerTraining
{
    private const int MaxTurns = 2000;
    private const int TurnsWithoutChange = 16;

    /// <summary>The least value and the width of each range.</summary>
    public static float[] Train(ScalarQuantizer quantizer, ReadOnlySpan<float> vectors, int n)
    {
        var (stat, argument, steps) = (quantizer.RangeStat, quantizer.RangeStatArg, 1 << quantizer.Bits);
        if (quantizer.IsUniform)
        {
            var (minimum, width) = FindRange(stat, argument, steps, vectors);
            return [minimum, width];
        }

        var d = quantizer.Dimension;
        var trained = new float[2 * d];
        if (stat == ScalarQuantizerRangeStat.RS_minmax)
        {
            MinMax(vectors, n, d, argument, trained);
            return trained;
        }

        var values = new float[d][];
        for (var j = 0; j < d; j++)
        {
            // FAISS leaves the first vector out here, and a zero in its place.
            values[j] = new float[n];
            for (var i = 1; i < n; i++)
                values[j][i] = vectors[i * d + j];
        }

        ManagedThreads.For(d, j => (trained[j], trained[d + j]) = FindRange(stat, argument, steps, values[j]));
        return trained;
    }

    private static void MinMax(ReadOnlySpan<float> vectors, int n, int d, float argument, float[] trained)
    {
        var minimum = trained.AsSpan(0, d);
        var maximum = trained.AsSpan(d, d);
        vectors[..d].CopyTo(minimum);
        vectors[..d].CopyTo(maximum);
        for (var i = 1; i < n; i++)
        {
            System.Numerics.Tensors.TensorPrimitives.Min(minimum, vectors.Slice(i * d, d), minimum);
            System.Numerics.Tensors.TensorPrimitives.Max(maximum, vectors.Slice(i * d, d), maximum);
        }

        for (var j = 0; j < d; j++)
        {
            var beyond = (maximum[j] - minimum[j]) * argument;
            minimum[j] -= beyond;
            maximum[j] += beyond;
            maximum[j] -= minimum[j];
        }
    }

    private static (float Minimum, float Width) FindRange(
        ScalarQuantizerRangeStat stat, float argument, int steps, ReadOnlySpan<float> values)
    {
        var (minimum, maximum) = stat switch
        {
            ScalarQuantizerRangeStat.RS_meanstd => MeanStd(values, argument),
            ScalarQuantizerRangeStat.RS_quantiles => Quantiles(values, argument),
            ScalarQuantizerRangeStat.RS_optim => Optimize(values, steps),
            _ => MinMax(values, argument),
        };
        return (minimum, maximum - minimum);
    }

    private static (float Minimum, float Maximum) MinMax(ReadOnlySpan<float> values, float argument)
    {
        var minimum = System.Numerics.Tensors.TensorPrimitives.Min(values);
        var maximum = System.Numerics.Tensors.TensorPrimitives.Max(values);
        var beyond = (maximum - minimum) * argument;
        return (minimum - beyond, maximum + beyond);
    }

    private static (float Minimum, float Maximum) MeanStd(ReadOnlySpan<float> values, float argument)
    {
        double sum = 0, squares = 0;
        foreach (var value in values)
        {
            sum += value;
            squares += value * value;
        }

        var mean = (float)(sum / values.Length);
        var variance = (float)(squares / values.Length - mean * mean);
        var deviation = variance <= 0 ? 1 : MathF.Sqrt(variance);
        return (mean - deviation * argument, mean + deviation * argument);
    }

    private static (float Minimum, float Maximum) Quantiles(ReadOnlySpan<float> values, float argument)
    {
        var sorted = values.ToArray();
        Array.Sort(sorted);
        var n = sorted.Length;
        var first = Math.Max(0, (int)(argument * n));
        if (first > n - first)
            first = n / 2;

        return (sorted[first], sorted[n - 1 - first]);
    }

    // By turns, values are rounded to steps and the steps are fitted to the values by least squares.
    private static (float Minimum, float Maximum) Optimize(ReadOnlySpan<float> values, int steps)
    {
        float sum = 0, n = values.Length;
        foreach (var value in values)
            sum += value;

        var (offset, maximum) = MinMax(values, 0);
        var step = (maximum - offset) / (steps - 1);
        var lastError = -1f;
        var unchanged = 0;
        for (var turn = 0; turn < MaxTurns; turn++)
        {
            float numbers = 0, squares = 0, products = 0, error = 0;
            foreach (var value in values)
            {
                var number = (float)Math.Floor((value - offset) / step + 0.5);
                number = number < 0 ? 0 : number >= steps ? steps - 1 : number;
                var difference = value - (number * step + offset);
                error += difference * difference;
                numbers += number;
                squares += number * number;
                products += number * value;
            }

            unchanged = error == lastError ? unchanged + 1 : 0;
            if (unchanged == TurnsWithoutChange)
                break;

            lastError = error;
            var determinant = numbers * numbers - squares * n;
            // All values on one step: there is no better fit.
            if (determinant == 0 || !float.IsFinite(determinant))
                break;

            (offset, step) = ((numbers * products - squares * sum) / determinant, (numbers * sum - n * products) / determinant);
        }

        return (offset, offset + step * (steps - 1));
    }
}
