using System.Reflection;
using FaissNet.Tests.Support;
using Xunit.v3;

namespace FaissNet.Tests.Gpu;

/// <summary>The tests of this class, or this test, need a native library with GPU support and a device; elsewhere they are skipped.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class NeedsGpuAttribute : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        TestEngine.RequireNative();
        Assert.SkipUnless(FaissRuntime.Capabilities.HasFlag(FaissCapabilities.Gpu), "the native library was built without GPU support");
        Assert.SkipUnless(FaissRuntime.GpuCount > 0, "there is no CUDA device");
    }
}
