using System.Diagnostics;

namespace FaissNet.Benchmarks.Long;

/// <summary>Many .NET threads that search one index at once: how many queries they get answered together.</summary>
internal static class CallersBenchmark
{
    private static readonly int[] s_callers = [1, 2, 4, 8];

    public static int Run(LongOptions options)
    {
        var mnist = new Mnist(options.Mnist);
        var rows = new List<string[]>();
        foreach (var native in new[] { true, false })
        {
            foreach (var description in new[] { "Flat", "IVF1024,Flat", "IVF1024,PQ49np" })
            {
                foreach (var batch in new[] { 1, 100 })
                {
                    var engine = native ? "native" : "managed";
                    if (!$"{description} {engine} {batch}".Contains(options.Match, StringComparison.Ordinal))
                        continue;

                    Console.Error.WriteLine($"{description} {engine}, {batch} queries a call …");
                    using var index = mnist.Fill(native, description);
                    if (description != "Flat")
                        index.SetParameter("nprobe", 16);

                    rows.Add([description, engine, $"{batch}", .. Measure(index, mnist, batch, options.Seconds)]);
                }
            }
        }

        TextTable.Write(
            $"Queries per second of all callers together, {Environment.ProcessorCount} threads set.",
            ["index", "engine", "queries a call", .. s_callers.Select(callers => $"{callers} callers"), "8 callers : 2"],
            rows);
        return 0;
    }

    private static string[] Measure(VectorIndex index, Mnist mnist, int batch, double seconds)
    {
        // Two rounds, forth and back, so that a machine that slows down meanwhile slows all down.
        var rates = new double[s_callers.Length];
        Rate(index, mnist, batch, 2, seconds / 4);
        foreach (var i in Enumerable.Range(0, s_callers.Length).Concat(Enumerable.Range(0, s_callers.Length).Reverse()))
            rates[i] += Rate(index, mnist, batch, s_callers[i], seconds / 2) / 2;

        return [.. rates.Select(rate => TextTable.Number(rate, "#,0")), TextTable.Number(rates[3] / rates[1], "0.00")];
    }

    private static double Rate(VectorIndex index, Mnist mnist, int batch, int callers, double seconds)
    {
        var answered = 0L;
        var start = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, callers).Select(caller => new Thread(() =>
        {
            const int k = 10;
            var (distances, labels) = (new float[batch * k], new long[batch * k]);
            for (var call = caller; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; call += callers)
            {
                var first = call * batch % (10_000 - batch + 1);
                index.Search(mnist.Queries.AsSpan(first * Mnist.D, batch * Mnist.D), k, distances, labels);
                Interlocked.Add(ref answered, batch);
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();

        foreach (var thread in threads)
            thread.Join();

        return answered / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
