using System.Diagnostics;
using System.Text.Json.Serialization;
using FaissNet.Data;

namespace FaissNet.Evaluation;

/// <summary>How long single queries take.</summary>
/// <param name="P50">The median, in milliseconds.</param>
/// <param name="P99">The 99th percentile by nearest rank, in milliseconds.</param>
/// <param name="Samples">The calls measured.</param>
public sealed record SearchLatency(double P50, double P99, int Samples);

/// <summary>One setting, measured.</summary>
/// <param name="NProbe">The lists visited per query; null where the index was measured as it is set.</param>
/// <param name="RecallAt1">The share of queries whose nearest neighbour came first.</param>
/// <param name="RecallAtK">The share of the k true neighbours among the k found.</param>
/// <param name="Qps">Queries per second of one call with all queries.</param>
/// <param name="LatencyMs">The time of calls with one query.</param>
public sealed record EvaluationResult(
    [property: JsonPropertyName("nprobe")] int? NProbe, double RecallAt1, double RecallAtK, double Qps, SearchLatency LatencyMs);

/// <summary>How far an evaluation is.</summary>
/// <param name="Completed">Settings measured.</param>
/// <param name="Total">Settings to measure.</param>
/// <param name="NProbe">The setting that is being measured, if it is one of several.</param>
public readonly record struct EvaluationProgress(int Completed, int Total, int? NProbe);

/// <summary>Measures recall and speed of an index of either engine.</summary>
public static class SearchEvaluation
{
    private const string NProbeParameter = "nprobe";
    private const int WarmUpQueries = 1000;
    private const int MaxBatchRuns = 5;
    private const int MaxLatencyQueries = 1000;
    private const int MinLatencyQueries = 50;
    private static readonly TimeSpan BatchTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LatencyTime = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Measures each nprobe. Queries per second come from one call with all queries (the median of up to five such calls within a
    /// second), latencies from calls with one query (1,000 of them spread over all queries, or as many as five seconds allow, at least
    /// 50), both after a warm-up.
    /// </summary>
    /// <remarks>nprobe is set on the index, since some index types refuse it per call, and is put back at the end: nobody else
    /// should search meanwhile, for the sake of the measurement too.</remarks>
    /// <param name="index">The index.</param>
    /// <param name="queries">n·d floats.</param>
    /// <param name="truth">The exact neighbours of these queries.</param>
    /// <param name="k">Neighbours per query; at most those in <paramref name="truth"/>.</param>
    /// <param name="nprobes">The values to measure; none measures once, as the index is set.</param>
    /// <param name="progress">Told before each value and at the end.</param>
    /// <param name="cancellationToken">Stops between searches.</param>
    /// <returns>One result per value, in the order given.</returns>
    /// <exception cref="ArgumentException">The queries do not fit the index or the truth, or the index has no nprobe.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> or an nprobe is out of range.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public static IReadOnlyList<EvaluationResult> Run(
        VectorIndex index,
        ReadOnlyMemory<float> queries,
        NeighborSet truth,
        int k,
        IReadOnlyList<int> nprobes,
        IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(nprobes);
        Check(index, queries.Span, truth, k, nprobes);
        var run = new Measurement(index, queries, truth, k, cancellationToken);
        if (nprobes.Count == 0)
        {
            progress?.Report(new EvaluationProgress(0, 1, null));
            var only = run.Measure(null);
            progress?.Report(new EvaluationProgress(1, 1, null));
            return [only];
        }

        var before = index.GetParameter(NProbeParameter);
        var results = new List<EvaluationResult>(nprobes.Count);
        try
        {
            foreach (var nprobe in nprobes)
            {
                progress?.Report(new EvaluationProgress(results.Count, nprobes.Count, nprobe));
                index.SetParameter(NProbeParameter, nprobe);
                results.Add(run.Measure(nprobe));
            }
        }
        finally
        {
            index.SetParameter(NProbeParameter, before);
        }

        progress?.Report(new EvaluationProgress(results.Count, results.Count, null));
        return results;
    }

    private static void Check(VectorIndex index, ReadOnlySpan<float> queries, NeighborSet truth, int k, IReadOnlyList<int> nprobes)
    {
        var n = VectorArguments.CountVectors(queries, index.Dimension, nameof(queries));
        if (n == 0)
            throw new ArgumentException("queries is empty: expected at least one query.", nameof(queries));

        if (truth.Count != n)
            throw new ArgumentException($"truth has the neighbours of {truth.Count} queries: expected those of {n}.", nameof(truth));

        if (k < 1 || k > truth.K)
            throw new ArgumentOutOfRangeException(nameof(k), k, $"k is {k}: expected 1 to {truth.K}, the neighbours per query in the truth.");

        foreach (var nprobe in nprobes)
        {
            if (nprobe < 1)
                throw new ArgumentOutOfRangeException(nameof(nprobes), nprobe, $"nprobes holds {nprobe}: expected at least 1.");
        }
    }

    /// <summary>The value below or at which the given share of all values lies: nearest rank.</summary>
    internal static double Percentile(ReadOnlySpan<double> sorted, double share) =>
        sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];

    private sealed class Measurement(
        VectorIndex index, ReadOnlyMemory<float> queries, NeighborSet truth, int k, CancellationToken cancellationToken)
    {
        private readonly int _d = index.Dimension;
        private readonly int _n = truth.Count;
        private readonly float[] _distances = new float[VectorArguments.CountResults(truth.Count, k)];
        private readonly long[] _labels = new long[truth.Count * k];

        public EvaluationResult Measure(int? nprobe)
        {
            Search(0, Math.Min(_n, WarmUpQueries));
            var qps = MeasureQps();
            var recallAt1 = Recall.At1(_labels, k, truth.Labels, truth.K);
            var recallAtK = Recall.AtK(_labels, k, truth.Labels, truth.K, k);
            return new EvaluationResult(nprobe, recallAt1, recallAtK, qps, MeasureLatency());
        }

        private double MeasureQps()
        {
            var seconds = new List<double>(MaxBatchRuns);
            do
            {
                var start = Stopwatch.GetTimestamp();
                Search(0, _n);
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            while (seconds.Count < MaxBatchRuns && seconds.Sum() < BatchTime.TotalSeconds);

            seconds.Sort();
            return _n / Percentile(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(seconds), 0.5);
        }

        private SearchLatency MeasureLatency()
        {
            var wanted = Math.Min(_n, MaxLatencyQueries);
            var milliseconds = new double[wanted];
            for (var i = 0; i < Math.Min(wanted, MinLatencyQueries); i++)
                Search((int)((long)i * _n / wanted), 1);

            var began = Stopwatch.GetTimestamp();
            var done = 0;
            for (; done < wanted && (done < MinLatencyQueries || Stopwatch.GetElapsedTime(began) < LatencyTime); done++)
            {
                var query = (int)((long)done * _n / wanted);
                var start = Stopwatch.GetTimestamp();
                Search(query, 1);
                milliseconds[done] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }

            var sorted = milliseconds.AsSpan(0, done);
            sorted.Sort();
            return new SearchLatency(Percentile(sorted, 0.5), Percentile(sorted, 0.99), done);
        }

        // Without a token of its own: the index would cut the batch into pieces to look at it.
        private void Search(int first, int count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            index.Search(queries.Span.Slice(first * _d, count * _d), k, _distances, _labels);
        }
    }
}
