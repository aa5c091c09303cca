using System.Globalization;

namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>What the command line asks for.</summary>
internal sealed record VsFaissOptions
{
    public const string Sections = "pq-train,kmeans,encode,add,ivfpq,narrow,fastscan,ivfflat,flat,frontier,threads";

    public string? Mnist { get; private init; }

    public string? Words { get; private init; }

    /// <summary>C++ programs, one per FAISS build.</summary>
    public IReadOnlyList<string> Peers { get; private init; } = [];

    public int Rounds { get; private init; } = 5;

    /// <summary>About how long a row may take for each FAISS build; one round it takes in any case.</summary>
    public double Seconds { get; private init; } = 30;

    public int? Cpu { get; private init; }

    /// <summary>Where the JSON document goes.</summary>
    public string? Json { get; private init; }

    public IReadOnlyList<string> Only { get; private init; } = Sections.Split(',');

    /// <summary>Rows whose case contains it.</summary>
    public string Match { get; private init; } = "";

    public static VsFaissOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new VsFaissOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            options = args[i] switch
            {
                "--mnist" when value is not null => options with { Mnist = value },
                "--words" when value is not null => options with { Words = value },
                "--peer" when value is not null => options with { Peers = [.. options.Peers, value] },
                "--rounds" when value is not null => options with { Rounds = Number(args[i], value, 1) },
                "--seconds" when value is not null => options with { Seconds = Number(args[i], value, 1) },
                "--cpu" when value is not null => options with { Cpu = Number(args[i], value, 0) },
                "--json" when value is not null => options with { Json = value },
                "--match" when value is not null => options with { Match = value },
                "--only" when value is not null && value.Split(',') is var only && only.All(Sections.Split(',').Contains) =>
                    options with { Only = only },
                _ => throw new ArgumentException(
                    $"{args[i]}{(value is null ? "" : $" {value}")}: not understood. Without arguments the program tells what it takes."),
            };
        }

        return options;
    }

    private static int Number(string name, string text, int least) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw new ArgumentException($"{name} is {text}: expected a whole number of at least {least}.");
}
