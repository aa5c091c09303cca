using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace FaissNet.Tests.Support;

/// <summary>
/// Runs a piece of a test in a process of its own: what could end the process ends only that one, and what is fixed at the
/// first use of the native library can be set through the environment.
/// </summary>
internal static class ChildProcess
{
    public const string Argument = "--child";

    private const int FailedExitCode = 70;

    /// <summary>Starts one whose end is the caller's business.</summary>
    public static Process Start(Action<string[]> body, string[]? arguments = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var method = body.Method;
        var start = new ProcessStartInfo(DotNet())
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "exec", typeof(ChildProcess).Assembly.Location, Argument, method.DeclaringType!.FullName!, method.Name,
            },
        };
        foreach (var argument in arguments ?? [])
            start.ArgumentList.Add(argument);

        // As in this process: tests run beside each other.
        start.Environment["OMP_NUM_THREADS"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;

        // A crash is what the test is looking for, not something to keep a memory image of.
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";

        return Process.Start(start)!;
    }

    /// <summary>Runs a static method or a lambda without captures in a new process of this assembly.</summary>
    public static ChildResult Run(
        Action<string[]> body, string[]? arguments = null, IReadOnlyDictionary<string, string?>? environment = null, int timeoutSeconds = 60)
    {
        using var process = Start(body, arguments, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(timeoutSeconds)))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            return new ChildResult(null, output.Result, errors.Result);
        }

        return new ChildResult(process.ExitCode, output.Result, errors.Result);
    }

    /// <summary>The child's side of <see cref="Run"/>.</summary>
    public static int RunHere(string[] arguments)
    {
        try
        {
            const BindingFlags any = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
            var type = typeof(ChildProcess).Assembly.GetType(arguments[0], throwOnError: true)!;
            var method = type.GetMethod(arguments[1], any)!;
            var target = method.IsStatic ? null : Activator.CreateInstance(type, nonPublic: true);
            method.CreateDelegate<Action<string[]>>(target)(arguments[2..]);
            return 0;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e);
            return FailedExitCode;
        }
    }

    /// <summary>The dotnet that runs this process.</summary>
    public static string DotNet()
    {
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
    }
}

/// <summary>How a child ended; no exit code means that it hung and was stopped.</summary>
internal sealed record ChildResult(int? ExitCode, string Output, string Errors)
{
    /// <summary>Fails the test with all that the child said unless it ended well.</summary>
    public string RequireSuccess()
    {
        var how = ExitCode switch
        {
            null => "hung",
            > 128 and var code => $"was ended by signal {code - 128}",
            var code => $"ended with {code}",
        };
        Assert.True(ExitCode == 0, $"The child process {how}.\n{Output}\n{Errors}");
        return Output;
    }
}
