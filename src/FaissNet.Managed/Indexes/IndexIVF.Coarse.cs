using System.Runtime.CompilerServices;

namespace FaissNet.Managed;

// Choosing lists.
public abstract unsafe partial class IndexIVF
{
    private readonly Lock _coarseLock = new();
    private CentroidScores? _coarse;
    private PairedScores? _paired;

    /// <summary>The list of the nearest centroid of each vector, of equally near ones the first; -1 if no distance is a finite number.</summary>
    private void Assign(float* vectors, int n, int* lists, CancellationToken cancellationToken = default)
    {
        if (n < PackedPoints.TileSize)
        {
            AssignFew(vectors, n, lists);
        }
        else
        {
            using var centroids = new PackedCentroids(NList, Dimension, pairs: true);
            centroids.Pack(new ReadOnlySpan<float>(Quantizer.Vectors, NList * Dimension), Metric);
            var scores = CentroidScores.AreSparse(vectors, Dimension, n, Dimension) ? Coarse() : null;
            Assignment.Find(vectors, Dimension, n, centroids, lists, null, scores, cancellationToken);
        }

        // What callers pass is finite; what a transform makes of it need not be.
        for (var i = 0; i < n; i++)
        {
            if (!VectorArguments.IsFinite(new ReadOnlySpan<float>(vectors + (long)i * Dimension, Dimension)))
                lists[i] = -1;
        }
    }

    /// <summary>As <see cref="Assign"/>; where there is no nearest centroid, any is as good.</summary>
    private protected void AssignAny(float* vectors, int n, int* lists, CancellationToken cancellationToken = default)
    {
        Assign(vectors, n, lists, cancellationToken);
        for (var i = 0; i < n; i++)
            lists[i] = Math.Max(lists[i], 0);
    }

    /// <summary>The lists of the nearest centroids, the nearest first, and of equally near ones that with the smaller number.</summary>
    /// <param name="queries">n·d floats.</param>
    /// <param name="n">The number of queries.</param>
    /// <param name="nprobe">Lists per query, at most <see cref="NList"/>.</param>
    /// <param name="lists">Receives n·nprobe numbers.</param>
    /// <param name="distances">Receives n·nprobe squared distances, or inner products negated.</param>
    /// <param name="areDistancesWanted">If not, what distances receives means nothing, and lists about as near may stand in any order: which lists are
    /// chosen is the same.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected virtual void ChooseLists(
        float* queries, int n, int nprobe, int* lists, float* distances, bool areDistancesWanted = true)
    {
        using var scratch = Scratch.Rent();
        var candidates = scratch.Ints(NList + LargestScores.Slack);
        var keys = scratch.Take<ulong>(NList);
        if (nprobe == NList)
        {
            for (var list = 0; list < NList; list++)
                candidates[list] = list;

            for (var i = 0; i < n; i++)
            {
                Nearest(queries + (long)i * Dimension, candidates, NList, keys, nprobe, lists, distances);
                lists += nprobe;
                distances += nprobe;
            }

            return;
        }

        var scores = Score(scratch, queries, n, out var stride, out var margins);
        for (var i = 0; i < n; i++)
        {
            float* query = queries + (long)i * Dimension, score = scores + (long)i * stride;
            var count = LargestScores.Find(score, NList, nprobe, candidates, margins is null ? 0 : margins[i]);
            if (areDistancesWanted || !ChooseByScore(score, margins is null ? Margin(query) : margins[i], candidates, count, keys, nprobe, lists))
                Nearest(query, candidates, count, keys, nprobe, lists, distances);

            lists += nprobe;
            distances += nprobe;
        }
    }

    /// <summary>What searches keep of the centroids beside them.</summary>
    private IndexMemory CoarseMemory =>
        IndexMemory.None with { Tables = (Volatile.Read(ref _coarse)?.Bytes ?? 0) + (Volatile.Read(ref _paired)?.Bytes ?? 0) };

    // The scores of all lists. Margins are those of rounded scores, and null of others.
    private float* Score(in Scratch scratch, float* queries, int n, out int stride, out float* margins)
    {
        if (PairedScores.IsFaster && Paired() is { IsUsable: true } paired)
        {
            stride = paired.Stride;
            margins = scratch.Floats(n);
            var rounded = scratch.Floats((long)n * stride);
            paired.Score(queries, n, rounded, margins);
            return rounded;
        }

        var coarse = Coarse();
        stride = coarse.Stride;
        margins = null;
        var scores = scratch.Floats((long)CentroidScores.Rows(n) * stride);
        coarse.Score(queries, n, scores);
        return scores;
    }

    // Twice the margin, for the norms that scores start from are sums of floats too.
    private float Margin(float* query) =>
        2 * NearestResolution.Margin(Dimension, MathF.Sqrt(DistanceKernels.InnerProduct(query, query, Dimension)), Coarse().MaxNorm);

    // The lists with the largest scores; answers whether these are the nearest for sure.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool ChooseByScore(float* scores, float margin, int* candidates, int count, ulong* keys, int nprobe, int* lists)
    {
        if (count < nprobe)
            return false;

        for (var i = 0; i < count; i++)
            keys[i] = (ulong)~FloatOrder.Of(scores[candidates[i]]) << 32 | (uint)candidates[i];

        new Span<ulong>(keys, count).Sort();
        if (count > nprobe)
        {
            var (last, next) = ((int)(uint)keys[nprobe - 1], (int)(uint)keys[nprobe]);
            // Not a number is never more.
            if (!(scores[last] - scores[next] > margin))
                return false;
        }

        for (var i = 0; i < nprobe; i++)
            lists[i] = (int)(uint)keys[i];

        return true;
    }

    // Scores lose digits where the vectors are long and near each other; the chosen few are compared again, exactly.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Nearest(float* query, int* candidates, int count, ulong* keys, int nprobe, int* lists, float* distances)
    {
        for (var i = 0; i < count; i++)
        {
            var distance = DistanceKernels.Compare(Metric, query, Quantizer.Vectors + (long)candidates[i] * Dimension, Dimension);
            keys[i] = (ulong)FloatOrder.Of(distance) << 32 | (uint)candidates[i];
        }

        new Span<ulong>(keys, count).Sort();
        for (var i = 0; i < nprobe; i++)
        {
            lists[i] = i < count ? (int)(uint)keys[i] : -1;
            distances[i] = i < count ? FloatOrder.ToFloat((uint)(keys[i] >> 32)) : float.PositiveInfinity;
        }
    }

    private void AssignFew(float* vectors, int n, int* lists)
    {
        using var scratch = Scratch.Rent();
        var coarse = Coarse();
        var scores = scratch.Floats((long)CentroidScores.Rows(n) * coarse.Stride);
        coarse.Score(vectors, n, scores);
        for (var i = 0; i < n; i++, scores += coarse.Stride)
        {
            var (best, largest) = (-1, float.NegativeInfinity);
            for (var list = 0; list < NList; list++)
            {
                if (scores[list] > largest)
                    (best, largest) = (list, scores[list]);
            }

            lists[i] = best;
        }
    }

    // Built by the first call that needs it; searches may come here at once.
    private CentroidScores Coarse()
    {
        if (Volatile.Read(ref _coarse) is { } ready)
            return ready;

        lock (_coarseLock)
            return _coarse ??= new CentroidScores(Quantizer.Vectors, NList, Dimension, Metric);
    }

    private PairedScores Paired()
    {
        if (Volatile.Read(ref _paired) is { } ready)
            return ready;

        lock (_coarseLock)
            return _paired ??= new PairedScores(Quantizer.Vectors, NList, Dimension, Metric);
    }

    /// <summary>Forgets what was computed from the centroids: they change.</summary>
    private protected void DropCoarse()
    {
        lock (_coarseLock)
        {
            _coarse?.Dispose();
            _coarse = null;
            _paired?.Dispose();
            _paired = null;
        }
    }
}
