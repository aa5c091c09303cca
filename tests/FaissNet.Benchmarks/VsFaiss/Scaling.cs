namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>Two threads against one, both of the managed engine, by the wall clock.</summary>
internal static class Scaling
{
    public static IEnumerable<ThreadsRow> Measure(
        IReadOnlyList<(string Case, Frontier Frontier)> cases, int[] cpus, int rounds, Action<string> say)
    {
        if (cpus.Length < 2)
        {
            say("Two threads: this process may use one processor only.");
            yield break;
        }

        using var managed = Contender.Managed(cpu: null);
        var two = cpus[..2];
        foreach (var (name, frontier) in cases)
        {
            managed.UseThreads(1);
            frontier.Prepare(managed, batch: true);
            yield return Race($"{name}, batch", () => Run(1), () => Run(2), work: 1);

            managed.UseThreads(1);
            frontier.Prepare(managed, batch: false);
            const int Calls = 2_000;
            // Each thread makes as many calls as the one alone.
            yield return Race(
                $"{name}, one query a call on each thread",
                () => managed.Many(DataSet.K, Calls, two[..1]),
                () => managed.Many(DataSet.K, Calls, two),
                work: 2);
        }

        Sample Run(int threads)
        {
            managed.UseThreads(threads);
            return managed.Batch(DataSet.K);
        }

        ThreadsRow Race(string name, Func<Sample> one, Func<Sample> both, double work)
        {
            say($"Two threads: {name} …");
            WarmUp.Until(() => one());
            WarmUp.Until(() => both());
            var results = Duel.Run(rounds, one, both);
            return new ThreadsRow(
                name,
                rounds,
                Spread.Of(results.SelectMany(round => round.Cpp).Select(sample => sample.Wall)).Median,
                Spread.Of(results.SelectMany(round => round.CSharp).Select(sample => sample.Wall / work)).Median,
                Spread.Of(results.Select(round => work * round.Cpp.Sum(sample => sample.Wall) / round.CSharp.Sum(sample => sample.Wall))));
        }
    }
}
