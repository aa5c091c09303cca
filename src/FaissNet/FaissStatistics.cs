using FaissNet.Interop;

namespace FaissNet;

/// <summary>What inverted files did. FAISS's <c>indexIVF_stats</c>.</summary>
/// <param name="Queries">Queries answered. FAISS's <c>nq</c>.</param>
/// <param name="Lists">Lists visited. FAISS's <c>nlist</c>.</param>
/// <param name="Distances">Vectors compared. FAISS's <c>ndis</c>.</param>
/// <param name="HeapUpdates">Vectors that were nearer than one found before. FAISS's <c>nheap_updates</c>.</param>
/// <param name="QuantizationTime">Time spent on finding lists. FAISS's <c>quantization_time</c>.</param>
/// <param name="SearchTime">Time spent in them. FAISS's <c>search_time</c>.</param>
public readonly record struct IvfStatistics(
    long Queries, long Lists, long Distances, long HeapUpdates, TimeSpan QuantizationTime, TimeSpan SearchTime);

/// <summary>What product-quantized inverted files did. FAISS's <c>indexIVFPQ_stats</c>.</summary>
/// <param name="Refined">Vectors compared a second time (<c>IndexIVFPQR</c>). FAISS's <c>nrefine</c>.</param>
/// <param name="HammingPassed">Codes that passed the Hamming filter. FAISS's <c>n_hamming_pass</c>.</param>
/// <param name="SearchCycles">Cycles of the processor spent in lists, of all threads. FAISS's <c>search_cycles</c>.</param>
/// <param name="RefineCycles">Cycles spent on refining. FAISS's <c>refine_cycles</c>.</param>
public readonly record struct IvfPqStatistics(long Refined, long HammingPassed, long SearchCycles, long RefineCycles);

/// <summary>What graphs did. FAISS's <c>hnsw_stats</c>.</summary>
/// <param name="Queries">Queries answered. FAISS's <c>n1</c>.</param>
/// <param name="Exhausted">Queries that ran out of candidates. FAISS's <c>n2</c>.</param>
/// <param name="Distances">Vectors compared. FAISS's <c>ndis</c>.</param>
/// <param name="Hops">Links followed; null where this FAISS does not count them (before 1.9). FAISS's <c>nhops</c>.</param>
public readonly record struct HnswStatistics(long Queries, long Exhausted, long Distances, long? Hops);

/// <summary>
/// FAISS's own counters, beside <see cref="FaissRuntime"/>: of the whole process, all indexes and all threads since the last
/// <see cref="Reset"/>.
/// </summary>
/// <remarks>FAISS adds to them without a lock: while several threads search, they are nearly right. To measure one call, let it be the
/// only one.</remarks>
public static class FaissStatistics
{
    /// <summary>What inverted files did.</summary>
    public static IvfStatistics Ivf
    {
        get
        {
            var now = Read();
            return new(
                now.IvfQueries,
                now.IvfLists,
                now.IvfDistances,
                now.IvfHeapUpdates,
                TimeSpan.FromMilliseconds(now.IvfQuantizationMilliseconds),
                TimeSpan.FromMilliseconds(now.IvfSearchMilliseconds));
        }
    }

    /// <summary>What product-quantized inverted files did.</summary>
    public static IvfPqStatistics IvfPq
    {
        get
        {
            var now = Read();
            return new(now.IvfPqRefined, now.IvfPqHammingPassed, now.IvfPqSearchCycles, now.IvfPqRefineCycles);
        }
    }

    /// <summary>What graphs did.</summary>
    public static HnswStatistics Hnsw
    {
        get
        {
            var now = Read();
            return new(now.HnswQueries, now.HnswExhausted, now.HnswDistances, now.HnswHops < 0 ? null : now.HnswHops);
        }
    }

    /// <summary>Sets all of them to zero.</summary>
    public static void Reset() => NativeMethods.faissnet_reset_statistics().ThrowIfFailed();

    private static NativeStatistics Read()
    {
        NativeMethods.faissnet_get_statistics(out var now).ThrowIfFailed();
        return now;
    }
}
