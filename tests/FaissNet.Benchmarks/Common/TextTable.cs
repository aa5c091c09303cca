using System.Globalization;
using System.Text.Json;

namespace FaissNet.Benchmarks;

/// <summary>Tables in Markdown, so that they go into documents as they are.</summary>
internal static class TextTable
{
    /// <summary>How reports become JSON.</summary>
    public static JsonSerializerOptions Json { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    public static string Spread(Spread spread, string format) =>
        $"{Number(spread.Median, format)} ({Number(spread.Lower, format)}–{Number(spread.Upper, format)})";

    /// <summary>Writes a table, unless it has no rows.</summary>
    public static void Write(string title, string[] header, IEnumerable<string[]> body)
    {
        var rows = body.ToArray();
        if (rows.Length == 0)
            return;

        var widths = header.Select((name, column) => rows.Max(row => row[column].Length) is var width && width > name.Length ? width : name.Length).ToArray();
        Console.WriteLine();
        Console.WriteLine(title);
        Console.WriteLine();
        Console.WriteLine(Line(header));
        Console.WriteLine($"|{string.Join('|', widths.Select(width => new string('-', width + 2)))}|");
        foreach (var row in rows)
            Console.WriteLine(Line(row));

        string Line(string[] cells) => $"| {string.Join(" | ", cells.Select((cell, column) => cell.PadRight(widths[column])))} |";
    }
}
