namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>Searches of one index file by both sides.</summary>
internal static class SearchRows
{
    // Enough to fill every cache and block of a batch; a Flat search compares each with the whole base.
    private const int BatchQueries = 4_000;
    private const int FlatQueries = 1_000;

    public static IEnumerable<Row> All(DataSet mnist, DataSet words, IndexStore store)
    {
        const string Long = "IVFPQ 8-bit, M ≥ 20";
        const string Short = "IVFPQ 8-bit, M ≤ 16";
        (DataSet Data, int[] NProbes)[] sets = [(words, [16, 64]), (mnist, [8, 16])];
        (DataSet Data, string Factory, string Task, double Bar, double Aim)[] pq =
        [
            (words, "IVF1024,PQ20np", Long, 4, 10),
            (words, "IVF1024,PQ50np", Long, 4, 10),
            (mnist, "IVF256,PQ56np", Long, 4, 10),
            (mnist, "IVF256,PQ16np", Short, 2.5, 4),
            (mnist, "IVF256,PQ8np", Short, 2.5, 4),
        ];
        foreach (var (data, factory, task, bar, aim) in pq)
        {
            foreach (var nprobe in NProbes(data))
            {
                yield return Batch("ivfpq", task, data, factory, nprobe, bar, aim, store);
                yield return Single("ivfpq", task, data, factory, nprobe, bar, aim, store);
            }
        }

        foreach (var (data, factory, _, _, _) in pq)
        {
            // The other one, with AVX-512, says what nprobe does.
            foreach (var nprobe in NProbes(data).Take(1))
            {
                yield return Batch("narrow", "IVFPQ 8-bit, AVX-512 off", data, factory, nprobe, 2, 4, store) with { Code = CodePath.NoAvx512 };
                yield return Batch("narrow", "IVFPQ 8-bit, scalar code", data, factory, nprobe, 2, 3, store) with { Code = CodePath.Scalar };
            }
        }

        // FAISS takes these of vectors by default, and with an r of residuals, as its other PQ indexes do.
        foreach (var (data, factory) in new[]
            { (words, "IVF1024,PQ50x4fs"), (mnist, "IVF256,PQ112x4fs"), (words, "IVF1024,PQ50x4fsr"), (mnist, "IVF256,PQ112x4fsr") })
        {
            foreach (var nprobe in NProbes(data))
            {
                yield return Batch("fastscan", "4-bit fast-scan, batch", data, factory, nprobe, 3, 6, store) with { Compare = Recalls(data, store) };
                yield return Single("fastscan", "4-bit fast-scan, one query", data, factory, nprobe, 2, 4, store) with { Compare = Recalls(data, store) };
            }
        }

        foreach (var (data, factory) in new[] { (words, "IVF1024,Flat"), (mnist, "IVF256,Flat") })
        {
            foreach (var nprobe in NProbes(data))
            {
                yield return Batch("ivfflat", "IVFFlat, batch", data, factory, nprobe, 3, 6, store);
                yield return Single("ivfflat", "IVFFlat, one query", data, factory, nprobe, 0.8, 1.2, store);
            }
        }

        foreach (var (data, _) in sets)
        {
            yield return Batch("flat", "Flat, batch", data, "Flat", 0, 1.1, 1.25, store);
            yield return Single("flat", "Flat, one query", data, "Flat", 0, 0.8, 1.2, store);
        }

        int[] NProbes(DataSet data) => sets.Single(set => set.Data == data).NProbes;
    }

    private static Row Batch(
        string section, string task, DataSet data, string factory, int nprobe, double bar, double aim, IndexStore store)
    {
        var queries = nprobe == 0 ? FlatQueries : BatchQueries;
        return new Row(section, task, Case(data, factory, nprobe, $"{queries:N0} queries"), bar, aim)
        {
            Prepare = side => Prepare(side, data, factory, nprobe, queries, store),
            Measure = (side, _) => side.Batch(DataSet.K),
            Compare = (faiss, managed) => Agreement.OfSearches(faiss.Results(DataSet.K), managed.Results(DataSet.K), data, store),
        };
    }

    private static Row Single(
        string section, string task, DataSet data, string factory, int nprobe, double bar, double aim, IndexStore store) =>
        Batch(section, task, data, factory, nprobe, bar, aim, store) with
        {
            Case = Case(data, factory, nprobe, "one query"),
            Measure = (side, calls) => side.Single(DataSet.K, calls),
            HasCalls = true,
        };

    // Its distances are quantised in FAISS and exact here, so neighbours of nearly the same distance may change places.
    private static Func<Contender, Contender, Agreement> Recalls(DataSet data, IndexStore store) =>
        (faiss, managed) => Agreement.OfRecall(faiss.Results(DataSet.K), managed.Results(DataSet.K), data, store);

    private static void Prepare(Contender side, DataSet data, string factory, int nprobe, int queries, IndexStore store)
    {
        side.Load(store.Filled(data, factory), data, queries);
        if (nprobe > 0)
            side.Set("nprobe", nprobe);
    }

    private static string Case(DataSet data, string factory, int nprobe, string what) =>
        $"{data.Name} {factory}{(nprobe > 0 ? $", nprobe {nprobe}" : "")}, {what}";
}
