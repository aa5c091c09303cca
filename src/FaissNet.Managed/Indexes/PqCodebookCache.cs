namespace FaissNet.Managed;

/// <summary>The codebook of a product quantizer as searches read it: laid out by the first one that needs it.</summary>
internal sealed class PqCodebookCache
{
    private readonly Lock _lock = new();
    private PqCodebook? _codebook;

    /// <summary>What it takes now.</summary>
    public long Bytes => Volatile.Read(ref _codebook)?.Bytes ?? 0;

    /// <summary>The codebook. Two threads may come here at once after a load.</summary>
    public PqCodebook Of(ProductQuantizer pq)
    {
        if (Volatile.Read(ref _codebook) is { } ready)
            return ready;

        lock (_lock)
            return _codebook ??= new PqCodebook(pq);
    }

    /// <summary>Forgets it, and frees its memory: the quantizer changes, or nobody uses the index any more.</summary>
    public void Drop()
    {
        lock (_lock)
        {
            _codebook?.Dispose();
            _codebook = null;
        }
    }
}
