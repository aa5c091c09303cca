namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>Training, encoding and adding.</summary>
internal static class TrainingRows
{
    // A product quantizer of 256 centroids trains with no more.
    private const int TrainingVectors = 256 * 256;

    // The coarse quantizer of an IVF index.
    private const int CoarseIterations = 10;

    public static IEnumerable<Row> All(DataSet mnist, DataSet words, IndexStore store)
    {
        yield return Train(mnist, 56, mnist.BaseCount);
        yield return Train(words, 20, TrainingVectors);
        yield return Cluster(mnist, 256);
        yield return Cluster(words, 1024);
        yield return Encode(mnist, 56, 10_000, store);
        yield return Encode(words, 20, 50_000, store);
        yield return Add(mnist, "IVF256,PQ56np", 10_000, store);
        yield return Add(words, "IVF1024,PQ20np", 50_000, store);
    }

    private static Row Train(DataSet data, int m, int n)
    {
        var errors = new Dictionary<Contender, double>();
        return new Row("pq-train", "PQ training", $"{data.Name} M={m}, {n:N0} vectors", 1.6, 2.5)
        {
            WarmsUp = false,
            Prepare = side => side.UseBase(data),
            Measure = (side, _) =>
            {
                var file = Path.Combine(Repository.Work, "centroids.tmp");
                (var sample, errors[side]) = side.TrainProductQuantizer(m, 8, n, file);
                File.Delete(file);
                return sample;
            },
            Compare = (faiss, managed) => Agreement.OfObjectives(errors[faiss], errors[managed]),
        };
    }

    private static Row Cluster(DataSet data, int nlist)
    {
        var objectives = new Dictionary<Contender, double>();
        return new Row("kmeans", "coarse k-means", $"{data.Name} nlist={nlist}", 1.2, 1.5)
        {
            WarmsUp = false,
            Prepare = side => side.UseBase(data),
            Measure = (side, _) =>
            {
                (var sample, objectives[side]) = side.TrainClustering(nlist, CoarseIterations);
                return sample;
            },
            Compare = (faiss, managed) => Agreement.OfObjectives(objectives[faiss], objectives[managed]),
        };
    }

    private static Row Encode(DataSet data, int m, int n, IndexStore store)
    {
        var centroids = new Lazy<string>(() => store.Centroids(data, m, Math.Min(data.BaseCount, TrainingVectors)));
        return new Row("encode", "PQ encode", $"{data.Name} M={m}, {n:N0} vectors", 8, 12)
        {
            Prepare = side => side.UseBase(data),
            Measure = (side, _) => side.Encode(m, 8, n, centroids.Value).Sample,
            Compare = (faiss, managed) => Agreement.OfCodes(
                faiss.Encode(m, 8, n, centroids.Value).Codes, managed.Encode(m, 8, n, centroids.Value).Codes),
        };
    }

    private static Row Add(DataSet data, string factory, int n, IndexStore store)
    {
        Found Search(Contender side)
        {
            side.AddAndKeep(store.Trained(data, factory), data, n, queryCount: 1_000);
            side.Set("nprobe", 16);
            return side.Results(DataSet.K);
        }

        return new Row("add", "whole Add", $"{data.Name} {factory}, {n:N0} vectors", 8, 12)
        {
            Prepare = side => side.UseBase(data),
            Measure = (side, _) => side.Add(store.Trained(data, factory), n),
            // Their searches tell whether the lists and the codes are the same.
            Compare = (faiss, managed) => Agreement.OfSearches(Search(faiss), Search(managed)),
        };
    }
}
