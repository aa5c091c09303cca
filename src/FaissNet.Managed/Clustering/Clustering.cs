using System.Diagnostics;
using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>
/// k-means by FAISS's recipe (<c>faiss/Clustering.cpp</c>): the same sample, first centroids and splits from the same seed. Rounding in the
/// assignment differs, so a near-tie may fall the other way and centroids agree closely rather than to the bit.
/// </summary>
public sealed unsafe class Clustering
{
    /// <summary>FAISS warns below this many training vectors per centroid.</summary>
    public const int MinPointsPerCentroid = VectorArguments.MinPointsPerCentroid;

    // FAISS splits an empty cluster's donor by this much: a bit above the machine epsilon of float16.
    private const float SplitPerturbation = 1 / 1024f;

    private readonly List<ClusteringIterationStats> _iterations = [];

    /// <summary>A clustering of d-dimensional vectors into k clusters.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public Clustering(int d, int k, ClusteringParameters? parameters = null, MetricType metric = MetricType.L2)
    {
        if (d < 1)
            throw new ArgumentOutOfRangeException(nameof(d), d, $"d is {d}: expected at least 1.");

        if (k < 1 || (long)k * d > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(k), k, $"k is {k}: expected 1 to {Array.MaxLength / d} for d = {d}.");

        if (metric is not (MetricType.L2 or MetricType.InnerProduct))
            throw new ArgumentOutOfRangeException(nameof(metric), metric, $"metric is {metric}: expected {MetricType.L2} or {MetricType.InnerProduct}.");

        (Dimension, K, Parameters, Metric) = (d, k, parameters ?? new ClusteringParameters(), metric);
        Centroids = new float[d * k];
    }

    /// <summary>Components per vector.</summary>
    public int Dimension { get; }

    /// <summary>The number of centroids.</summary>
    public int K { get; }

    /// <summary>The settings.</summary>
    public ClusteringParameters Parameters { get; }

    /// <summary>How vectors are assigned to centroids.</summary>
    public MetricType Metric { get; }

    /// <summary>k·d floats, row by row; zero before <see cref="Train"/>.</summary>
    public float[] Centroids { get; private set; }

    /// <summary>One entry per iteration, those of the best run if there were several.</summary>
    public IReadOnlyList<ClusteringIterationStats> Iterations => _iterations;

    /// <summary>Finds the centroids.</summary>
    /// <param name="vectors">n·d floats, n at least k.</param>
    /// <param name="progress">Told after each iteration.</param>
    /// <param name="cancellationToken">Stops between iterations; <see cref="Centroids"/> then holds those of the last one.</param>
    /// <exception cref="ArgumentException">The length is no multiple of d, a component is not finite, or n is less than k.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    public void Train(
        ReadOnlySpan<float> vectors, IProgress<ClusteringIterationStats>? progress = null, CancellationToken cancellationToken = default)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireTrainable(n, K, "k", nameof(vectors));

        using var workspace = new ClusteringWorkspace(K, Dimension);
        TrainColumns(vectors, n, Dimension, 0, workspace, AssignmentPrecision.Float32, progress, cancellationToken);
    }

    /// <summary>Clusters d columns from <paramref name="offset"/> on of n rows that are <paramref name="stride"/> floats apart; they were
    /// checked. With the same arguments it does what <see cref="Train"/> does with a copy of the columns.</summary>
    internal void TrainColumns(
        ReadOnlySpan<float> rows, int n, int stride, int offset, ClusteringWorkspace workspace, AssignmentPrecision precision,
        IProgress<ClusteringIterationStats>? progress, CancellationToken cancellationToken)
    {
        _iterations.Clear();
        var count = (int)Math.Min(n, (long)K * Parameters.MaxPointsPerCentroid);

        // As many vectors as centroids: there is nothing to find. FAISS takes the first even where it could choose from more.
        if (count == K)
        {
            Gather(rows, null, stride, offset, Centroids, cancellationToken);
            _iterations.Add(new ClusteringIterationStats(0, 1, 0));
            return;
        }

        workspace.Resize(count);
        fixed (float* all = rows)
        {
            var vectors = all;
            if (count < n || stride != Dimension)
            {
                vectors = workspace.Rows(count);
                var permutation = count < n ? workspace.Permutation(n, Parameters.Seed) : null;
                Gather(rows, permutation, stride, offset, new Span<float>(vectors, count * Dimension), cancellationToken);
            }

            TrainRows(vectors, count, workspace, precision, progress, cancellationToken);
        }
    }

    private void TrainRows(
        float* rows, int n, ClusteringWorkspace workspace, AssignmentPrecision precision, IProgress<ClusteringIterationStats>? progress,
        CancellationToken cancellationToken)
    {
        var vectors = new ReadOnlySpan<float>(rows, n * Dimension);
        using var points = workspace.Centroids.HasPairs ? null : new PackedPoints(vectors, n, Dimension, Dimension);
        if (points is null)
            workspace.Quantized.Pack(rows, n, Dimension, cancellationToken);

        (double Objective, float[] Centroids, ClusteringIterationStats[] Iterations)? best = null;
        for (var redo = 0; redo < Parameters.NRedo; redo++)
        {
            _iterations.Clear();
            Initialize(vectors, n, redo, workspace, cancellationToken);
            Iterate(rows, n, points, workspace, precision, progress, cancellationToken);
            var objective = _iterations[^1].Objective;
            var better = best is null || (Metric == MetricType.InnerProduct ? objective > best.Value.Objective : objective < best.Value.Objective);
            if (Parameters.NRedo > 1 && better)
                best = (objective, (float[])Centroids.Clone(), [.. _iterations]);
        }

        if (best is { } kept)
        {
            Centroids = kept.Centroids;
            _iterations.Clear();
            _iterations.AddRange(kept.Iterations);
        }
    }

    /// <summary>Iterates over all vectors, packed before, from the centroids that are there if <paramref name="hotStart"/>: what FAISS's
    /// product quantizer does when it is trained again and again, as by OPQ.</summary>
    internal void TrainPacked(ReadOnlySpan<float> vectors, PackedPoints points, bool hotStart, CancellationToken cancellationToken)
    {
        _iterations.Clear();
        using var workspace = new ClusteringWorkspace(K, Dimension);
        workspace.Resize(points.Count);
        if (!hotStart)
            Initialize(vectors, points.Count, redo: 0, workspace, cancellationToken);

        fixed (float* rows = vectors)
            Iterate(rows, points.Count, points, workspace, AssignmentPrecision.Float32, progress: null, cancellationToken);
    }

    private void Gather(
        ReadOnlySpan<float> rows, int[]? permutation, int stride, int offset, Span<float> gathered, CancellationToken cancellationToken)
    {
        for (var i = 0; i < gathered.Length / Dimension; i++)
        {
            cancellationToken.ThrowIfCancelledAt(i);
            var row = permutation is null ? i : permutation[i];
            rows.Slice(row * stride + offset, Dimension).CopyTo(gathered[(i * Dimension)..]);
        }
    }

    private void Initialize(
        ReadOnlySpan<float> vectors, int n, int redo, ClusteringWorkspace workspace, CancellationToken cancellationToken)
    {
        var seed = Parameters.Seed + 1 + redo * 15486557L;
        var chosen = Parameters.Initialization == ClusteringInitialization.KMeansPlusPlus
            ? PlusPlusInitialization.Choose(vectors, n, Dimension, K, seed, cancellationToken)
            : workspace.Permutation(n, seed);
        for (var i = 0; i < K; i++)
            vectors.Slice(chosen[i] * Dimension, Dimension).CopyTo(Centroids.AsSpan(i * Dimension));

        Finish();
    }

    private void Iterate(
        float* rows, int n, PackedPoints? points, ClusteringWorkspace workspace, AssignmentPrecision precision,
        IProgress<ClusteringIterationStats>? progress, CancellationToken cancellationToken)
    {
        var (assignment, sums, sizes, centroids) = (workspace.Assignment, workspace.Sums, workspace.Sizes, workspace.Centroids);
        var squaredNorms = SquaredNorms(rows, n);
        sums.Reset();
        for (var iteration = 0; iteration < Parameters.NIter; iteration++)
        {
            var started = Stopwatch.GetTimestamp();
            cancellationToken.ThrowIfCancellationRequested();
            centroids.Pack(Centroids, Metric);
            if (points is null)
                Assignment.Find(rows, n, workspace.Quantized, centroids, precision, assignment, cancellationToken);
            else
                Assignment.Find(points, centroids, Metric, assignment, [], AssignmentPrecision.Float32, cancellationToken);

            sums.Update(rows, assignment);
            var objective = sums.Objective(Centroids, Metric, squaredNorms);
            sums.Means(Centroids);
            for (var c = 0; c < K; c++)
                sizes[c] = sums.Sizes[c];

            var imbalance = Imbalance(sizes, n);
            var splits = SplitEmpty(sizes, n);
            Finish();

            var stats = new ClusteringIterationStats(objective, imbalance, splits) { Time = Stopwatch.GetElapsedTime(started) };
            _iterations.Add(stats);
            progress?.Report(stats);

            // The same objective twice: nothing moves any more. FAISS stops here since 1.14.
            if (iteration > 0 && objective != 0 && objective == _iterations[^2].Objective)
                break;
        }
    }

    private double SquaredNorms(float* rows, int n)
    {
        var sum = 0.0;
        for (var i = 0; i < n; i++)
            sum += TensorPrimitives.SumOfSquares(new ReadOnlySpan<float>(rows + (long)i * Dimension, Dimension));

        return sum;
    }

    // FAISS draws with a fresh generator each iteration, and walks until a cluster is large enough for the draw.
    private int SplitEmpty(float[] sizes, int n)
    {
        var random = new FaissRandom(1234);
        var splits = 0;
        for (var empty = 0; empty < K; empty++)
        {
            if (sizes[empty] != 0)
                continue;

            var donor = Donor(random, sizes, n);
            var to = Centroids.AsSpan(empty * Dimension, Dimension);
            var from = Centroids.AsSpan(donor * Dimension, Dimension);
            for (var j = 0; j < Dimension; j++)
            {
                var (value, sign) = (from[j], j % 2 == 0 ? 1 : -1);
                // In double, as C++ multiplies a float by 1 + EPS.
                to[j] = (float)(value * (1 + sign * (double)SplitPerturbation));
                from[j] = (float)(value * (1 - sign * (double)SplitPerturbation));
            }

            sizes[empty] = sizes[donor] / 2;
            sizes[donor] -= sizes[empty];
            splits++;
        }

        return splits;
    }

    private int Donor(FaissRandom random, float[] sizes, int n)
    {
        // The draws can go on for long where all clusters are small; FAISS gives up since 1.14 too.
        for (int tries = 0, j = 0; tries < 10L * K; tries++, j = (j + 1) % K)
        {
            var p = (float)((sizes[j] - 1.0) / (n - K));
            if (random.NextFloat() < p)
                return j;
        }

        return TensorPrimitives.IndexOfMax<float>(sizes);
    }

    private double Imbalance(float[] sizes, int n)
    {
        var squares = 0.0;
        foreach (var size in sizes)
            squares += (double)size * size;

        return squares * K / ((double)n * n);
    }

    private void Finish()
    {
        if (!Parameters.Spherical)
            return;

        for (var i = 0; i < K; i++)
        {
            var centroid = Centroids.AsSpan(i * Dimension, Dimension);
            var norm = TensorPrimitives.SumOfSquares<float>(centroid);
            if (norm > 0)
                TensorPrimitives.Multiply(centroid, 1 / MathF.Sqrt(norm), centroid);
        }
    }
}
