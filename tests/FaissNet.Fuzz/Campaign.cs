using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace FaissNet.Fuzz;

/// <summary>The parent: hands out the cases, runs what looks bad once more alone, and sums up.</summary>
internal static class Campaign
{
    // A fresh process often enough that nothing can build up, and seldom enough that starting it costs little.
    private const int CasesPerChild = 500;

    public static int Run(FuzzOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("faissnet-fuzz-corpus-");
        try
        {
            Child.MakeCorpus(folder.FullName, options);
            var corpus = Corpus.Read(folder.FullName);
            return options.Write is { } target
                ? WriteCases(corpus, options, target)
                : Run(corpus, folder.FullName, options);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int Run(Corpus corpus, string folder, FuzzOptions options)
    {
        var watch = Stopwatch.StartNew();
        var outcomes = new ConcurrentBag<Outcome>();
        var findings = new ConcurrentBag<Finding>();
        var chunks = Enumerable.Range(0, (options.Count + CasesPerChild - 1) / CasesPerChild)
            .Select(i => (First: options.First + i * CasesPerChild, Count: Math.Min(CasesPerChild, options.Count - i * CasesPerChild)));
        Parallel.ForEach(chunks, new ParallelOptions { MaxDegreeOfParallelism = options.Jobs }, chunk =>
        {
            for (var (next, end) = (chunk.First, chunk.First + chunk.Count); next < end;)
            {
                var run = Child.Run(folder, options, next, end - next);
                foreach (var outcome in run.Outcomes)
                    outcomes.Add(outcome);
                if (run.Finding is not { } finding)
                    break;

                var alone = options.Count == 1 || Child.Run(folder, options, finding.Number, 1).Finding is not null;
                findings.Add(finding);
                Tell(corpus, options, finding, alone ? null : next);
                next = finding.Number + 1;
            }
        });

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{outcomes.Count + findings.Count} cases of seed {options.Seed} from {corpus.Files.Count} files in {watch.Elapsed.TotalSeconds:f0} s: " +
            $"{Count(Outcome.Accepted)} accepted by the validator, {Count(Outcome.Unrecognised)} of a type that it does not check, " +
            $"{outcomes.Count(outcome => outcome == Outcome.Refused)} refused; {Count(Outcome.Managed)} loaded by the managed engine, {Count(Outcome.Native)} by FAISS; " +
            $"{findings.Count} findings{Kinds()}."));
        return findings.IsEmpty ? 0 : 1;

        int Count(Outcome flag) => outcomes.Count(outcome => outcome.HasFlag(flag));

        string Kinds() => findings.IsEmpty
            ? ""
            : $" ({string.Join(", ", findings.GroupBy(finding => finding.Kind).Select(kind => $"{kind.Count()} {kind.Key}"))})";
    }

    private static void Tell(Corpus corpus, FuzzOptions options, Finding finding, int? onlyAfter)
    {
        var fuzzed = FuzzCase.Make(corpus, options.Seed, finding.Number);
        var how = onlyAfter is { } first ? $" (not alone: with --first {first} --count {finding.Number - first + 1})" : "";
        Console.WriteLine($"{finding.Kind.ToUpperInvariant()} {Name(options, finding.Number)}{how}: {fuzzed.Description}\n    {finding.Detail}");
        if (options.Keep is not { } folder)
            return;
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, $"{Name(options, finding.Number)}.faiss"), fuzzed.Bytes);
    }

    private static int WriteCases(Corpus corpus, FuzzOptions options, string folder)
    {
        Directory.CreateDirectory(folder);
        for (var number = options.First; number < options.First + options.Count; number++)
        {
            var fuzzed = FuzzCase.Make(corpus, options.Seed, number);
            File.WriteAllBytes(Path.Combine(folder, $"{Name(options, number)}.faiss"), fuzzed.Bytes);
            Console.WriteLine($"{Name(options, number)}: {fuzzed.Description}");
        }

        return 0;
    }

    private static string Name(FuzzOptions options, int number) => string.Create(CultureInfo.InvariantCulture, $"{options.Seed}-{number}");
}
