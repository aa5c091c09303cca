using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using FaissNet.Cli.Commands;
using FaissNet.Cli.Output;

namespace FaissNet.Cli;

/// <summary>Parses, runs a command, and turns what went wrong into one line and an exit code.</summary>
internal static class Application
{
    private const int Failed = 1;
    private const int Misused = 2;
    // 128 + the signal's number, as shells report it.
    private const int Interrupted = 130;
    private const int Terminated = 143;

    public static int Run(string[] args)
    {
        using var cancellation = new CancellationTokenSource();
        var exitCode = Interrupted;
        // A second signal ends the process the hard way.
        void Cancel(PosixSignalContext context)
        {
            context.Cancel = !cancellation.IsCancellationRequested;
            exitCode = context.Signal == PosixSignal.SIGTERM ? Terminated : Interrupted;
            if (context.Cancel)
                cancellation.Cancel();
            else
                ProgressDisplay.RestoreCursor();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        try
        {
            return Invoke(args, cancellation.Token);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return Fail("cancelled", null, exitCode);
        }
        catch (UsageException e)
        {
            return Fail(e.Message, e, Misused);
        }
        catch (Exception e)
        {
            return Fail(ErrorText.Of(e), e, Failed);
        }
    }

    private static int Invoke(string[] args, CancellationToken cancellationToken)
    {
        var root = CreateRoot(cancellationToken);
        if (args.Length == 0)
        {
            root.Parse("--help").Invoke(new InvocationConfiguration { Output = Console.Error });
            return Misused;
        }

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            var command = parsed.CommandResult.Command;
            var name = command == root ? root.Name : $"{root.Name} {command.Name}";
            // What else is missing is of no interest beside a word that should not be there.
            var mistakes = parsed.UnmatchedTokens is { Count: > 0 } unknown
                ? $"'{string.Join(' ', unknown)}' is not known here."
                : string.Join(" ", parsed.Errors.Select(error => error.Message));
            throw new UsageException($"{mistakes} See '{name} --help'.");
        }

        return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static Command CreateRoot(CancellationToken cancellationToken) =>
        new("faissnet", "Builds, searches and measures FAISS indexes. Vector files: .fvecs, .bvecs, .ivecs, .npy, .idx and …-ubyte (MNIST), also with .gz.")
        {
            new HelpOption { Recursive = true },
            new VersionOption(),
            BuildCommand.Create(cancellationToken),
            SearchCommand.Create(cancellationToken),
            TruthCommand.Create(cancellationToken),
            EvalCommand.Create(cancellationToken),
            CompareCommand.Create(cancellationToken),
            InfoCommand.Create(),
            VerifyCommand.Create(),
            DoctorCommand.Create(),
        };

    private static int Fail(string message, Exception? cause, int exitCode)
    {
        Console.Error.WriteLine($"faissnet: {message}");
        if (cause is not null && Environment.GetEnvironmentVariable("FAISSNET_DEBUG") is "1")
            Console.Error.WriteLine(cause);

        return exitCode;
    }
}
