using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>Assigns vectors to centroids under bounds on the clusters' sizes: see <see cref="BalancedClustering"/>.</summary>
internal sealed class BalancedAssignment(int n, int k, int smallest, int largest)
{
    // Rounds of moves and swaps; each looks at every vector once.
    private const int Rounds = 4;

    // Candidates per vector for moves and swaps.
    private readonly int _candidates = Math.Min(k, 8);

    /// <summary>The cluster of each vector.</summary>
    public int[] Assignment { get; } = new int[n];

    /// <summary>The sizes of the clusters.</summary>
    public int[] Sizes { get; } = new int[k];

    public static double Distance(ReadOnlySpan<float> vectors, int i, ReadOnlySpan<float> centroids, int c, int d)
    {
        var distance = TensorPrimitives.Distance(vectors.Slice(i * d, d), centroids.Slice(c * d, d));
        return (double)distance * distance;
    }

    /// <summary>Assigns n vectors of d components.</summary>
    public unsafe void Solve(ReadOnlySpan<float> vectors, int d, float[] centroids, CancellationToken cancellationToken)
    {
        using (var packed = new PackedCentroids(k, d, pairs: true))
        {
            packed.Pack(centroids, MetricType.L2);
            fixed (float* rows = vectors)
            fixed (int* to = Assignment)
                Managed.Assignment.Find(rows, d, n, packed, to, null, cancellationToken: cancellationToken);
        }

        Array.Clear(Sizes);
        foreach (var cluster in Assignment)
            Sizes[cluster]++;

        var members = new List<int>[k];
        for (var c = 0; c < k; c++)
            members[c] = [];

        for (var i = 0; i < n; i++)
            members[Assignment[i]].Add(i);

        for (var c = 0; c < k; c++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Sizes[c] > largest)
                GiveUp(vectors, d, centroids, c, members);
        }

        for (var c = 0; c < k; c++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Sizes[c] < smallest)
                FillUp(vectors, d, centroids, c);
        }

        Improve(vectors, d, centroids, cancellationToken);
    }

    // Moves the vectors that lose least to the nearest clusters with room. There is room: k·largest is at least n.
    private void GiveUp(ReadOnlySpan<float> vectors, int d, float[] centroids, int from, List<int>[] members)
    {
        var losses = new PriorityQueue<(int Vector, int To), double>();
        foreach (var i in members[from])
        {
            if (Assignment[i] == from)
                Offer(vectors, i);
        }

        while (Sizes[from] > largest)
        {
            var (i, to) = losses.Dequeue();
            if (Sizes[to] >= largest)
            {
                // It filled up meanwhile.
                Offer(vectors, i);
                continue;
            }

            Move(i, to);
            members[to].Add(i);
        }

        void Offer(ReadOnlySpan<float> all, int i)
        {
            var (best, loss) = (-1, double.PositiveInfinity);
            var own = Distance(all, i, centroids, from, d);
            for (var c = 0; c < k; c++)
            {
                if (c == from || Sizes[c] >= largest)
                    continue;

                var more = Distance(all, i, centroids, c, d) - own;
                if (more < loss)
                    (best, loss) = (c, more);
            }

            losses.Enqueue((i, best), loss);
        }
    }

    // Takes the vectors that lose least from clusters that can spare one. There are such: k·smallest is at most n.
    private void FillUp(ReadOnlySpan<float> vectors, int d, float[] centroids, int to)
    {
        var losses = new (double Loss, int Vector)[n];
        for (var i = 0; i < n; i++)
        {
            var loss = Assignment[i] == to
                ? double.PositiveInfinity
                : Distance(vectors, i, centroids, to, d) - Distance(vectors, i, centroids, Assignment[i], d);
            losses[i] = (loss, i);
        }

        Array.Sort(losses);
        for (var next = 0; Sizes[to] < smallest; next++)
        {
            var i = losses[next].Vector;
            if (Assignment[i] != to && Sizes[Assignment[i]] > smallest)
                Move(i, to);
        }
    }

    // Moves and swaps among the nearest clusters of each vector. What waits in a full cluster's queue would rather be elsewhere.
    private void Improve(ReadOnlySpan<float> vectors, int d, float[] centroids, CancellationToken cancellationToken)
    {
        Span<int> nearest = stackalloc int[_candidates];
        Span<double> distances = stackalloc double[_candidates];
        for (var round = 0; round < Rounds; round++)
        {
            var changes = 0;
            var waiting = new Dictionary<(int From, int To), PriorityQueue<int, double>>();
            for (var i = 0; i < n; i++)
            {
                if (i % 1024 == 0)
                    cancellationToken.ThrowIfCancellationRequested();

                var from = Assignment[i];
                var own = Distance(vectors, i, centroids, from, d);
                var count = Nearest(vectors, d, centroids, i, nearest, distances);
                for (var c = 0; c < count; c++)
                {
                    var (to, gain) = (nearest[c], own - distances[c]);
                    if (gain > 0 && Sizes[to] < largest && Sizes[from] > smallest)
                    {
                        Move(i, to);
                        changes++;
                        break;
                    }

                    // One of there that gains by coming here, or loses less than this one gains.
                    if (waiting.TryGetValue((to, from), out var queue) && TrySwap(i, from, to, gain, queue))
                    {
                        changes++;
                        break;
                    }
                }

                if (Assignment[i] != from)
                    continue;

                for (var c = 0; c < count; c++)
                {
                    if (!waiting.TryGetValue((from, nearest[c]), out var queue))
                        waiting[(from, nearest[c])] = queue = new PriorityQueue<int, double>();

                    queue.Enqueue(i, distances[c] - own);
                }
            }

            if (changes == 0)
                return;
        }
    }

    private bool TrySwap(int i, int from, int to, double gain, PriorityQueue<int, double> queue)
    {
        while (queue.TryPeek(out var other, out var loss))
        {
            if (Assignment[other] != to)
            {
                queue.Dequeue();
                continue;
            }

            if (gain - loss <= 1e-9 * Math.Abs(gain))
                return false;

            queue.Dequeue();
            Move(i, to);
            Move(other, from);
            return true;
        }

        return false;
    }

    // The clusters nearest to a vector beside its own, the nearest first.
    private int Nearest(ReadOnlySpan<float> vectors, int d, float[] centroids, int i, Span<int> nearest, Span<double> distances)
    {
        var count = 0;
        for (var c = 0; c < k; c++)
        {
            if (c == Assignment[i])
                continue;

            var distance = Distance(vectors, i, centroids, c, d);
            if (count == nearest.Length && distance >= distances[count - 1])
                continue;

            var at = count < nearest.Length ? count++ : count - 1;
            for (; at > 0 && distances[at - 1] > distance; at--)
                (nearest[at], distances[at]) = (nearest[at - 1], distances[at - 1]);

            (nearest[at], distances[at]) = (c, distance);
        }

        return count;
    }

    private void Move(int i, int to)
    {
        Sizes[Assignment[i]]--;
        Sizes[to]++;
        Assignment[i] = to;
    }
}
