using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>One side: FAISS's C++ program, or the managed engine in a process of its own that answers the same requests.</summary>
internal sealed class Contender : IDisposable
{
    private readonly Func<LineProcess> _start;
    private readonly int? _cpu;
    private LineProcess _process;
    private (string Index, string Queries) _loaded;
    private string _base = "";

    private Contender(Func<LineProcess> start, int? cpu)
    {
        (_start, _cpu) = (start, cpu);
        _process = start();
        try
        {
            Build = FaissBuild.Of(_process);
            Pin();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public FaissBuild Build { get; }

    public static Contender Faiss(string file, int? cpu) => new(() => FaissProcess.Start(file, file, bestBlas: true), cpu);

    /// <param name="cpu">The processor to run on, or null for all.</param>
    /// <param name="settings">Environment variables of the run time, such as those that take instructions away.</param>
    public static Contender Managed(int? cpu, params (string Name, string Value)[] settings)
    {
        var program = Environment.ProcessPath ?? throw new IOException("The program of this process is not known.");
        return new Contender(
            () =>
            {
                var start = new ProcessStartInfo(program);
                // "dotnet FaissNet.Benchmarks.dll", where that is how it was started.
                if (Path.GetFileNameWithoutExtension(program) == "dotnet")
                    start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "FaissNet.Benchmarks.dll"));

                start.ArgumentList.Add(Worker.Command);
                foreach (var (name, value) in settings)
                    start.Environment[name] = value;

                return new LineProcess(start, "The managed side");
            },
            cpu);
    }

    /// <summary>Starts afresh after a failure.</summary>
    public void Restart()
    {
        Dispose();
        (_loaded, _base) = (default, "");
        _process = _start();
        Pin();
    }

    /// <summary>The vectors to train with and to add.</summary>
    public void UseBase(DataSet data)
    {
        if (_base == data.BaseFile)
            return;

        _process.Ask(FormattableString.Invariant($"base {data.BaseCount} {data.Dimension} {data.BaseFile}"));
        _base = data.BaseFile;
    }

    /// <summary>The index, and the first of the queries.</summary>
    public void Load(string index, DataSet data, int queryCount)
    {
        var queries = FormattableString.Invariant($"queries {queryCount} {data.QueryFile}");
        if (_loaded == (index, queries))
            return;

        var before = _loaded.Index;
        _loaded = default;
        if (before != index)
            _process.Ask($"load {index}");

        _process.Ask(queries);
        _loaded = (index, queries);
    }

    public void Set(string name, int value) => _process.Ask(FormattableString.Invariant($"set {name} {value}"));

    /// <summary>The threads of one call, of the managed side only.</summary>
    public void UseThreads(int count) => _process.Ask(FormattableString.Invariant($"threads {count}"));

    /// <summary>All queries in one call.</summary>
    public Sample Batch(int k) => Sample.Of(_process.Ask(FormattableString.Invariant($"batch {k} 0 1")));

    /// <summary>One query a call.</summary>
    public Sample Single(int k, int calls) => Sample.Of(_process.Ask(FormattableString.Invariant($"single {k} 0 {calls}")));

    /// <summary>One query a call, on one thread for each processor.</summary>
    public Sample Many(int k, int calls, int[] cpus) =>
        Sample.Of(_process.Ask(FormattableString.Invariant($"many {k} 0 {calls} {string.Join(' ', cpus)}")));

    /// <summary>What a batch finds.</summary>
    public Found Results(int k)
    {
        var file = NewFile();
        _process.Ask(FormattableString.Invariant($"results {k} {file}"));
        var bytes = TakeFile(file);
        var count = bytes.Length / (sizeof(long) + sizeof(float));
        return new Found(
            k,
            MemoryMarshal.Cast<byte, long>(bytes.AsSpan(0, count * sizeof(long))).ToArray(),
            MemoryMarshal.Cast<byte, float>(bytes.AsSpan(count * sizeof(long))).ToArray());
    }

    /// <returns>The time, and the mean squared error of reconstruction.</returns>
    public (Sample Sample, double Error) TrainProductQuantizer(int m, int nbits, int n, string centroids) =>
        Timed(FormattableString.Invariant($"train-pq {m} {nbits} {n} {centroids}"));

    /// <returns>The time, and the objective of the last iteration.</returns>
    public (Sample Sample, double Objective) TrainClustering(int k, int niter) =>
        Timed(FormattableString.Invariant($"train-clustering {k} {niter}"));

    /// <returns>The time, and the codes.</returns>
    public (Sample Sample, byte[] Codes) Encode(int m, int nbits, int n, string centroids)
    {
        var file = NewFile();
        var (sample, _) = Timed(FormattableString.Invariant($"encode {m} {nbits} {n} {centroids} {file}"));
        return (sample, TakeFile(file));
    }

    /// <summary>Loads an index without vectors and, which is measured, adds to it.</summary>
    public Sample Add(string index, int n)
    {
        _loaded = default;
        return Timed(FormattableString.Invariant($"add {n} {index}")).Sample;
    }

    /// <summary>Adds, and has the first of the queries at hand for a search.</summary>
    public void AddAndKeep(string index, DataSet data, int n, int queryCount)
    {
        Add(index, n);
        _process.Ask(FormattableString.Invariant($"queries {queryCount} {data.QueryFile}"));
    }

    public void Dispose() => _process.Dispose();

    private void Pin()
    {
        if (_cpu is { } number)
            _process.Ask(FormattableString.Invariant($"pin {number}"));
    }

    private (Sample Sample, double Value) Timed(string request)
    {
        var answer = _process.Ask(request);
        var numbers = answer.Select(field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        return (new Sample(numbers[0], numbers[1], 0, 0, 0), numbers.Length > 2 ? numbers[2] : 0);
    }

    private static string NewFile() => Path.Combine(Repository.Work, $"{Guid.NewGuid():N}.tmp");

    private static byte[] TakeFile(string file)
    {
        var bytes = File.ReadAllBytes(file);
        File.Delete(file);
        return bytes;
    }
}

/// <summary>The neighbours that a batch found.</summary>
/// <param name="K">Neighbours per query.</param>
/// <param name="Labels">n·k ids.</param>
/// <param name="Distances">n·k distances.</param>
internal sealed record Found(int K, long[] Labels, float[] Distances);
