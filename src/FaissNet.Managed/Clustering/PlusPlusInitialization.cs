using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>k-means++: Arthur and Vassilvitskii, k-means++: the advantages of careful seeding, 2007.</summary>
internal static class PlusPlusInitialization
{
    /// <summary>The numbers of k vectors to start from, each drawn by its squared distance to those before it.</summary>
    public static unsafe int[] Choose(ReadOnlySpan<float> vectors, int n, int d, int k, long seed, CancellationToken cancellationToken)
    {
        var random = new FaissRandom(seed);
        var chosen = new int[k];
        var nearest = new float[n];
        Array.Fill(nearest, float.PositiveInfinity);
        chosen[0] = random.NextInt(n);
        fixed (float* start = vectors)
        {
            var rows = start;
            for (var i = 1; i < k; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Update(rows, n, d, chosen[i - 1], nearest);
                chosen[i] = Draw(random, nearest, chosen.AsSpan(0, i));
            }
        }

        return chosen;
    }

    private static unsafe void Update(float* rows, int n, int d, int last, float[] nearest)
    {
        var tasks = (long)n * d < 1 << 18 ? 1 : 4 * ManagedThreads.Count;
        ManagedThreads.For(tasks, task =>
        {
            var center = new ReadOnlySpan<float>(rows + (long)last * d, d);
            for (int i = (int)((long)n * task / tasks), end = (int)((long)n * (task + 1) / tasks); i < end; i++)
            {
                var distance = TensorPrimitives.Distance(center, new ReadOnlySpan<float>(rows + (long)i * d, d));
                nearest[i] = Math.Min(nearest[i], distance * distance);
            }
        });
    }

    private static int Draw(FaissRandom random, float[] nearest, ReadOnlySpan<int> taken)
    {
        var total = 0.0;
        foreach (var distance in nearest)
            total += distance;

        var threshold = random.NextDouble() * total;
        var sum = 0.0;
        for (var i = 0; i < nearest.Length; i++)
        {
            sum += nearest[i];
            if (nearest[i] > 0 && sum >= threshold)
                return i;
        }

        // Fewer distinct vectors than centroids: any other will do, k-means splits what stays empty.
        var free = random.NextInt(nearest.Length);
        while (taken.Contains(free))
            free = (free + 1) % nearest.Length;

        return free;
    }
}
