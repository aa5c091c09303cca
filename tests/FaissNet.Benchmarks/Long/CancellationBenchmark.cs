using System.Diagnostics;

namespace FaissNet.Benchmarks.Long;

/// <summary>How long a call goes on after it was cancelled, at several points of its way.</summary>
internal static class CancellationBenchmark
{
    private static readonly int[] s_after = [50, 150, 300, 500, 700, 1000, 1500, 2500, 5000, 10_000, 20_000];

    // 2 GB of vectors, and as much again while they move.
    private const int MostAdded = 600_000;

    // Call tells from when on the milliseconds count.
    private sealed record Case(string Name, string Index, Func<bool, string, VectorIndex> Prepare, Action<VectorIndex, Action, CancellationToken> Call);

    public static int Run(LongOptions options)
    {
        var mnist = new Mnist(options.Mnist);
        var rows = new List<string[]>();
        foreach (var native in new[] { true, false })
        {
            foreach (var item in Cases(mnist, native))
            {
                var engine = native ? "native" : "managed";
                if ($"{item.Name} {item.Index} {engine}".Contains(options.Match, StringComparison.Ordinal))
                    rows.Add([item.Name, item.Index, engine, .. Measure(native, item)]);
            }
        }

        TextTable.Write("Milliseconds from the cancellation to the exception.", ["call", "index", "engine", "cancelled", "median", "most"], rows);
        return 0;
    }

    private static IEnumerable<Case> Cases(Mnist mnist, bool native)
    {
        foreach (var index in Trained(native))
        {
            yield return new("train", index, Mnist.Create, (target, start, token) =>
            {
                start();
                target.Train(mnist.Base, cancellationToken: token);
            });
        }

        // What lies between the k-means of the lists and those of the codes.
        foreach (var index in (string[])["IVF1024,PQ49np", "IVF1024,SQ8"])
        {
            yield return new("train, after the lists", index, Mnist.Create, (target, start, token) =>
            {
                target.Train(mnist.Base, new StageEnd(IndexStage.TrainingCoarse, start), token);
            });
        }

        foreach (var index in (string[])(native ? ["Flat", "IVF4096,PQ49np", "HNSW32"] : ["Flat", "IVF4096,PQ49np"]))
        {
            yield return new("add", index, (engine, name) => mnist.Fill(engine, name, add: false), (target, start, token) =>
            {
                start();
                while (true)
                {
                    target.Add(mnist.Base, cancellationToken: token);
                    if (target.Count >= MostAdded)
                        target.Reset();
                }
            });
        }

        foreach (var index in (string[])(native ? ["Flat", "IVF1024,Flat", "HNSW32"] : ["Flat", "IVF1024,Flat"]))
        {
            VectorIndex Filled(bool engine, string name)
            {
                var filled = mnist.Fill(engine, name);
                if (name.StartsWith("IVF", StringComparison.Ordinal))
                    filled.SetParameter("nprobe", 256);

                return filled;
            }

            yield return new("search", index, Filled, (target, start, token) =>
            {
                start();
                while (true)
                    target.Search(mnist.Queries, 100, cancellationToken: token);
            });
            yield return new("range search", index, Filled, (target, start, token) =>
            {
                start();
                while (true)
                    target.RangeSearch(mnist.Queries, 1_500_000, cancellationToken: token);
            });
        }
    }

    // What takes long in training: k-means, and what lies between and before it.
    private static string[] Trained(bool native)
    {
        string[] both = ["IVF1024,Flat", "IVF4096,PQ49np", "OPQ28_56,IVF256,PQ28np", "PCA64,IVF256,Flat", "ITQ64,Flat"];
        return native ? [.. both, "RQ8x8", "LSQ8x8", "IVF256,LSQ8x8"] : both;
    }

    private static string[] Measure(bool native, Case item)
    {
        Console.Error.WriteLine($"{item.Name} {item.Index} {(native ? "native" : "managed")} …");
        var times = new List<double>();
        foreach (var after in s_after)
        {
            using var index = item.Prepare(native, item.Index);
            using var source = new CancellationTokenSource();
            var cancelled = 0L;
            using var timer = new Timer(_ =>
            {
                Volatile.Write(ref cancelled, Stopwatch.GetTimestamp());
                source.Cancel();
            });
            try
            {
                item.Call(index, () => timer.Change(after, Timeout.Infinite), source.Token);
                break;
            }
            catch (OperationCanceledException)
            {
                times.Add(Stopwatch.GetElapsedTime(Volatile.Read(ref cancelled)).TotalMilliseconds);
                Console.Error.WriteLine($"  after {after} ms: {times[^1]:0} ms");
            }
            catch (NotSupportedException)
            {
                break;
            }
        }

        return times.Count == 0
            ? ["0", "", ""]
            : [$"{times.Count}", TextTable.Number(Spread.Of(times).Median, "0"), TextTable.Number(times.Max(), "0")];
    }

    private sealed class StageEnd(IndexStage stage, Action ended) : IProgress<IndexProgress>
    {
        public void Report(IndexProgress value)
        {
            if (value.Stage == stage && value.Completed == value.Total)
                ended();
        }
    }
}
