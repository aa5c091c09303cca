using System.Reflection;
using FaissNet.Tests.Support;
using Xunit.Sdk;
using Xunit.v3;

namespace FaissNet.Tests.FaissCases;

/// <summary>Runs a theory on both engines, or on those named, for each description; without descriptions once for each engine.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EnginesAttribute(params string[] descriptions) : DataAttribute
{
    public IReadOnlyList<string> Descriptions => descriptions;

    /// <summary>For what only one engine has.</summary>
    public string? Only { get; init; }

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        var engines = Only is null ? new[] { Given.Native, Given.Managed } : [Only];
        return new([.. engines.SelectMany(engine => descriptions.Length == 0
            ? [Skipped(new TheoryDataRow<string>(engine), engine)]
            : descriptions.Select(description => Skipped(new TheoryDataRow<string, string>(engine, description), engine))).Cast<ITheoryDataRow>()]);
    }

    public override bool SupportsDiscoveryEnumeration() => true;

    private static TheoryDataRowBase Skipped(TheoryDataRowBase row, string engine)
    {
        if (engine == Given.Native && TestEngine.IsManagedOnly)
            row.Skip = "this run is about the managed engine";

        return row;
    }
}
