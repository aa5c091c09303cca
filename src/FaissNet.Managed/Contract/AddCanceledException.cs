namespace FaissNet;

/// <summary>An add was cancelled between two chunks of vectors.</summary>
public sealed class AddCanceledException : OperationCanceledException
{
    internal AddCanceledException(long added, long count, CancellationToken cancellationToken)
        : base($"The add was cancelled when {added} of {count} vectors were in the index.", cancellationToken) =>
        (Added, Total) = (added, count);

    /// <summary>The vectors of this call that are in the index: the first ones, in the order given. It can go on with the rest.</summary>
    public long Added { get; }

    /// <summary>The vectors that the call was given.</summary>
    public long Total { get; }
}
