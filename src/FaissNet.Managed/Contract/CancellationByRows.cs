namespace FaissNet.Managed;

/// <summary>Looking at a token in loops over vectors: seldom enough to cost nothing, and often enough for who waits.</summary>
internal static class CancellationByRows
{
    private const int RowsPerLook = 1024;
    private const int ValuesPerLook = 1 << 20;

    /// <summary>Looks at the token with every so many rows, the first included.</summary>
    /// <param name="cancellationToken">The token.</param>
    /// <param name="row">The row that comes next.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static void ThrowIfCancelledAt(this CancellationToken cancellationToken, int row)
    {
        if (row % RowsPerLook == 0)
            cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Values in runs of so many, with a look at the token before each.</summary>
    /// <param name="cancellationToken">The token.</param>
    /// <param name="values">The values.</param>
    /// <exception cref="OperationCanceledException">It was cancelled, thrown from the enumeration.</exception>
    public static Runs RunsOf(this CancellationToken cancellationToken, ReadOnlySpan<float> values) => new(values, cancellationToken);

    /// <summary>What <see cref="RunsOf"/> enumerates.</summary>
    public ref struct Runs(ReadOnlySpan<float> values, CancellationToken cancellationToken)
    {
        private ReadOnlySpan<float> _left = values;

        public ReadOnlySpan<float> Current { get; private set; }

        public readonly Runs GetEnumerator() => this;

        public bool MoveNext()
        {
            cancellationToken.ThrowIfCancellationRequested();
            Current = _left[..Math.Min(ValuesPerLook, _left.Length)];
            _left = _left[Current.Length..];
            return !Current.IsEmpty;
        }
    }
}
