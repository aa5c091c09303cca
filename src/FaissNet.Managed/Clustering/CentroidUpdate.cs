using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>Centroids as the means of their vectors. Sums run in the order of the rows, whatever the thread count, as in FAISS.</summary>
internal static class CentroidUpdate
{
    /// <param name="vectors">n·d floats.</param>
    /// <param name="assignment">The centroid of each vector.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="sizes">Receives the number of vectors per centroid; zero before.</param>
    /// <param name="centroids">Receives k·d floats; those of empty clusters become zero.</param>
    public static unsafe void Run(ReadOnlySpan<float> vectors, int[] assignment, int d, float[] sizes, float[] centroids)
    {
        Array.Clear(centroids);
        var k = sizes.Length;
        var tasks = Math.Min(k, (long)assignment.Length * d < 1 << 18 ? 1 : ManagedThreads.Count);
        fixed (float* start = vectors)
        {
            var rows = start;
            // Each task owns a range of centroids and passes over all rows.
            ManagedThreads.For(tasks, task =>
            {
                int first = (int)((long)k * task / tasks), end = (int)((long)k * (task + 1) / tasks);
                for (var i = 0; i < assignment.Length; i++)
                {
                    var c = assignment[i];
                    if (c < first || c >= end)
                        continue;

                    sizes[c]++;
                    var sum = centroids.AsSpan(c * d, d);
                    TensorPrimitives.Add(sum, new ReadOnlySpan<float>(rows + (long)i * d, d), sum);
                }

                for (var c = first; c < end; c++)
                {
                    if (sizes[c] > 0)
                    {
                        var mean = centroids.AsSpan(c * d, d);
                        TensorPrimitives.Multiply(mean, 1 / sizes[c], mean);
                    }
                }
            });
        }
    }
}
