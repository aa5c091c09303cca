namespace FaissNet.Managed;

/// <summary>FAISS's <c>fvecs_maybe_subsample</c> (<c>faiss/utils/utils.cpp</c>).</summary>
internal static class TrainingSubset
{
    // That of FAISS's samples.
    private const long Seed = 1234;

    /// <summary>The vectors if they are few enough, else so many of them, drawn without repetition.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <param name="n">The number of vectors; becomes the number taken.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="maximum">Vectors that are enough.</param>
    /// <param name="cancellationToken">Ends the copying of those that are taken.</param>
    public static ReadOnlySpan<float> Take(ReadOnlySpan<float> vectors, scoped ref int n, int d, long maximum, CancellationToken cancellationToken) =>
        n <= maximum ? vectors : Copy(vectors, ref n, d, maximum, Seed, cancellationToken);

    /// <summary>The same, always a copy: the first of a permutation if there are too many, else all in their order.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <param name="n">The number of vectors; becomes the number taken.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="maximum">Vectors that are enough.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <param name="cancellationToken">Ends the copying.</param>
    public static float[] Copy(ReadOnlySpan<float> vectors, scoped ref int n, int d, long maximum, long seed, CancellationToken cancellationToken)
    {
        var permutation = n <= maximum ? null : FaissRandom.Permutation(n, seed);
        n = (int)Math.Min(n, maximum);
        var subset = GC.AllocateUninitializedArray<float>(checked(n * d));
        for (var i = 0; i < n; i++)
        {
            cancellationToken.ThrowIfCancelledAt(i);
            var row = permutation is null ? i : permutation[i];
            vectors.Slice(row * d, d).CopyTo(subset.AsSpan(i * d));
        }

        return subset;
    }
}
