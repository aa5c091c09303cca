namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>The indexes that all sides load: trained and filled by FAISS once, and kept.</summary>
internal sealed class IndexStore(string peer, string version, Action<string> say)
{
    /// <summary>The file of an index over the whole base.</summary>
    public string Filled(DataSet data, string factory)
    {
        var file = Path.Combine(Repository.Work, $"{data.Name}-{factory.Replace(',', '-')}-by-{version}.faiss");
        if (!File.Exists(file))
        {
            say($"Building {factory} on {data.Name} with FAISS {version} …");
            // A process of its own, with all processors.
            using var process = FaissProcess.Start(peer, peer, bestBlas: true);
            process.Ask(FormattableString.Invariant($"base {data.BaseCount} {data.Dimension} {data.BaseFile}"));
            process.Ask($"build {factory} {file}");
        }

        return file;
    }

    /// <summary>The file of the same index before anything was added.</summary>
    public string Trained(DataSet data, string factory) => $"{Filled(data, factory)}.trained";

    /// <summary>The centroids of a product quantizer that FAISS trained with the base itself.</summary>
    public string Centroids(DataSet data, int m, int n)
    {
        var file = Path.Combine(Repository.Work, $"{data.Name}-PQ{m}-{n}-by-{version}.centroids");
        if (!File.Exists(file))
        {
            say($"Training PQ{m} on {data.Name} with FAISS {version} …");
            using var contender = Contender.Faiss(peer, null);
            contender.UseBase(data);
            contender.TrainProductQuantizer(m, 8, n, file);
        }

        return file;
    }

    /// <summary>What FAISS finds.</summary>
    public Found Search(DataSet data, string factory, int k)
    {
        using var contender = Contender.Faiss(peer, null);
        contender.Load(Filled(data, factory), data, data.QueryCount);
        return contender.Results(k);
    }
}
