using System.Globalization;

namespace FaissNet.Benchmarks.Gpu;

/// <summary>What the command line asks for.</summary>
internal sealed record GpuOptions
{
    // An array of .NET holds 16 million vectors of 128 floats.
    private const int MostVectors = 16_000_000;

    public string? Mnist { get; private init; }

    public string? Peer { get; private init; }

    /// <summary>Synthetic vectors; 0: none.</summary>
    public int Vectors { get; private init; } = 4_000_000;

    /// <summary>Of C++, C#, C#, C++, for searches; trainings and adds have a third of them.</summary>
    public int Rounds { get; private init; } = 9;

    /// <summary>Where a JSON document goes.</summary>
    public string? Json { get; private init; }

    public int BuildRounds => Math.Max(1, Rounds / 3);

    public static GpuOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new GpuOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            options = args[i] switch
            {
                "--mnist" when value is not null => options with { Mnist = value },
                "--peer" when value is not null => options with { Peer = value },
                "--vectors" when value is not null => options with { Vectors = Number(args[i], value, 0, MostVectors) },
                "--rounds" when value is not null => options with { Rounds = Number(args[i], value, 1, 1_000) },
                "--json" when value is not null => options with { Json = value },
                _ => throw new ArgumentException($"{args[i]} {value}: not understood. Without arguments the program tells what it takes."),
            };
        }

        return options;
    }

    private static int Number(string name, string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ArgumentException($"{name} is {text}: expected a whole number, {least} to {most}.");
}
