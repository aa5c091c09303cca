namespace FaissNet.Managed;

/// <summary>FAISS's <c>fvecs_maybe_subsample</c> (<c>faiss/utils/utils.cpp</c>).</summary>
internal static class TrainingSubset
{
    /// <summary>The vectors if they are few enough, else so many of them, drawn without repetition.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <param name="n">The number of vectors; becomes the number taken.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="maximum">Vectors that are enough.</param>
    /// <param name="seed">Seed of the draw.</param>
    public static ReadOnlySpan<float> Take(ReadOnlySpan<float> vectors, scoped ref int n, int d, long maximum, long seed = 1234)
    {
        if (n <= maximum)
            return vectors;

        var permutation = FaissRandom.Permutation(n, seed);
        n = (int)maximum;
        var subset = GC.AllocateUninitializedArray<float>(n * d);
        for (var i = 0; i < n; i++)
            vectors.Slice(permutation[i] * d, d).CopyTo(subset.AsSpan(i * d));

        return subset;
    }
}
