using System.Reflection;

namespace FaissNet.Cli;

/// <summary>The mistake is in the command line, in itself or beside what the files hold.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>What to tell a user about an exception, in one line.</summary>
internal static class ErrorText
{
    public static string Of(Exception error)
    {
        // The runtime wraps what a static property's initializer threw.
        while (error is TypeInitializationException or TargetInvocationException && error.InnerException is { } inner)
            error = inner;

        var text = error switch
        {
            ArgumentException argument => WithoutParameter(argument),
            IOException or UnauthorizedAccessException or InvalidDataException or InvalidOperationException or NotSupportedException or
                DllNotFoundException or KeyNotFoundException or FaissException => error.Message,
            OutOfMemoryException => $"out of memory: {error.Message}",
            _ => $"internal error: {error.GetType().Name}: {error.Message} (FAISSNET_DEBUG=1 shows where)",
        };
        return string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    // .NET appends the parameter and the value, which the message names already.
    private static string WithoutParameter(ArgumentException error)
    {
        var end = error.ParamName is null ? -1 : error.Message.IndexOf($" (Parameter '{error.ParamName}')", StringComparison.Ordinal);
        return end < 0 ? error.Message : error.Message[..end];
    }
}
