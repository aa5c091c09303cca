using FaissNet.Interop;

namespace FaissNet;

/// <summary>Indexes over views of the inverted lists of others, each under the name of FAISS's class
/// (<c>faiss/invlists/InvertedLists.h</c>). All of them are <see cref="FaissIndex.ViewLists"/>, which says what holds for them; a view may be shown by
/// another one.</summary>
public static class InvertedListViews
{
    /// <summary>Each list is that of all the indexes, one behind the other: shards are searched as one index without being merged. FAISS's
    /// <c>HStackInvertedLists</c>.</summary>
    /// <param name="indexes">Indexes with the same training, at least one.</param>
    /// <param name="shiftIds">Whether the ids of each index grow by the number of vectors before it, as they must where indexes were filled from id 0
    /// on.</param>
    /// <exception cref="ArgumentException"><paramref name="indexes"/> is empty, or two of them do not fit together.</exception>
    /// <inheritdoc cref="FaissIndex.ViewLists" path="/returns|/exception[not(contains(@cref, 'ArgumentException'))]"/>
    public static FaissIndex HStack(IEnumerable<FaissIndex> indexes, bool shiftIds = false)
    {
        var all = AtLeastOne(indexes);
        return all[0].ViewHeld(all, nameof(indexes), Runs, ListChoice.All, maxSize: -1);

        ListRun[] Runs()
        {
            var runs = new ListRun[all.Length];
            var before = 0L;
            for (var i = 0; i < all.Length; i++)
            {
                runs[i] = new ListRun(all[i]) { AddId = shiftIds ? before : 0 };
                before += all[i].Count;
            }

            return runs;
        }
    }

    /// <summary>The lists of one index behind those of the other: those of the first are the lists 0, 1, …, and so on. FAISS's
    /// <c>VStackInvertedLists</c>.</summary>
    /// <param name="trained">Has the centroids of all lists in this order, as many as the indexes have together; its own lists are not shown.</param>
    /// <param name="indexes">Indexes that encode as <paramref name="trained"/> does.</param>
    /// <exception cref="ArgumentException">The indexes do not have as many lists together as <paramref name="trained"/>, or something else does not fit
    /// together.</exception>
    /// <inheritdoc cref="FaissIndex.ViewLists" path="/exception[not(contains(@cref, 'ArgumentException'))]"/>
    public static FaissIndex VStack(FaissIndex trained, IEnumerable<FaissIndex> indexes)
    {
        ArgumentNullException.ThrowIfNull(trained);
        var all = AtLeastOne(indexes);
        var runs = new ListRun[all.Length];
        var at = 0;
        for (var i = 0; i < all.Length; i++)
        {
            runs[i] = new ListRun(all[i]) { At = at };
            at = checked(at + ListCount(all[i]));
        }

        return at == ListCount(trained)
            ? trained.ViewLists(runs)
            : throw new ArgumentException($"indexes have {at} lists: expected {ListCount(trained)}, as trained has.", nameof(indexes));
    }

    /// <summary>Some lists of an index, under the numbers that they have; the others are empty. FAISS's <c>SliceInvertedLists</c>, which numbers them
    /// from 0 on and so needs centroids of its own: <see cref="FaissIndex.ViewLists"/> of an index with those does that too.</summary>
    /// <param name="index">The index.</param>
    /// <param name="first">The first list.</param>
    /// <param name="end">The one behind the last.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no such lists.</exception>
    /// <inheritdoc cref="FaissIndex.ViewLists" path="/exception[not(contains(@cref, 'Argument'))]"/>
    public static FaissIndex Slice(FaissIndex index, int first, int end)
    {
        ArgumentNullException.ThrowIfNull(index);
        if (first < 0 || end < first || end > ListCount(index))
            throw new ArgumentOutOfRangeException(nameof(end), end, $"first is {first} and end is {end}: expected 0 <= first <= end <= {ListCount(index)}.");

        return index.ViewLists([new ListRun(index) { First = first, Count = end - first, At = first }]);
    }

    /// <summary>Each list is that of <paramref name="first"/>, or where that is empty, of <paramref name="second"/>. FAISS's
    /// <c>MaskedInvertedLists</c>: to put shorter lists in the place of a few that are too long.</summary>
    /// <param name="first">What is preferred.</param>
    /// <param name="second">An index with the same training.</param>
    /// <inheritdoc cref="FaissIndex.ViewLists" path="/exception"/>
    public static FaissIndex Masked(FaissIndex first, FaissIndex second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return first.ViewLists([new ListRun(first), new ListRun(second)], ListChoice.First);
    }

    /// <summary>The lists of an index that have fewer than <paramref name="maxSize"/> vectors; the others are empty. FAISS's
    /// <c>StopWordsInvertedLists</c>: lists that hold a large part of all vectors say little, and cost a search most of its time.</summary>
    /// <param name="index">The index.</param>
    /// <param name="maxSize">FAISS's <c>maxsize</c>, at least 1: a list of so many vectors is left out.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxSize"/> is less than 1.</exception>
    /// <inheritdoc cref="FaissIndex.ViewLists" path="/exception[not(contains(@cref, 'Argument'))]"/>
    public static FaissIndex StopWords(FaissIndex index, long maxSize)
    {
        ArgumentNullException.ThrowIfNull(index);
        if (maxSize < 1)
            throw new ArgumentOutOfRangeException(nameof(maxSize), maxSize, $"maxSize is {maxSize}: expected at least 1.");

        return index.ViewLists([new ListRun(index)], maxListSize: maxSize - 1);
    }

    private static FaissIndex[] AtLeastOne(IEnumerable<FaissIndex> indexes)
    {
        ArgumentNullException.ThrowIfNull(indexes);
        FaissIndex[] all = [.. indexes];
        return all.Length > 0 && !all.Contains(null)
            ? all
            : throw new ArgumentException("indexes is empty or holds a null: expected at least one index.", nameof(indexes));
    }

    private static int ListCount(FaissIndex index)
    {
        NativeMethods.faissnet_index_nlist(index.Handle, out var nlist).ThrowIfFailed();
        return checked((int)nlist);
    }
}
