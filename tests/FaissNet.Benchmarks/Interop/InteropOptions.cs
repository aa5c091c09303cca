using System.Globalization;

namespace FaissNet.Benchmarks.Interop;

/// <summary>What the command line asks for.</summary>
internal sealed record InteropOptions
{
    private static readonly string[] Sections = ["batch", "single", "threads", "parts"];

    public string? Mnist { get; private init; }

    public string? Peer { get; private init; }

    public int Rounds { get; private init; } = 11;

    public int? Cpu { get; private init; }

    public bool Null { get; private init; }

    public bool Json { get; private init; }

    public IReadOnlyList<string> Only { get; private init; } = Sections;

    public static InteropOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new InteropOptions();
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--null":
                    options = options with { Null = true };
                    continue;
                case "--json":
                    options = options with { Json = true };
                    continue;
                case "--mnist" when value is not null:
                    options = options with { Mnist = value };
                    break;
                case "--peer" when value is not null:
                    options = options with { Peer = value };
                    break;
                case "--rounds" when value is not null:
                    options = options with { Rounds = Number(args[i], value, 1) };
                    break;
                case "--cpu" when value is not null:
                    options = options with { Cpu = Number(args[i], value, 0) };
                    break;
                case "--only" when value is not null && value.Split(',') is var only && only.All(Sections.Contains):
                    options = options with { Only = only };
                    break;
                default:
                    throw new ArgumentException($"{args[i]}{(value is null ? "" : $" {value}")}: not understood. Without arguments the program tells what it takes.");
            }

            i++;
        }

        return options;
    }

    private static int Number(string name, string text, int least) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw new ArgumentException($"{name} is {text}: expected a whole number of at least {least}.");
}
