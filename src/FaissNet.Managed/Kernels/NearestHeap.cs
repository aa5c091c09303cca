using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FaissNet.Managed;

/// <summary>
/// The k nearest of what was offered, as a binary heap in two arrays with the farthest on top (<c>faiss/utils/Heap.h</c>). Smaller is
/// nearer: similarities are offered negated. Of equal distances the smaller id is nearer, so that what is kept depends on what was offered
/// and never on the order, as of threads.
/// </summary>
internal static unsafe class NearestHeap
{
    /// <summary>Makes the heap empty: k places at infinity with the id -1, which sorts behind every other.</summary>
    public static void Clear(float* distances, long* ids, int k)
    {
        new Span<float>(distances, k).Fill(float.PositiveInfinity);
        new Span<long>(ids, k).Fill(-1);
    }

    /// <summary>Keeps a vector if it is nearer than the farthest kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Offer(float* distances, long* ids, int k, float distance, long id)
    {
        if (IsNearer(distance, id, distances[0], ids[0]))
            ReplaceTop(distances, ids, k, distance, id);
    }

    /// <summary>Keeps of many vectors those that are nearer than the farthest kept.</summary>
    /// <param name="distances">The heap's distances.</param>
    /// <param name="ids">The heap's ids.</param>
    /// <param name="k">Places in the heap.</param>
    /// <param name="offered">The distances of count vectors.</param>
    /// <param name="offeredIds">Their ids; null where they follow each other from <paramref name="firstId"/>.</param>
    /// <param name="firstId">The id of the first, where <paramref name="offeredIds"/> is null.</param>
    /// <param name="count">The number of vectors.</param>
    /// <param name="selector">Only these ids count; null for all.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfferMany(
        float* distances, long* ids, int k, float* offered, long* offeredIds, long firstId, int count, IdSelector? selector)
    {
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - 32; i += 32)
            {
                var top = Vector256.Create(distances[0]);
                var near = Vector256.LessThanOrEqual(Vector256.Load(offered + i), top).ExtractMostSignificantBits()
                    | Vector256.LessThanOrEqual(Vector256.Load(offered + i + 8), top).ExtractMostSignificantBits() << 8
                    | Vector256.LessThanOrEqual(Vector256.Load(offered + i + 16), top).ExtractMostSignificantBits() << 16
                    | Vector256.LessThanOrEqual(Vector256.Load(offered + i + 24), top).ExtractMostSignificantBits() << 24;
                for (; near != 0; near &= near - 1)
                    OfferAt(i + BitOperations.TrailingZeroCount(near));
            }
        }

        for (; i < count; i++)
            OfferAt(i);

        void OfferAt(int j)
        {
            var id = offeredIds is null ? firstId + j : offeredIds[j];
            if (IsNearer(offered[j], id, distances[0], ids[0]) && (selector is null || selector.Contains(id)))
                ReplaceTop(distances, ids, k, offered[j], id);
        }
    }

    /// <summary>Whether the first is nearer than the second. An empty place is the farthest of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsNearer(float distance, long id, float otherDistance, long otherId) =>
        distance < otherDistance || (distance == otherDistance && (ulong)id < (ulong)otherId);

    /// <summary>Puts a vector in the place of the farthest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ReplaceTop(float* distances, long* ids, int k, float distance, long id)
    {
        var i = 0;
        while (true)
        {
            var child = 2 * i + 1;
            if (child >= k)
                break;

            if (child + 1 < k && IsNearer(distances[child], ids[child], distances[child + 1], ids[child + 1]))
                child++;

            if (!IsNearer(distance, id, distances[child], ids[child]))
                break;

            (distances[i], ids[i]) = (distances[child], ids[child]);
            i = child;
        }

        (distances[i], ids[i]) = (distance, id);
    }

    /// <summary>Sorts the heap, nearest first, and ends it as one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sort(float* distances, long* ids, int k)
    {
        for (var length = k; length > 1; length--)
        {
            var (distance, id) = (distances[0], ids[0]);
            ReplaceTop(distances, ids, length - 1, distances[length - 1], ids[length - 1]);
            (distances[length - 1], ids[length - 1]) = (distance, id);
        }
    }

    /// <summary>Sorted neighbours as a caller expects them: similarities as they are, and FAISS's padding.</summary>
    public static void Finish(float* distances, long* ids, int k, MetricType metric)
    {
        Sort(distances, ids, k);
        FinishSorted(distances, ids, k, metric);
    }

    /// <summary>What <see cref="Finish"/> does after sorting.</summary>
    public static void FinishSorted(float* distances, long* ids, int k, MetricType metric)
    {
        var worst = metric == MetricType.InnerProduct ? float.MinValue : float.MaxValue;
        for (var i = 0; i < k; i++)
        {
            if (ids[i] == -1)
                distances[i] = worst;
            else if (metric == MetricType.InnerProduct)
                distances[i] = -distances[i];
        }
    }
}
