using System.Reflection;
using FaissNet.Tests.Support;
using Xunit.Sdk;
using Xunit.v3;

namespace FaissNet.Tests.Contracts;

/// <summary>Runs a theory over every index type of every engine that has (and lacks) the given traits.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class IndexDataAttribute(Traits with = Traits.None, Traits without = Traits.None) : DataAttribute
{
    public Traits With => with;

    public Traits Without => without;

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        ITheoryDataRow[] rows = [.. Registry.All
            .Where(entry => entry.Has(with) && (entry.Traits & without) == 0)
            .Select(entry => new TheoryDataRow<IndexCase>(entry))];
        // A theory without data fails; but what only native types can is no failure of a run without them.
        if (rows.Length == 0 && TestEngine.IsManagedOnly)
            rows = [new TheoryDataRow<IndexCase?>(null) { Skip = "No type of the managed engine is of this kind." }];

        return new(rows);
    }

    public override bool SupportsDiscoveryEnumeration() => true;
}
