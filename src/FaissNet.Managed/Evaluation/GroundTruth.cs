using System.Numerics;
using System.Numerics.Tensors;
using FaissNet.Data;

namespace FaissNet.Evaluation;

/// <summary>How <see cref="GroundTruth"/> works.</summary>
public sealed record GroundTruthOptions
{
    /// <summary>Compare by cosine similarity: queries and vectors are brought to length 1. Needs a flat index with
    /// <see cref="MetricType.InnerProduct"/>.</summary>
    public bool Normalize { get; init; }

    /// <summary>Vectors in memory at a time; null for 128 MiB of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? BatchSize
    {
        get;
        init => field = value is < 1
            ? throw new ArgumentOutOfRangeException(nameof(value), value, $"BatchSize is {value}: expected at least 1, or null.")
            : value;
    }

    /// <summary>Threads that compare candidates; null for as many as there are processors. The index has its own setting.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? ThreadCount
    {
        get;
        init => field = value is < 1
            ? throw new ArgumentOutOfRangeException(nameof(value), value, $"ThreadCount is {value}: expected at least 1, or null.")
            : value;
    }
}

/// <summary>The exact nearest neighbours, over vectors that need not fit into memory.</summary>
/// <remarks>A flat index compares in float32, and by way of ‖x‖² + ‖y‖² − 2·x·y, which rounds: neighbours at nearly the same distance come
/// out swapped. So it only chooses k + 32 candidates per batch; those are compared anew in float64, and equal distances are in the order of
/// their ids.</remarks>
public static class GroundTruth
{
    private const int DefaultBatchBytes = 128 << 20;
    private const int QueriesPerSearch = 1024;
    private const int SpareCandidates = 32;

    /// <summary>Finds the k nearest of all vectors of a file to each of n queries.</summary>
    /// <param name="flat">An empty flat index of either engine; it is used for one batch after the other and left empty. Its metric is
    /// that of the truth: L2 or inner product.</param>
    /// <param name="vectors">The file. Ids are its row numbers.</param>
    /// <param name="queries">n·d floats.</param>
    /// <param name="k">Neighbours per query; at most the vectors in the file.</param>
    /// <param name="options">How to work; null for the defaults.</param>
    /// <param name="progress">Told the vectors compared with all queries (<see cref="IndexStage.Searching"/>).</param>
    /// <param name="cancellationToken">Stops between pieces of a batch.</param>
    /// <returns>n rows of k neighbours, nearest first; with L2 the distances are squared.</returns>
    /// <exception cref="ArgumentException">The index is not empty or has another metric, or dimensions do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is out of range.</exception>
    /// <exception cref="InvalidDataException">The file is not valid.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public static SearchResult Compute(
        VectorIndex flat,
        VectorReader vectors,
        ReadOnlyMemory<float> queries,
        int k,
        GroundTruthOptions? options = null,
        IProgress<IndexProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(flat);
        ArgumentNullException.ThrowIfNull(vectors);
        options ??= new GroundTruthOptions();
        var n = Check(flat, vectors, queries.Span, k, options);
        var d = flat.Dimension;
        if (options.Normalize)
            queries = Normalized(queries.Span, d);

        var best = new BestNeighbors(n, k);
        var batchSize = options.BatchSize ?? DefaultBatchBytes / sizeof(float) / d;
        batchSize = (int)Math.Clamp(batchSize, 1, Math.Min(vectors.Count, Array.MaxLength / d));
        var batch = GC.AllocateUninitializedArray<float>(batchSize * d);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.ThreadCount ?? Environment.ProcessorCount };
        try
        {
            vectors.Seek(0);
            while (vectors.Position < vectors.Count)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var firstId = vectors.Position;
                var count = vectors.Read(batch);
                if (options.Normalize)
                    NormalizeRows(batch.AsSpan(0, count * d), d);

                flat.Reset();
                flat.Add(batch.AsSpan(0, count * d), cancellationToken: cancellationToken);
                CompareBatch(flat, batch, count, firstId, queries, best, parallel, progress, vectors.Count, cancellationToken);
            }
        }
        finally
        {
            flat.Reset();
        }

        return best.ToResult(flat.Metric);
    }

    private static int Check(
        VectorIndex flat, VectorReader vectors, ReadOnlySpan<float> queries, int k, GroundTruthOptions options)
    {
        var d = flat.Dimension;
        if (flat.Metric is not (MetricType.L2 or MetricType.InnerProduct) || (options.Normalize && flat.Metric != MetricType.InnerProduct))
        {
            throw new ArgumentException(
                $"flat has the metric {flat.Metric}: expected {(options.Normalize ? "" : "L2 or ")}InnerProduct.", nameof(flat));
        }

        if (flat.Count != 0)
            throw new ArgumentException($"flat holds {flat.Count} vectors: expected an empty index.", nameof(flat));

        if (vectors.Dimension != d)
        {
            throw new ArgumentException(
                $"The vectors of {vectors.Path} have {vectors.Dimension} components: expected {d}, as the queries have.", nameof(vectors));
        }

        var n = VectorArguments.CountVectors(queries, d, nameof(queries));
        if (n == 0)
            throw new ArgumentException("queries is empty: expected at least one query.", nameof(queries));

        VectorArguments.RequireFinite(queries, d, nameof(queries));
        if (k < 1 || k > vectors.Count)
            throw new ArgumentOutOfRangeException(nameof(k), k, $"k is {k}: expected 1 to {vectors.Count}, the vectors in {vectors.Path}.");

        VectorArguments.CountResults(n, k);
        return n;
    }

    private static void CompareBatch(
        VectorIndex flat,
        float[] batch,
        int count,
        long firstId,
        ReadOnlyMemory<float> queries,
        BestNeighbors best,
        ParallelOptions parallel,
        IProgress<IndexProgress>? progress,
        long total,
        CancellationToken cancellationToken)
    {
        var d = flat.Dimension;
        var n = queries.Length / d;
        var candidates = (int)Math.Min(count, (long)best.K + SpareCandidates);
        var labels = new long[Math.Min(n, QueriesPerSearch) * candidates];
        var distances = new float[labels.Length];
        for (var first = 0; first < n; first += QueriesPerSearch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (start, some) = (first, Math.Min(QueriesPerSearch, n - first));
            flat.Search(queries.Span.Slice(start * d, some * d), candidates, distances, labels, cancellationToken: cancellationToken);
            Parallel.For(0, some, parallel, i =>
            {
                var query = queries.Span.Slice((start + i) * d, d);
                foreach (var label in labels.AsSpan(i * candidates, candidates))
                {
                    // -1 where float32 overflowed.
                    if (label >= 0)
                        best.Offer(start + i, Key(query, batch.AsSpan((int)label * d, d), flat.Metric), firstId + label);
                }
            });
            // Vectors of this batch count as far as queries are through with them.
            progress?.Report(new IndexProgress(IndexStage.Searching, firstId + ((long)count * (start + some) / n), total));
        }
    }

    // Smaller is nearer for either metric.
    private static double Key(ReadOnlySpan<float> x, ReadOnlySpan<float> y, MetricType metric) =>
        metric == MetricType.L2 ? SquaredDistance(x, y) : -InnerProduct(x, y);

    private static double SquaredDistance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var sums = Vector<double>.Zero;
        var i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(x[i..]), out var x0, out var x1);
            Vector.Widen(new Vector<float>(y[i..]), out var y0, out var y1);
            sums += ((x0 - y0) * (x0 - y0)) + ((x1 - y1) * (x1 - y1));
        }

        var sum = Vector.Sum(sums);
        for (; i < x.Length; i++)
            sum += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);

        return sum;
    }

    private static double InnerProduct(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var sums = Vector<double>.Zero;
        var i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(x[i..]), out var x0, out var x1);
            Vector.Widen(new Vector<float>(y[i..]), out var y0, out var y1);
            sums += (x0 * y0) + (x1 * y1);
        }

        var sum = Vector.Sum(sums);
        for (; i < x.Length; i++)
            sum += (double)x[i] * y[i];

        return sum;
    }

    private static float[] Normalized(ReadOnlySpan<float> rows, int d)
    {
        var copy = rows.ToArray();
        NormalizeRows(copy, d);
        return copy;
    }

    // A vector of zeros has no direction and stays as it is, as in FAISS.
    private static void NormalizeRows(Span<float> rows, int d)
    {
        for (; !rows.IsEmpty; rows = rows[d..])
        {
            var row = rows[..d];
            var length = Math.Sqrt(InnerProduct(row, row));
            if (length == 0)
                continue;

            for (var i = 0; i < d; i++)
                row[i] = (float)(row[i] / length);
        }
    }

    // The k best of each query so far, in order; each query's row is touched by one thread at a time.
    private sealed class BestNeighbors(int n, int k)
    {
        private readonly double[] _keys = Filled(n * k, double.PositiveInfinity);
        private readonly long[] _ids = Filled(n * k, -1L);

        public int K => k;

        public void Offer(int query, double key, long id)
        {
            var keys = _keys.AsSpan(query * k, k);
            var ids = _ids.AsSpan(query * k, k);
            var at = k;
            while (at > 0 && (key < keys[at - 1] || (key == keys[at - 1] && id < ids[at - 1])))
                at--;

            if (at == k)
                return;

            keys[at..^1].CopyTo(keys[(at + 1)..]);
            ids[at..^1].CopyTo(ids[(at + 1)..]);
            (keys[at], ids[at]) = (key, id);
        }

        public SearchResult ToResult(MetricType metric)
        {
            var distances = new float[_keys.Length];
            TensorPrimitives.ConvertTruncating(_keys, distances);
            if (metric != MetricType.L2)
                TensorPrimitives.Negate(distances, distances);

            return new SearchResult(n, k, distances, _ids);
        }

        private static T[] Filled<T>(int length, T value)
        {
            var array = new T[length];
            Array.Fill(array, value);
            return array;
        }
    }
}
