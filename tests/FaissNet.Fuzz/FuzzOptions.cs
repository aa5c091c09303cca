using System.Globalization;

namespace FaissNet.Fuzz;

/// <summary>What the command line asks for.</summary>
internal sealed record FuzzOptions
{
    private const string Usage = """
        dotnet run -c Release --project tests/FaissNet.Fuzz -- [options]
            Damages index files, and loads, searches, changes and saves what is left of them in child processes. A case may throw; it may not
            crash, run for more than 10 seconds or take more than 1 GB. The exit code is 0 if no case did.

          --count N        cases (2000)
          --seed S         which cases (1)
          --first N        the first of them (0); a case is named by seed and number, so "--seed S --first N --count 1" runs it alone
          --jobs N         children at a time (1)
          --only TEXT      only files whose name contains it
          --engine NAME    managed, or all (all)
          --keep FOLDER    where the files of findings go
          --write FOLDER   writes the damaged files of the cases there and runs nothing
        """;

    public int Count { get; init; } = 2000;

    public int Seed { get; init; } = 1;

    public int First { get; init; }

    public int Jobs { get; init; } = 1;

    public string Only { get; init; } = "";

    public bool ManagedOnly { get; init; }

    public string? Keep { get; init; }

    public string? Write { get; init; }

    /// <summary>The processor time that a case may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What the third case of a child does instead of its work, for tests of the harness itself.</summary>
    public string Misdeed { get; init; } = "";

    public static FuzzOptions Parse(string[] args)
    {
        var options = new FuzzOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
                throw new ArgumentException(Usage);
            var value = args[i + 1];
            options = args[i] switch
            {
                "--count" => options with { Count = Number(args[i], value, 1) },
                "--seed" => options with { Seed = Number(args[i], value, 0) },
                "--first" => options with { First = Number(args[i], value, 0) },
                "--jobs" => options with { Jobs = Number(args[i], value, 1) },
                "--only" => options with { Only = value },
                "--engine" when value is "managed" or "all" => options with { ManagedOnly = value == "managed" },
                "--keep" => options with { Keep = value },
                "--write" => options with { Write = value },
                _ => throw new ArgumentException(Usage),
            };
        }

        return options;
    }

    private static int Number(string name, string text, int minimum) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= minimum
            ? value
            : throw new ArgumentException($"{name} is \"{text}\": expected a number from {minimum} on.");
}
