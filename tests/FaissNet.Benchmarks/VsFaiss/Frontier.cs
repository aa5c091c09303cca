using System.Globalization;

namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>Where an index with refinement is searched.</summary>
/// <param name="Factory">The index.</param>
/// <param name="NProbe">Lists.</param>
/// <param name="KFactor">Candidates per neighbour to refine; 0: an index of exact distances, without refinement.</param>
/// <param name="Recall">recall@10 with all queries.</param>
internal sealed record Setting(string Factory, int NProbe, int KFactor, double Recall)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Factory} nprobe {NProbe}{(KFactor > 0 ? $" k_factor {KFactor}" : "")}: recall {Recall:F4}");
}

/// <summary>
/// The fastest search that reaches a recall: each side with the index and at the settings that are best for it. FAISS's are fast-scan
/// with refinement: its other searches of these data are several times slower at that recall.
/// </summary>
internal sealed class Frontier(DataSet data, int[] nprobes, string[] factories, string[] managedFactories, IndexStore store)
{
    private const double LeastRecall = 0.95;

    private static readonly int[] KFactors = [2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 32, 40, 64];

    // Where the recall is reached: for each index and number of lists with the fewest candidates.
    private readonly Dictionary<Contender, Setting[]> _sufficient = [];
    private readonly Dictionary<(Contender Side, bool Batch), Setting> _best = [];

    public IEnumerable<Row> Rows()
    {
        yield return Row("frontier, batch", batch: true) with { Measure = (side, _) => side.Batch(DataSet.K) };
        yield return Row("frontier, one query", batch: false) with { Measure = (side, calls) => side.Single(DataSet.K, calls), HasCalls = true };
    }

    /// <summary>Brings a side to its best settings.</summary>
    public void Prepare(Contender side, bool batch)
    {
        if (!_best.TryGetValue((side, batch), out var best))
            _best[(side, batch)] = best = Tune(side, batch);

        Apply(side, best);
    }

    private Row Row(string task, bool batch) => new("frontier", task, $"{data.Name}, recall@10 ≥ 0.95, {(batch ? "10,000 queries" : "one query")}", 1, 2)
    {
        Prepare = side => Prepare(side, batch),
        Measure = (_, _) => default,
        // Both are at 0.95 at least, or there would be no setting.
        Compare = (faiss, managed) => new Agreement(true, $"{_best[(faiss, batch)]} / {_best[(managed, batch)]}"),
    };

    private Setting Tune(Contender side, bool batch)
    {
        const int Calls = 500;
        if (!_sufficient.TryGetValue(side, out var settings))
            _sufficient[side] = settings = Sufficient(side);

        return settings
            .Select(setting =>
            {
                Apply(side, setting);
                return (Setting: setting, Seconds: Enumerable.Range(0, 2).Min(_ => batch ? side.Batch(DataSet.K).Cpu : side.Single(DataSet.K, Calls).Cpu));
            })
            .MinBy(timed => timed.Seconds)
            .Setting;
    }

    private Setting[] Sufficient(Contender side)
    {
        var indexes = side.Build.Variant == Worker.Variant ? managedFactories : factories;
        Setting[] settings = [.. indexes.SelectMany(factory => nprobes.Select(nprobe => Cheapest(side, factory, nprobe)).OfType<Setting>())];
        return settings.Length > 0
            ? settings
            : throw new InvalidOperationException($"No setting on {data.Name} reaches a recall of {LeastRecall}.");
    }

    // Recall grows with the number of candidates.
    private Setting? Cheapest(Contender side, string factory, int nprobe)
    {
        if (!factory.EndsWith(",RFlat", StringComparison.Ordinal))
        {
            var unrefined = Measured(side, new Setting(factory, nprobe, 0, 0));
            return unrefined.Recall >= LeastRecall ? unrefined : null;
        }

        var (low, high) = (0, KFactors.Length);
        Setting? found = null;
        while (low < high)
        {
            var middle = (low + high) / 2;
            var setting = Measured(side, new Setting(factory, nprobe, KFactors[middle], 0));
            if (setting.Recall >= LeastRecall)
                (high, found) = (middle, setting);
            else
                low = middle + 1;
        }

        return found;
    }

    private Setting Measured(Contender side, Setting setting)
    {
        Apply(side, setting);
        return setting with { Recall = data.Recall(side.Results(DataSet.K), store) };
    }

    private void Apply(Contender side, Setting setting)
    {
        side.Load(store.Filled(data, setting.Factory), data, data.QueryCount);
        side.Set("nprobe", setting.NProbe);
        if (setting.KFactor > 0)
            side.Set("k_factor_rf", setting.KFactor);
    }
}
