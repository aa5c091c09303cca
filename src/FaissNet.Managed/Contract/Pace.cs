using System.Diagnostics;

namespace FaissNet;

/// <summary>
/// Sizes the chunks of a call that somebody watches, by how long the last one took: a cancellation is noticed soon, be it a graph of long
/// vectors or short codes, and where there is time the chunks are as large as the engine works best with.
/// </summary>
internal struct Pace(int maximum)
{
    // FAISS computes batches of fewer than 20 in another way, and rounds otherwise.
    private const int Smallest = 32;

    private const int First = 64, Growth = 4;

    private static readonly long s_wanted = Stopwatch.Frequency / 20;

    private int _size = Math.Min(First, maximum);
    private long _started;

    /// <summary>Begins a chunk, of so many left.</summary>
    public int Start(int left)
    {
        _started = Stopwatch.GetTimestamp();
        return left < _size + Smallest ? left : _size;
    }

    /// <summary>Ends it.</summary>
    public void End()
    {
        var elapsed = Math.Max(1, Stopwatch.GetTimestamp() - _started);
        var fitting = (long)Math.Min((double)_size * s_wanted / elapsed, (double)Growth * _size);
        _size = (int)Math.Clamp(fitting / Smallest * Smallest, Math.Min(Smallest, maximum), maximum);
    }
}
