using Spectre.Console;
using Spectre.Console.Rendering;

namespace FaissNet.Cli.Output;

/// <summary>Where people read: results on stdout, everything else on stderr.</summary>
internal static class Terminal
{
    private const int Margin = 2;
    private static readonly Style Dim = new(decoration: Decoration.Dim);
    private static readonly Lazy<IAnsiConsole> LazyOut = new(() => Create(Console.Out, Console.IsOutputRedirected));
    private static readonly Lazy<IAnsiConsole> LazyError = new(() => Create(Console.Error, Console.IsErrorRedirected));

    public static IAnsiConsole Out => LazyOut.Value;

    public static IAnsiConsole Error => LazyError.Value;

    /// <summary>Something to know that is no failure.</summary>
    public static void Note(string message) => Console.Error.WriteLine($"faissnet: note: {message}");

    /// <summary>Names and what they have, one below the other; no value, no line.</summary>
    public static void WriteFacts(params IEnumerable<(string Name, string? Value)> facts)
    {
        const int Gap = 3;
        var given = facts.Where(fact => fact.Value is not null).ToList();
        var indent = Margin + Gap + given.Max(fact => fact.Name.Length);
        foreach (var (name, value) in given)
        {
            Out.Write(new Text($"{new string(' ', Margin)}{name.PadRight(indent - Margin)}", Dim));
            // Past Spectre, which would cut a word that is longer than the line.
            Out.Profile.Out.Writer.WriteLine(string.Join($"\n{new string(' ', indent)}", Wrap(value!, Out.Profile.Width - indent)));
        }
    }

    /// <summary>A remark below a table.</summary>
    public static void WriteRemark(string remark)
    {
        Out.Write(new Text($"{new string(' ', Margin)}{remark}", Dim));
        Out.WriteLine();
    }

    public static Table CreateTable(params ReadOnlySpan<string> columns)
    {
        var table = new Table().Border(TableBorder.Rounded).BorderStyle(Dim);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).RightAligned().NoWrap());

        return table;
    }

    public static void Write(IRenderable what) => Out.Write(what);

    // Between words only: a path that is cut cannot be copied.
    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }

        yield return line;
    }

    // Spectre asks TERM alone, which says nothing about a pipe.
    private static IAnsiConsole Create(TextWriter writer, bool redirected) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(writer),
        Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
        ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
    });
}
