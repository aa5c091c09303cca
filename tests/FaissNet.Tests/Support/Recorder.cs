namespace FaissNet.Tests.Support;

/// <summary>Keeps every report, on the thread that makes it (<see cref="Progress{T}"/> would post them elsewhere).</summary>
public sealed class Recorder(Action<IndexProgress>? then = null) : IProgress<IndexProgress>
{
    public List<IndexProgress> Reports { get; } = [];

    public void Report(IndexProgress value)
    {
        Reports.Add(value);
        then?.Invoke(value);
    }
}
