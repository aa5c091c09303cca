using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Tests.Support;

/// <summary>Runs the check of a kernel again where instruction sets are switched off.</summary>
internal static class InstructionSets
{
    /// <summary>The switches of .NET, and what is then absent.</summary>
    public static TheoryData<string, string> Switches => new()
    {
        { "DOTNET_EnableAVX512", "512" },
        { "DOTNET_EnableAVX2", "256" },
        { "DOTNET_EnableHWIntrinsic", "128" },
    };

    /// <summary>Runs a check in a child process; it must begin with <see cref="RequireAbsent"/>.</summary>
    public static void RunWithout(string knob, string absent, Action<string[]> check) =>
        ChildProcess.Run(check, [absent], new Dictionary<string, string?> { [knob] = "0" }, timeoutSeconds: 180).RequireSuccess();

    /// <summary>The switch must have taken effect, or this would test the same form again.</summary>
    public static void RequireAbsent(string[] absent)
    {
        foreach (var width in absent)
        {
            Assert.False(width switch
            {
                "512" => Avx512F.IsSupported || Vector512.IsHardwareAccelerated,
                "256" => Avx2.IsSupported,
                _ => Vector128.IsHardwareAccelerated,
            });
        }
    }
}
