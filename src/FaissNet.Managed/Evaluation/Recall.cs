namespace FaissNet.Evaluation;

/// <summary>How much of the truth a search found.</summary>
public static class Recall
{
    /// <summary>The share of queries whose nearest neighbour came first: recall@1.</summary>
    /// <param name="found">n·<paramref name="foundK"/> ids that a search returned, nearest first.</param>
    /// <param name="foundK">The columns of <paramref name="found"/>.</param>
    /// <param name="truth">n·<paramref name="truthK"/> ids of the exact neighbours, nearest first.</param>
    /// <param name="truthK">The columns of <paramref name="truth"/>.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentException">A length is no multiple of its columns, or the two are not of the same n ≥ 1 queries.</exception>
    public static double At1(ReadOnlySpan<long> found, int foundK, ReadOnlySpan<long> truth, int truthK) =>
        AtK(found, foundK, truth, truthK, 1);

    /// <summary>
    /// recall@k by intersection: of the k true neighbours the share that is among the k first ones found, averaged over the queries.
    /// </summary>
    /// <param name="found">n·<paramref name="foundK"/> ids that a search returned, nearest first; -1 counts as nothing found.</param>
    /// <param name="foundK">The columns of <paramref name="found"/>.</param>
    /// <param name="truth">n·<paramref name="truthK"/> ids of the exact neighbours, nearest first.</param>
    /// <param name="truthK">The columns of <paramref name="truth"/>.</param>
    /// <param name="k">1 to <paramref name="truthK"/>. If <paramref name="foundK"/> is smaller, what is missing was not found.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentException">A length is no multiple of its columns, or the two are not of the same n ≥ 1 queries.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> or a number of columns is out of range.</exception>
    public static double AtK(ReadOnlySpan<long> found, int foundK, ReadOnlySpan<long> truth, int truthK, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(foundK, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(truthK, 1);
        if (k < 1 || k > truthK)
            throw new ArgumentOutOfRangeException(nameof(k), k, $"k is {k}: expected 1 to {truthK}, the neighbours per query in the truth.");

        var n = truth.Length / truthK;
        if (n == 0 || truth.Length != (long)n * truthK || found.Length != (long)n * foundK)
        {
            throw new ArgumentException(
                $"found holds {found.Length} ids in rows of {foundK}, truth {truth.Length} in rows of {truthK}: expected the same number of rows, at least one.");
        }

        var columns = Math.Min(k, foundK);
        long hits = 0;
        var wanted = new HashSet<long>(k);
        for (var i = 0; i < n; i++)
        {
            foreach (var id in truth.Slice(i * truthK, k))
                wanted.Add(id);

            // Taken out when hit: an id that an index holds twice is one neighbour.
            wanted.Remove(-1);
            foreach (var id in found.Slice(i * foundK, columns))
                hits += wanted.Remove(id) ? 1 : 0;

            wanted.Clear();
        }

        return hits / ((double)n * k);
    }
}
