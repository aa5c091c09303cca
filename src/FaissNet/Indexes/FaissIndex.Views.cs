using FaissNet.Interop;

namespace FaissNet;

// Views of inverted lists.
public partial class FaissIndex
{
    /// <summary>
    /// A new index with the training of this one, whose inverted lists are those of other indexes, where they are: in memory, mapped, on disk.
    /// Nothing is copied but centroids, codebooks and precomputed tables; for a moment all of this index where its codes are of another kind than flat, PQ
    /// and SQ. FAISS's <c>HStackInvertedLists</c>, <c>VStackInvertedLists</c>, <c>SliceInvertedLists</c>,
    /// <c>MaskedInvertedLists</c> and <c>StopWordsInvertedLists</c>; <see cref="InvertedListViews"/> has each by its name.
    /// </summary>
    /// <remarks>
    /// <para>While the view lives, neither it nor the indexes that it shows can be changed, which throws <see cref="NotSupportedException"/>. Those may be
    /// disposed of before it: their lists stay until it is. Saving and cloning it make an index of its own of what it shows, as
    /// <see cref="MoveListsToDisk"/> does of the view itself.</para>
    /// <para>Views can be shards and replicas, as many as there are and beside indexes with lists of their own; nothing can be added to or removed from
    /// such a whole and its parts then.</para>
    /// <para>A list that is put together from several is copied for each search that visits it, as in FAISS.</para>
    /// </remarks>
    /// <param name="runs">The lists to show; lists that none of them shows are empty. This index may be among the sources.</param>
    /// <param name="choice">What a list is where several runs show one.</param>
    /// <param name="maxListSize">Lists of more vectors are empty in the view; null for no limit.</param>
    /// <returns>An index of this one's class.</returns>
    /// <exception cref="ArgumentException">A source has another type, dimension, metric or training, or other centroids for the lists that it is to show.
    /// Or it is a part of another index.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A list does not exist, or a number is negative.</exception>
    /// <exception cref="InvalidOperationException">This index is not trained.</exception>
    /// <exception cref="NotSupportedException">This index is no IVF, or fast-scan, which keeps its lists in blocks.</exception>
    /// <exception cref="ObjectDisposedException">One of the indexes was disposed.</exception>
    public FaissIndex ViewLists(IEnumerable<ListRun> runs, ListChoice choice = ListChoice.All, long? maxListSize = null)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ListRun[] all = [.. runs];
        if (Array.Exists(all, run => run?.Source is null))
            throw new ArgumentException("runs holds a null, or a run without a source.", nameof(runs));

        if (choice is not (ListChoice.All or ListChoice.First))
            throw new ArgumentOutOfRangeException(nameof(choice), choice, $"choice is {choice}: expected {ListChoice.All} or {ListChoice.First}.");

        if (maxListSize < 0)
            throw new ArgumentOutOfRangeException(nameof(maxListSize), maxListSize, $"maxListSize is {maxListSize}: expected at least 0, or null.");

        return ViewHeld(Array.ConvertAll(all, run => run.Source), nameof(runs), () => all, choice, maxListSize ?? -1);
    }

    /// <summary>The same, of runs that may depend on the sources, which nobody changes meanwhile.</summary>
    internal FaissIndex ViewHeld(FaissIndex[] sources, string name, Func<ListRun[]> runs, ListChoice choice, long maxSize)
    {
        FaissIndex? view = null;
        ReadingWith(sources, name, () => view = ViewListsCore(runs(), choice, maxSize));
        return view!;
    }

    private unsafe FaissIndex ViewListsCore(ListRun[] runs, ListChoice choice, long maxSize)
    {
        // The sources are held until this is over.
        var lists = ListCountOf(this);
        var native = new NativeListRun[runs.Length];
        for (var i = 0; i < runs.Length; i++)
        {
            var run = runs[i];
            var there = ListCountOf(run.Source);
            var count = run.Count ?? Math.Max(0, there - run.First);
            if (run.First < 0 || count < 0 || count > there - run.First)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(runs), $"Run {i} shows {count} lists from {run.First} on: its source has {there}.");
            }

            if (run.At < 0 || count > lists - run.At)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(runs), $"Run {i} shows {count} lists as those from {run.At} on: there are {lists}.");
            }

            if (run.AddId < 0)
                throw new ArgumentOutOfRangeException(nameof(runs), $"The AddId of run {i} is {run.AddId}: expected at least 0.");

            native[i] = new NativeListRun
            {
                Source = (void*)run.Source.Handle.DangerousGetHandle(),
                First = run.First,
                Count = count,
                At = run.At,
                AddId = run.AddId,
            };
        }

        fixed (NativeListRun* first = native)
        {
            NativeMethods.faissnet_index_view_lists(Handle, native.Length, first, (int)choice, maxSize, out var handle).ThrowIfFailed();
            return Wrap(handle);
        }
    }

    // Also of an IVF behind transforms.
    private static long ListCountOf(FaissIndex index)
    {
        NativeMethods.faissnet_index_nlist(index.Handle, out var nlist).ThrowIfFailed();
        return nlist;
    }
}
