namespace FaissNet.Tests.Examples;

/// <summary>The example of the README, compiled and run.</summary>
internal static class ReadmeExample
{
    public static void Run()
    {
        const int d = 64;
        var random = new Random(1);
        float[] vectors = [.. Enumerable.Range(0, 10_000 * d).Select(_ => random.NextSingle())];

        using var index = new IndexIVFPQ(d, nlist: 100, m: 8);
        index.Train(vectors); // learns the lists' centroids and the codebooks
        index.Add(vectors); // under the ids 0 to 9,999: 8 bytes each instead of 256

        var queries = vectors.AsSpan(0, 3 * d);
        SearchResult result = index.Search(queries, k: 5, new SearchParameters { NProbe = 10 });
        foreach (var (id, distance) in result[0]) // L2 distances are squared, as in FAISS
            Console.WriteLine($"{id}: {distance}");

        index.Save("vectors.faiss"); // FAISS's own format: Python's faiss reads it too
        using var loaded = FaissIndex.Load("vectors.faiss");
    }
}
