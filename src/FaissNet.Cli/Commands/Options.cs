using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using FaissNet.Data;

namespace FaissNet.Cli.Commands;

/// <summary>The options that commands share.</summary>
internal static class Options
{
    public static Option<bool> Json() => new("--json") { Description = "Print one JSON document on stdout instead of tables" };

    public static Option<string> Index() => Required("--index", "FILE", "The index file");

    public static Option<string> Vectors(string name, string description) =>
        Required(name, "FILE", description).Accepting(VectorFile.IsSupported, VectorFile.SupportedNames);

    public static Option<int?> Threads() =>
        Count<int?>("--threads", "Threads to use [default: all processors]", 1, FaissRuntime.MaxThreadCount);

    public static Option<int> K() => Count<int>("--k", "Neighbours per query", 1, VectorFile.MaxDimension, required: true);

    public static Option<string> Metric()
    {
        var option = new Option<string>("--metric")
        {
            Description = "How vectors are compared: squared Euclidean distance, inner product or cosine similarity",
            HelpName = "l2|ip|cosine",
            DefaultValueFactory = _ => "l2",
        };
        return option.OneOf(Metrics.Names, "l2, ip or cosine");
    }

    public static Option<string?> Engine() =>
        new Option<string?>("--engine")
        {
            Description = "Who computes: FAISS itself, or FaissNet's engine in pure C# [default: native where it can be loaded]",
            HelpName = "native|managed",
        }.OneOf(Commands.Engine.Names, "native or managed");

    public static Option<string> Required(string name, string helpName, string description) =>
        new(name) { Description = description, HelpName = helpName, Required = true };

    public static Option<string?> Optional(string name, string description) => new(name) { Description = description, HelpName = "FILE" };

    /// <summary>An integer between two bounds; <typeparamref name="T"/> is int, long or nullable of them.</summary>
    public static Option<T> Count<T>(string name, string description, long min, long max, bool required = false) => new(name)
    {
        Description = description,
        HelpName = "N",
        Required = required,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
                return typeof(T) == typeof(int) || typeof(T) == typeof(int?) ? (T)(object)(int)value : (T)(object)value;

            result.AddError($"{name} is '{text}': expected {(max == long.MaxValue ? $"a whole number from {min} on" : $"a whole number from {min} to {max}")}.");
            return default!;
        },
    };

    /// <summary>Whole numbers with commas between them.</summary>
    public static Option<int[]> Counts(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N,N,…",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            var values = new List<int>();
            foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
            {
                if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < 1)
                {
                    result.AddError($"{name} is '{text}': expected whole numbers from 1 on, such as 1,2,4,8.");
                    return [];
                }

                values.Add(value);
            }

            return [.. values];
        },
    };

    private static Option<T> OneOf<T>(this Option<T> option, string[] names, string expected)
    {
        option.CompletionSources.Add(names);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var name }] && !names.Contains(name))
                result.AddError($"{option.Name} is '{name}': expected {expected}.");
        });
        return option;
    }

    /// <summary>Refuses names that tell no known format, before any work.</summary>
    public static Option<T> Accepting<T>(this Option<T> option, Func<string, bool> isSupported, string names)
        where T : class?
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var path }] && !isSupported(path))
                result.AddError($"{result.Option.Name} is '{path}': expected a name that ends in {names}.");
        });
        return option;
    }

}
