using System.Diagnostics;

namespace FaissNet.Benchmarks;

/// <summary>A program that answers requests, a line each, and waits for input while others work. <c>peer.cpp</c> says how they talk.</summary>
internal sealed class LineProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _name;

    public LineProcess(ProcessStartInfo start, string name)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        _name = name;
        _process = Process.Start(start) ?? throw new IOException($"{start.FileName} did not start.");
    }

    /// <summary>The fields of the answer.</summary>
    /// <exception cref="IOException">The program answered with an error, or has ended.</exception>
    public string[] Ask(string request)
    {
        _process.StandardInput.WriteLine(request);
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine()?.Split('\t') ?? throw new IOException($"{_name} ended at \"{request}\".");
        return answer[0] == "ok" ? answer[1..] : throw new IOException($"{_name} at \"{request}\": {answer[^1]}");
    }

    public void Dispose()
    {
        try
        {
            // The end of its input ends it.
            _process.StandardInput.Dispose();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        _process.WaitForExit();
        _process.Dispose();
    }
}
