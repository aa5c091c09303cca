using System.Reflection;
using System.Text.RegularExpressions;
using FaissNet.Tests.FaissCases;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Documentation;

/// <summary>docs/faiss-coverage.md says what is there, and only that.</summary>
public sealed partial class CoverageTests
{
    private const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    // Where nothing may be missing.
    private static readonly string[] s_whole = ["IVF", "PQ", "Selectors and parameters of a call", "Ids", "Input, output, clones", "Clustering"];

    private static readonly string[] s_shared = ["FaissNet", "FaissNet.Evaluation", "FaissNet.Data", "FaissNet.Serialization"];

    private static readonly Assembly[] s_assemblies = [typeof(FaissIndex).Assembly, typeof(VectorIndex).Assembly];

    [Fact]
    public void Every_name_exists()
    {
        var missing = Rows().SelectMany(row => Missing(row.Native, isNative: true).Concat(Missing(row.Managed, isNative: false)).Select(name => $"{row.Section}: {row.Faiss}: {name}"));

        Assert.Empty(missing);
    }

    [Fact]
    public void Nine_tenths_are_there_and_the_page_says_how_many()
    {
        var rows = Rows();
        var there = rows.Count(IsThere);
        var counts = CountsPattern().Match(File.ReadAllText(Repository.File("docs/faiss-coverage.md")));

        Assert.True(counts.Success);
        Assert.Equal($"{there} of {rows.Count}", counts.Value);
        Assert.True(there >= 0.9 * rows.Count, $"{there} of {rows.Count}");
    }

    [Fact]
    public void What_everybody_uses_is_there_whole_and_what_is_not_there_has_a_reason()
    {
        var rows = Rows();

        Assert.All(s_whole, section => Assert.Contains(rows, row => row.Section == section));
        Assert.DoesNotContain(rows, row => s_whole.Contains(row.Section) && !IsThere(row));
        Assert.DoesNotContain(rows, row => !IsThere(row) && row.Note.Length == 0);
    }

    [Fact]
    public void More_than_sixty_of_FAISSs_tests_are_stated_again()
    {
        var restated = typeof(RestatesAttribute).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .SelectMany(method => method.GetCustomAttributes<RestatesAttribute>())
            .SelectMany(restates => restates.Tests.Select(test => $"{restates.File}: {test}"))
            .Distinct()
            .Count();

        Assert.True(restated >= 60, $"{restated}");
    }

    private static bool IsThere(Row row) => row.Native != "no" || row.Managed != "no";

    private static IEnumerable<string> Missing(string cell, bool isNative)
    {
        if (cell == "no")
            return [];

        var names = NamePattern().Matches(cell).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(names);
        return names.Where(name => !(name.StartsWith('"') ? CanMake(name.Trim('"'), isNative) : Exists(name, isNative)));
    }

    private static bool CanMake(string description, bool isNative)
    {
        if (isNative && TestEngine.IsManagedOnly)
            return true;

        using var index = Given.Create(isNative ? Given.Native : Given.Managed, 64, description);
        return index.Dimension == 64;
    }

    private static bool Exists(string name, bool isNative)
    {
        var (type, member) = name.Split('.') is [var outer, var inner] ? (outer, inner) : (name, null);
        var assemblies = isNative ? s_assemblies : s_assemblies[1..];
        var spaces = isNative ? s_shared : ["FaissNet.Managed", .. s_shared];
        return spaces
            .SelectMany(space => assemblies.Select(assembly => assembly.GetType($"{space}.{type}")))
            .FirstOrDefault(found => found is { IsPublic: true }) is { } found && (member is null || found.GetMember(member, Public).Length > 0);
    }

    private static List<Row> Rows()
    {
        var rows = new List<Row>();
        var section = "";
        foreach (var line in File.ReadLines(Repository.File("docs/faiss-coverage.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                section = line[3..];
            else if (line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| FAISS |", StringComparison.Ordinal)
                && line.Split('|') is ["", var faiss, var native, var managed, var note, ""])
                rows.Add(new Row(section, faiss.Trim(), native.Trim(), managed.Trim(), note.Trim()));
        }

        Assert.True(rows.Count > 100);
        return rows;
    }

    private sealed record Row(string Section, string Faiss, string Native, string Managed, string Note);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\d+ of \d+(?= rows)")]
    private static partial Regex CountsPattern();
}
