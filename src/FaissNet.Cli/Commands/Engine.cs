using FaissNet.Managed;

namespace FaissNet.Cli.Commands;

/// <summary>An engine, as <c>--engine</c> names it.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Create">Makes an index from FAISS's description.</param>
/// <param name="CreateCosine">The same, comparing by cosine similarity.</param>
/// <param name="CreateFlat">Makes a flat index.</param>
/// <param name="Load">Reads an index file.</param>
/// <param name="ApplyThreads">Sets the threads, if a number is given, and says how many there are.</param>
internal sealed record Engine(
    string Name,
    Func<int, string, MetricType, VectorIndex> Create,
    Func<int, string, VectorIndex> CreateCosine,
    Func<int, MetricType, VectorIndex> CreateFlat,
    Func<string, VectorIndex> Load,
    Func<int?, int> ApplyThreads)
{
    public static readonly Engine Native = new(
        "native",
        FaissNet.IndexFactory.Create,
        FaissNet.IndexFactory.CreateCosine,
        (d, metric) => new FaissNet.IndexFlat(d, metric),
        path => FaissIndex.Load(path),
        threads =>
        {
            if (threads is { } count)
                FaissRuntime.ThreadCount = count;

            return FaissRuntime.ThreadCount;
        });

    public static readonly Engine Managed = new(
        "managed",
        FaissNet.Managed.IndexFactory.Create,
        FaissNet.Managed.IndexFactory.CreateCosine,
        (d, metric) => new FaissNet.Managed.IndexFlat(d, metric),
        path => ManagedIndex.Load(path),
        threads =>
        {
            if (threads is { } count)
                ManagedThreads.Count = count;

            return ManagedThreads.Count;
        });

    public static readonly string[] Names = [Native.Name, Managed.Name];

    /// <summary>The engine of that name; without one FAISS itself where it can be loaded.</summary>
    public static Engine Choose(string? name)
    {
        if (name is not null)
            return name == Managed.Name ? Managed : Native;

        if (FindNativeError() is null)
            return Native;

        Output.Terminal.Note("the native engine is not here ('faissnet doctor' says why): using the managed one.");
        return Managed;
    }

    /// <summary>What keeps the native library from being loaded; null if nothing does.</summary>
    public static string? FindNativeError()
    {
        try
        {
            _ = FaissRuntime.FaissVersion;
            return null;
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            return ErrorText.Of(e);
        }
    }
}
