using FaissNet.Tests.Support;

[assembly: AssemblyFixture(typeof(OneThreadEach))]

namespace FaissNet.Tests.Support;

/// <summary>Tests run beside each other already: OpenMP's threads on top of theirs would only wait for one another.</summary>
public sealed class OneThreadEach
{
    public OneThreadEach()
    {
        if (!TestEngine.IsManagedOnly)
            FaissRuntime.ThreadCount = 1;
    }
}
