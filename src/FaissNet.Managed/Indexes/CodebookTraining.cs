namespace FaissNet.Managed;

/// <summary>What inverted files have in common that train a product quantizer.</summary>
internal static class CodebookTraining
{
    /// <summary>FAISS's sample of training vectors (<c>fvecs_maybe_subsample</c>): the first of a permutation if there are too many, else all in
    /// their order. Always a copy.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="quantizer">What is to be trained.</param>
    /// <param name="n">The number of vectors; receives that of the sample.</param>
    public static float[] Sample(ReadOnlySpan<float> vectors, int d, ProductQuantizer quantizer, ref int n)
    {
        var parameters = quantizer.ClusteringParameters;
        var count = (int)Math.Min(n, (long)parameters.MaxPointsPerCentroid * quantizer.KSub);
        var sample = GC.AllocateUninitializedArray<float>(checked(count * d));
        var permutation = count < n ? FaissRandom.Permutation(n, parameters.Seed) : null;
        for (var i = 0; i < count; i++)
        {
            var row = permutation is null ? i : permutation[i];
            vectors.Slice(row * d, d).CopyTo(sample.AsSpan(i * d));
        }

        n = count;
        return sample;
    }
}
