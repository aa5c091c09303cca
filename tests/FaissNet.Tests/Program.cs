using FaissNet.Interop;
using FaissNet.Tests.Support;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace FaissNet.Tests;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        // Before the first handle is made, so that one that is forgotten can be told where.
        Environment.SetEnvironmentVariable(NativeHandle.TraceVariable, "1");
        if (args is [ChildProcess.Argument, .. var rest])
            return ChildProcess.RunHere(rest);

        // The rest is what xunit generates.
        return args.Contains("--server") || args.Contains("--internal-msbuild-node")
            ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(args);
    }
}
