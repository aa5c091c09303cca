namespace FaissNet;

// The inverted lists of an IVF by themselves.
public abstract partial class VectorIndex
{
    /// <summary>The ids in one inverted list, in the order in which they are stored. FAISS's <c>invlists.get_ids</c>.</summary>
    /// <param name="list">The number of the list.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such list.</exception>
    /// <exception cref="NotSupportedException">The index is no IVF itself: ask the one inside its wrappers.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public long[] GetListIds(int list) => Reading(() => GetListIdsCore(RequireList(list)));

    /// <summary>The codes in one inverted list, in the order of <see cref="GetListIds"/>: of IVFFlat the vectors as they are. FAISS's
    /// <c>invlists.get_codes</c>.</summary>
    /// <param name="list">The number of the list.</param>
    /// <returns>As many bytes per vector as <see cref="IndexDescription.CodeSize"/> says. These are what <see cref="Encode(ReadOnlySpan{float})"/>
    /// writes behind the number of the list.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such list.</exception>
    /// <exception cref="NotSupportedException">The index is no IVF itself, or stores more than codes of a fixed size in its lists.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public byte[] GetListCodes(int list) => Reading(() => GetListCodesCore(RequireList(list)));

    /// <summary>
    /// The inverted lists that a search would visit for each query, nearest first. FAISS's <c>quantizer.search</c>; with an nprobe of 1 its
    /// <c>search_centroid</c>.
    /// </summary>
    /// <param name="queries">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <param name="nprobe">Lists per query.</param>
    /// <param name="lists">Receives n·nprobe numbers; -1 where an approximate quantizer finds no more. May be longer.</param>
    /// <param name="distances">Receives the n·nprobe distances of their centroids, squared with <see cref="MetricType.L2"/>. May be longer.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a component is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="nprobe"/> is less than 1 or more than there are lists.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index is no IVF itself: ask the one inside its wrappers.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void ChooseLists(ReadOnlySpan<float> queries, int nprobe, Span<long> lists, Span<float> distances)
    {
        var n = VectorArguments.CountVectors(queries, Dimension, nameof(queries));
        VectorArguments.RequireFinite(queries, Dimension, nameof(queries));
        Read();
        try
        {
            RequireTrained();
            var chosen = CountChosen(n, nprobe);
            VectorArguments.RequireLength(lists.Length, chosen, nameof(lists), "n * nprobe");
            VectorArguments.RequireLength(distances.Length, chosen, nameof(distances), "n * nprobe");
            if (n > 0)
                ChooseListsCore(queries, n, nprobe, lists[..chosen], distances[..chosen]);
        }
        finally
        {
            EndRead();
        }
    }

    /// <summary>Searches the inverted lists that the caller names, in any order. FAISS's <c>search_preassigned</c>.</summary>
    /// <param name="queries">n·<see cref="IndexBase.Dimension"/> floats.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="lists">n·nprobe numbers of lists, the same nprobe for each query; -1 for none.</param>
    /// <param name="listDistances">n·nprobe distances of their centroids as <see cref="ChooseLists"/> finds them. Encoded residuals are compared
    /// with their help, so that wrong ones give wrong distances.</param>
    /// <param name="distances">Receives n·k distances; with <see cref="MetricType.L2"/> they are squared. May be longer.</param>
    /// <param name="labels">Receives n·k ids; where fewer than k vectors are found, the rest of the row is -1. May be longer.</param>
    /// <exception cref="ArgumentException">A length does not fit, a component is not finite, or a list does not exist.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is less than 1, or there are more lists per query than in the
    /// index.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index is no IVF itself, or the native engine's fast-scan.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void SearchLists(
        ReadOnlySpan<float> queries,
        int k,
        ReadOnlySpan<long> lists,
        ReadOnlySpan<float> listDistances,
        Span<float> distances,
        Span<long> labels)
    {
        var n = VectorArguments.CountVectors(queries, Dimension, nameof(queries));
        var results = VectorArguments.CountResults(n, k, distances.Length, labels.Length);
        VectorArguments.RequireFinite(queries, Dimension, nameof(queries));
        Read();
        try
        {
            RequireTrained();
            var count = ListCountCore();
            if (n == 0)
                return;

            if (lists.Length % n != 0)
                throw new ArgumentException($"lists holds {lists.Length} numbers: expected as many for each of {n} queries.", nameof(lists));

            var nprobe = lists.Length / n;
            VectorArguments.RequireLength(listDistances.Length, CountChosen(n, nprobe), nameof(listDistances), "n * nprobe");
            foreach (var list in lists)
            {
                if (list < -1 || list >= count)
                    throw new ArgumentException($"lists holds {list}: expected -1 (none), or 0 to {count - 1}.", nameof(lists));
            }

            SearchListsCore(queries, n, k, nprobe, lists, listDistances[..lists.Length], distances[..results], labels[..results]);
        }
        finally
        {
            EndRead();
        }
    }

    /// <summary>The number of inverted lists.</summary>
    protected virtual int ListCountCore() => throw HasNoLists();

    /// <summary>The ids in a list that exists.</summary>
    protected virtual long[] GetListIdsCore(int list) => throw HasNoLists();

    /// <summary>The codes in a list that exists.</summary>
    protected virtual byte[] GetListCodesCore(int list) => throw HasNoLists();

    /// <summary>Finds the lists for n ≥ 1 queries; all arguments are valid and the index is trained.</summary>
    protected virtual void ChooseListsCore(ReadOnlySpan<float> queries, int n, int nprobe, Span<long> lists, Span<float> distances) =>
        throw HasNoLists();

    /// <summary>Searches the given lists for n ≥ 1 queries; all arguments are valid and the index is trained.</summary>
    protected virtual void SearchListsCore(
        ReadOnlySpan<float> queries,
        int n,
        int k,
        int nprobe,
        ReadOnlySpan<long> lists,
        ReadOnlySpan<float> listDistances,
        Span<float> distances,
        Span<long> labels) =>
        throw HasNoLists();

    private int CountChosen(int n, int nprobe)
    {
        var count = ListCountCore();
        return nprobe >= 1 && nprobe <= count
            ? VectorArguments.CountOutputs(n, nprobe, nameof(nprobe))
            : throw new ArgumentOutOfRangeException(nameof(nprobe), nprobe, $"nprobe is {nprobe}: expected 1 to {count}.");
    }

    private int RequireList(int list)
    {
        var count = ListCountCore();
        return list >= 0 && list < count
            ? list
            : throw new ArgumentOutOfRangeException(nameof(list), list, $"list is {list}: expected 0 to {count - 1}.");
    }

    private NotSupportedException HasNoLists() => new($"{GetType().Name} has no inverted lists of its own.");
}
