namespace FaissNet.Managed;

// One query on several threads.
public abstract unsafe partial class IndexIVF
{
    // Bytes of codes that are worth a thread's start.
    private const long MinBytesPerThread = 2 << 20;

    /// <summary>Answers one query by scanning its lists on several threads, if there is enough to scan. What is found does not depend on it:
    /// the k nearest, in the order of distances and ids, of what all parts found are the k nearest.</summary>
    /// <returns>Whether it was answered.</returns>
    private bool SearchOneInParallel(float* query, int k, int found, float* distances, long* labels, SearchParameters? parameters, int threads)
    {
        var nprobe = Math.Min(parameters?.NProbe ?? NProbe, NList);
        // A limit of codes holds for all lists in their order.
        if (nprobe == 1 || Count * Lists.CodeSize < 2 * MinBytesPerThread || (parameters?.MaxCodes ?? Volatile.Read(ref _maxCodes)) > 0)
            return false;

        using var scratch = Scratch.Rent();
        var lists = scratch.Ints(nprobe);
        var coarse = scratch.Floats(nprobe);
        ChooseLists(query, 1, nprobe, lists, coarse, NeedsCoarseDistances);
        var bytes = 0L;
        for (var p = 0; p < nprobe; p++)
            bytes += lists[p] < 0 ? 0 : (long)Lists.Size(lists[p]) * Lists.CodeSize;

        var parts = (int)Math.Min(Math.Min(threads, nprobe), bytes / MinBytesPerThread);
        if (parts < 2)
            return false;

        // Dealt out in turn, so that each part begins with some of the nearest lists; -1 fills the last places.
        var perPart = (nprobe + parts - 1) / parts;
        var dealt = scratch.Ints((long)parts * perPart);
        var dealtCoarse = scratch.Floats((long)parts * perPart);
        for (var i = 0; i < parts * perPart; i++)
        {
            var p = i % perPart * parts + i / perPart;
            dealt[i] = p < nprobe ? lists[p] : -1;
            dealtCoarse[i] = p < nprobe ? coarse[p] : 0;
        }

        // One more than parts: what the parts found is gathered in the last.
        var heaps = scratch.Floats((parts + 1L) * found);
        var ids = scratch.Longs((parts + 1L) * found);
        NearestHeap.Clear(heaps, ids, checked((parts + 1) * found));
        ScanParts(query, parts, perPart, dealt, dealtCoarse, found, heaps, ids, parameters?.Selector);
        var all = (long)parts * found;
        for (var i = 0L; i < all; i++)
        {
            if (ids[i] != -1)
                NearestHeap.Offer(heaps + all, ids + all, found, heaps[i], ids[i]);
        }

        NearestHeap.Sort(heaps + all, ids + all, found);
        Finish(heaps + all, ids + all, found, k, distances, labels);
        return true;
    }

    // A method of its own: the closure would be allocated on every path of the one that it stands in.
    private void ScanParts(
        float* query, int parts, int perPart, int* lists, float* coarse, int k, float* heaps, long* ids, IdSelector? selector) =>
        ManagedThreads.For(parts, part => SearchLists(new ListSearch
        {
            Queries = query,
            Count = 1,
            K = k,
            NProbe = perPart,
            Lists = lists + part * perPart,
            CoarseDistances = coarse + part * perPart,
            Distances = heaps + (long)part * k,
            Labels = ids + (long)part * k,
            Selector = selector,
        }));
}
