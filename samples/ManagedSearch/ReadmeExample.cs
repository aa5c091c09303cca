using FaissNet;
using FaissNet.Managed;

/// <summary>The README's example of the managed engine, which a test holds against it.</summary>
internal static class ReadmeExample
{
    public static void Run(float[] vectors)
    {
        using var index = IndexFactory.Create(d: 64, "IVF100,PQ8np");
        index.Train(vectors);
        index.Add(vectors);
        index.Save("vectors.faiss"); // the same format: FAISS reads it, and this engine reads FAISS's
        using var mapped = ManagedIndex.LoadMapped("vectors.faiss"); // lists stay in the file: it may be larger than the memory
        var hits = mapped.Search(vectors.AsSpan(0, 64), k: 5, new SearchParameters { NProbe = 10 })[0];
    }
}
