namespace FaissNet.Managed;

/// <summary>The ranges of a <see cref="ScalarQuantizer"/>. FAISS's <c>faiss/impl/scalar_quantizer/training.cpp</c>.</summary>
internal static class ScalarQuantizerTraining
{
    private const int MaxTurns = 2000;
    private const int TurnsWithoutChange = 16;

    /// <summary>The least value and the width of each range.</summary>
    public static float[] Train(ScalarQuantizer quantizer, ReadOnlySpan<float> vectors, int n, CancellationToken cancellationToken)
    {
        var (stat, argument, steps) = (quantizer.RangeStat, quantizer.RangeStatArg, 1 << quantizer.Bits);
        if (quantizer.IsUniform)
        {
            var (minimum, width) = FindRange(stat, argument, steps, vectors, cancellationToken);
            return [minimum, width];
        }

        var d = quantizer.Dimension;
        var trained = new float[2 * d];
        if (stat == ScalarQuantizerRangeStat.RS_minmax)
        {
            MinMax(vectors, n, d, argument, trained, cancellationToken);
            return trained;
        }

        var values = new float[d][];
        for (var j = 0; j < d; j++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // FAISS leaves the first vector out here, and a zero in its place.
            values[j] = new float[n];
            for (var i = 1; i < n; i++)
                values[j][i] = vectors[i * d + j];
        }

        ManagedThreads.For(d, j => (trained[j], trained[d + j]) = FindRange(stat, argument, steps, values[j], cancellationToken), cancellationToken);
        return trained;
    }

    private static void MinMax(ReadOnlySpan<float> vectors, int n, int d, float argument, float[] trained, CancellationToken cancellationToken)
    {
        var minimum = trained.AsSpan(0, d);
        var maximum = trained.AsSpan(d, d);
        vectors[..d].CopyTo(minimum);
        vectors[..d].CopyTo(maximum);
        for (var i = 1; i < n; i++)
        {
            cancellationToken.ThrowIfCancelledAt(i);
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
        ScalarQuantizerRangeStat stat, float argument, int steps, ReadOnlySpan<float> values, CancellationToken cancellationToken)
    {
        var (minimum, maximum) = stat switch
        {
            ScalarQuantizerRangeStat.RS_meanstd => MeanStd(values, argument, cancellationToken),
            ScalarQuantizerRangeStat.RS_quantiles => Quantiles(values, argument, cancellationToken),
            ScalarQuantizerRangeStat.RS_optim => Optimize(values, steps, cancellationToken),
            _ => MinMax(values, argument, cancellationToken),
        };
        return (minimum, maximum - minimum);
    }

    private static (float Minimum, float Maximum) MinMax(ReadOnlySpan<float> values, float argument, CancellationToken cancellationToken)
    {
        var (minimum, maximum) = (values[0], values[0]);
        foreach (var run in cancellationToken.RunsOf(values))
        {
            minimum = Math.Min(minimum, System.Numerics.Tensors.TensorPrimitives.Min(run));
            maximum = Math.Max(maximum, System.Numerics.Tensors.TensorPrimitives.Max(run));
        }

        var beyond = (maximum - minimum) * argument;
        return (minimum - beyond, maximum + beyond);
    }

    private static (float Minimum, float Maximum) MeanStd(ReadOnlySpan<float> values, float argument, CancellationToken cancellationToken)
    {
        double sum = 0, squares = 0;
        foreach (var run in cancellationToken.RunsOf(values))
        {
            foreach (var value in run)
            {
                sum += value;
                squares += value * value;
            }
        }

        var mean = (float)(sum / values.Length);
        var variance = (float)(squares / values.Length - mean * mean);
        var deviation = variance <= 0 ? 1 : MathF.Sqrt(variance);
        return (mean - deviation * argument, mean + deviation * argument);
    }

    private static (float Minimum, float Maximum) Quantiles(ReadOnlySpan<float> values, float argument, CancellationToken cancellationToken)
    {
        var n = values.Length;
        var first = Math.Max(0, (int)(argument * n));
        if (first > n - first)
            first = n / 2;

        return (OrderStatistic.Find(values, first, cancellationToken), OrderStatistic.Find(values, n - 1 - first, cancellationToken));
    }

    // By turns, values are rounded to steps and the steps are fitted to the values by least squares.
    private static (float Minimum, float Maximum) Optimize(ReadOnlySpan<float> values, int steps, CancellationToken cancellationToken)
    {
        float sum = 0, n = values.Length;
        foreach (var run in cancellationToken.RunsOf(values))
        {
            foreach (var value in run)
                sum += value;
        }

        var (offset, maximum) = MinMax(values, 0, cancellationToken);
        var step = (maximum - offset) / (steps - 1);
        var lastError = -1f;
        var unchanged = 0;
        for (var turn = 0; turn < MaxTurns; turn++)
        {
            float numbers = 0, squares = 0, products = 0, error = 0;
            foreach (var run in cancellationToken.RunsOf(values))
            {
                foreach (var value in run)
                {
                    var number = (float)Math.Floor((value - offset) / step + 0.5);
                    number = number < 0 ? 0 : number >= steps ? steps - 1 : number;
                    var difference = value - (number * step + offset);
                    error += difference * difference;
                    numbers += number;
                    squares += number * number;
                    products += number * value;
                }
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
