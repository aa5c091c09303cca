using System.Reflection;
using Xunit.v3;

namespace FaissNet.Tests.Support;

/// <summary>
/// Which engines a run is about. With <c>FAISSNET_TEST_ENGINE=managed</c> it is the managed one alone, for machines without the native
/// library: what needs that is skipped, and counted as skipped.
/// </summary>
public static class TestEngine
{
    private const string Variable = "FAISSNET_TEST_ENGINE";

    public static bool IsManagedOnly { get; } = Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => false,
        "managed" => true,
        var other => throw new InvalidOperationException($"{Variable} is \"{other}\": expected \"managed\", or nothing for all engines."),
    };

    /// <summary>Skips the rest of a test that goes on to compare with the native engine.</summary>
    public static void RequireNative() => Assert.SkipWhen(IsManagedOnly, $"{Variable} is managed: this needs the native library.");
}

/// <summary>The tests of this class, or this test, need the native library.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class NeedsNativeAttribute : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => TestEngine.RequireNative();
}
