using System.Globalization;

namespace FaissNet.Benchmarks.Long;

/// <summary>What the command line asks for.</summary>
internal sealed record LongOptions
{
    public string? Mnist { get; private init; }

    /// <summary>Only cases whose name contains it.</summary>
    public string Match { get; private init; } = "";

    /// <summary>Seconds for each point of a case.</summary>
    public double Seconds { get; private init; } = 2;

    public static LongOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new LongOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            options = args[i] switch
            {
                "--mnist" when value is not null => options with { Mnist = value },
                "--match" when value is not null => options with { Match = value },
                "--seconds" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 =>
                    options with { Seconds = seconds },
                _ => throw new ArgumentException($"{args[i]} {value}: not understood. Without arguments the program tells what it takes."),
            };
        }

        return options;
    }
}
