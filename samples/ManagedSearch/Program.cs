// Vector search without native code: build an index, save it in FAISS's format, load it again, search.
//
//   dotnet run -c Release --project samples/ManagedSearch
//   dotnet publish samples/ManagedSearch -c Release -r linux-x64 --self-contained   (trimmed: runs where no .NET is installed)

using System.Diagnostics;
using FaissNet;
using FaissNet.Managed;

const int d = 64, count = 20_000, queries = 100, k = 10;
var random = new Random(1);
float[] centres = [.. Enumerable.Range(0, 200 * d).Select(_ => random.NextSingle())];
var vectors = Around(centres, count);
var asked = Around(centres, queries);

using var index = IndexFactory.Create(d, "IVF128,PQ16np");
var watch = Stopwatch.StartNew();
index.Train(vectors);
index.Add(vectors);
Console.WriteLine($"{index.TypeName}: {index.Count} vectors of {d} dimensions, built in {watch.ElapsedMilliseconds} ms");

var folder = Directory.CreateTempSubdirectory("managed-search-").FullName;
Directory.SetCurrentDirectory(folder);
index.Save("search.faiss");
using var loaded = ManagedIndex.Load("search.faiss");
Console.WriteLine($"saved and loaded: {new FileInfo("search.faiss").Length / 1024} KiB, which every FAISS reads");
ReadmeExample.Run(vectors);
Directory.Delete(folder, recursive: true);

// The true neighbours, to see what the compression costs.
using var flat = new IndexFlatL2(d);
flat.Add(vectors);
var truth = flat.Search(asked, k);
foreach (var nprobe in new[] { 1, 4, 16 })
{
    watch.Restart();
    var found = loaded.Search(asked, k, new SearchParameters { NProbe = nprobe });
    var elapsed = watch.Elapsed;
    var hits = Enumerable.Range(0, queries).Sum(q => found[q].Labels.ToArray().Intersect(truth[q].Labels.ToArray()).Count());
    Console.WriteLine($"nprobe {nprobe,2}: recall@{k} {(double)hits / (queries * k):0.00}, {elapsed.TotalMilliseconds / queries * 1000:0} µs a query");
}

float[] Around(float[] points, int n)
{
    var result = new float[n * d];
    for (var i = 0; i < n; i++)
    {
        var centre = random.Next(points.Length / d);
        for (var j = 0; j < d; j++)
            result[i * d + j] = points[centre * d + j] + 0.3f * (random.NextSingle() - 0.5f);
    }

    return result;
}
