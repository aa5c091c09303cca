using System.Diagnostics;
using System.Globalization;
using FaissNet.Managed;

namespace FaissNet.Evaluation;

/// <summary>How <see cref="ParameterSpace.Explore"/> goes about it.</summary>
public sealed record ExploreOptions
{
    /// <summary>Combinations to measure at most; 0 for all. FAISS's <c>n_experiments</c>: besides the fastest and the most accurate they are drawn
    /// at random, and those that cannot be better than what is known are left out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is 1, 2 or negative.</exception>
    public int Experiments
    {
        get;
        init => field = value is 0 or > 2
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Experiments), value, $"Experiments is {value}: expected 0 for all combinations, or at least 3.");
    } = 500;

    /// <summary>How long each combination is measured at least. FAISS's <c>min_test_duration</c>.</summary>
    public TimeSpan MinTestDuration { get; init; }
}

/// <summary>What one combination of settings achieves.</summary>
/// <param name="Recall">The share of the true neighbours that was found, 0 to 1.</param>
/// <param name="Time">How long all queries take.</param>
/// <param name="Parameters">The settings, as <see cref="ParameterSpace.Apply(VectorIndex, string)"/> takes them: <c>nprobe=16,k_factor_rf=4</c>.</param>
public sealed record OperatingPoint(double Recall, TimeSpan Time, string Parameters);

/// <summary>All that was measured.</summary>
/// <param name="All">In the order of measuring.</param>
/// <param name="Optimal">Those to which no other is faster and as accurate, by recall from the least to the most.</param>
public sealed record OperatingPoints(IReadOnlyList<OperatingPoint> All, IReadOnlyList<OperatingPoint> Optimal)
{
    /// <summary>The fastest that finds at least such a share of the true neighbours. FAISS's <c>t_for_perf</c>.</summary>
    /// <returns>The point, or <see langword="null"/> if none does.</returns>
    public OperatingPoint? For(double recall) => Optimal.FirstOrDefault(point => point.Recall >= recall);
}

/// <summary>
/// The combinations of settings of an index, and a search for those that pay. FAISS's <c>ParameterSpace</c> (<c>faiss/AutoTune.cpp</c>). Works with
/// indexes of both engines.
/// </summary>
/// <param name="ranges">The settings and their values.</param>
public sealed class ParameterSpace(IReadOnlyList<ParameterRange> ranges)
{
    private const int Seed = 1234;

    /// <summary>The settings that an index has.</summary>
    public ParameterSpace(VectorIndex index)
        : this((index ?? throw new ArgumentNullException(nameof(index))).GetParameterRanges())
    {
    }

    /// <summary>The settings and their values.</summary>
    public IReadOnlyList<ParameterRange> Ranges { get; } = [.. ranges ?? throw new ArgumentNullException(nameof(ranges))];

    /// <summary>How many combinations there are. FAISS's <c>n_combinations</c>.</summary>
    /// <exception cref="OverflowException">There are more than a number holds.</exception>
    public int CombinationCount => checked(Ranges.Aggregate(1, (count, range) => count * range.Values.Count));

    /// <summary>The settings of one combination. FAISS's <c>combination_name</c>.</summary>
    /// <param name="combination">0 to <see cref="CombinationCount"/> - 1; 0 is the fastest, the last the most accurate.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="combination"/> is out of range.</exception>
    public string Describe(int combination) =>
        string.Join(',', Values(combination).Select(setting => $"{setting.Name}={setting.Value.ToString(CultureInfo.InvariantCulture)}"));

    /// <summary>Sets one combination on an index. FAISS's <c>set_index_parameters</c>.</summary>
    /// <param name="index">The index.</param>
    /// <param name="combination">0 to <see cref="CombinationCount"/> - 1.</param>
    /// <exception cref="ArgumentException">The index does not have one of the settings.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="combination"/> is out of range.</exception>
    public void Apply(VectorIndex index, int combination)
    {
        ArgumentNullException.ThrowIfNull(index);
        foreach (var (name, value) in Values(combination))
            index.SetParameter(name, value);
    }

    /// <summary>Sets what a text says: <c>nprobe=16,k_factor_rf=4</c>. FAISS's <c>set_index_parameters</c>.</summary>
    /// <exception cref="ArgumentException">The text is not of that form, or the index does not have one of the settings.</exception>
    public static void Apply(VectorIndex index, string parameters)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(parameters);
        var settings = new List<(string Name, double Value)>();
        foreach (var part in parameters.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || !double.TryParse(part[(equals + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                throw new ArgumentException($"parameters holds \"{part}\": expected name=value.", nameof(parameters));

            settings.Add((part[..equals], value));
        }

        foreach (var (name, value) in settings)
            index.SetParameter(name, value);
    }

    /// <summary>Measures combinations of settings on queries whose true neighbours are known. FAISS's <c>explore</c>.</summary>
    /// <remarks>Settings are set on the index and put back at the end: nobody else should search meanwhile, for the sake of the measurement
    /// too. That a larger value of any setting is never faster and never less accurate is taken for granted, as in FAISS.</remarks>
    /// <param name="index">The index.</param>
    /// <param name="queries">n·d floats.</param>
    /// <param name="truth">n·<paramref name="k"/> ids: the true neighbours of each query, nearest first.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="options">How to go about it.</param>
    /// <param name="cancellationToken">Stops between searches.</param>
    /// <returns>What was measured, and what of it pays.</returns>
    /// <exception cref="ArgumentException">The queries or the truth do not fit, or the index does not have one of the settings.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public OperatingPoints Explore(
        VectorIndex index,
        ReadOnlySpan<float> queries,
        ReadOnlySpan<long> truth,
        int k,
        ExploreOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        VectorArguments.RequireK(k);
        var n = VectorArguments.CountVectors(queries, index.Dimension, nameof(queries));
        if (n == 0 || truth.Length != VectorArguments.CountResults(n, k))
            throw new ArgumentException($"truth holds {truth.Length} ids: expected k = {k} for each of {n} queries, at least one.", nameof(truth));

        options ??= new ExploreOptions();
        var before = Ranges.Select(range => (range.Name, index.GetParameter(range.Name))).ToList();
        var measured = new List<(int Combination, OperatingPoint Point)>();
        var (distances, labels) = (new float[n * k], new long[n * k]);
        try
        {
            foreach (var combination in Order(options.Experiments))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (options.Experiments > 0 && !CanBeOptimal(combination, measured))
                    continue;

                Apply(index, combination);
                var runs = 0;
                var start = Stopwatch.GetTimestamp();
                do
                {
                    index.Search(queries, k, distances, labels, cancellationToken: CancellationToken.None);
                    runs++;
                }
                while (Stopwatch.GetElapsedTime(start) < options.MinTestDuration);

                var time = Stopwatch.GetElapsedTime(start) / runs;
                measured.Add((combination, new OperatingPoint(Recall.AtK(labels, k, truth, k, k), time, Describe(combination))));
            }
        }
        finally
        {
            foreach (var (name, value) in before)
                index.SetParameter(name, value);
        }

        List<OperatingPoint> all = [.. measured.Select(one => one.Point)];
        return new OperatingPoints(all, FindOptimal(all));
    }

    /// <summary>Those to which no other is as accurate and faster, nor more accurate and as fast; by recall.</summary>
    internal static List<OperatingPoint> FindOptimal(IReadOnlyList<OperatingPoint> all)
    {
        var optimal = new List<OperatingPoint>();
        foreach (var point in all.OrderByDescending(point => point.Recall).ThenBy(point => point.Time))
        {
            if (optimal.Count == 0 || point.Time < optimal[^1].Time)
                optimal.Add(point);
        }

        optimal.Reverse();
        return optimal;
    }

    // The two ends first, then at random, always the same way.
    private IEnumerable<int> Order(int experiments)
    {
        var count = CombinationCount;
        if (experiments == 0)
            return Enumerable.Range(0, count);

        var between = count > 2 ? FaissRandom.Permutation(count - 2, Seed).Select(i => i + 1) : [];
        return new[] { 0, count - 1 }.Concat(between).Distinct().Take(experiments);
    }

    // FAISS's update_bounds: what has no larger value anywhere is no more accurate, and what has no smaller one no faster.
    private bool CanBeOptimal(int combination, List<(int Combination, OperatingPoint Point)> measured)
    {
        var (mostRecall, leastTime) = (1.0, TimeSpan.Zero);
        foreach (var (other, point) in measured)
        {
            if (IsAtLeast(combination, other) && point.Time > leastTime)
                leastTime = point.Time;

            if (IsAtLeast(other, combination) && point.Recall < mostRecall)
                mostRecall = point.Recall;
        }

        return !measured.Any(one => one.Point.Recall >= mostRecall && one.Point.Time <= leastTime);
    }

    private bool IsAtLeast(int one, int other)
    {
        foreach (var range in Ranges)
        {
            if (one % range.Values.Count < other % range.Values.Count)
                return false;

            (one, other) = (one / range.Values.Count, other / range.Values.Count);
        }

        return true;
    }

    private IEnumerable<(string Name, double Value)> Values(int combination)
    {
        if (combination < 0 || combination >= CombinationCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(combination), combination, $"combination is {combination}: expected 0 to {CombinationCount - 1}.");
        }

        return Pick(combination);
    }

    private IEnumerable<(string Name, double Value)> Pick(int combination)
    {
        foreach (var range in Ranges)
        {
            yield return (range.Name, range.Values[combination % range.Values.Count]);
            combination /= range.Values.Count;
        }
    }
}
