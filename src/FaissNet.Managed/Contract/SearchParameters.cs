namespace FaissNet;

/// <summary>
/// Overrides for one search call; what is left <see langword="null"/> stays as the index is set. Unlike a change of the
/// index's own settings this touches no shared state, so concurrent searches may each bring their own.
/// </summary>
public sealed record SearchParameters
{
    /// <summary>The inverted lists to visit per query. Larger than the index's nlist means all of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? NProbe
    {
        get;
        init => field = AtLeastOne(value, nameof(NProbe));
    }

    /// <summary>
    /// The vectors to compare per query at most; FAISS before 1.14 rounds this up to whole inverted lists. FAISS's <c>max_codes</c>, whose 0
    /// (no limit) is <see langword="null"/> here.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public long? MaxCodes
    {
        get;
        init => field = AtLeastOne(value, nameof(MaxCodes));
    }

    private static T? AtLeastOne<T>(T? value, string name)
        where T : struct, System.Numerics.INumber<T> =>
        value is { } given && given < T.One
            ? throw new ArgumentOutOfRangeException(name, given, $"{name} is {given}: expected at least 1, or null for the index's own setting.")
            : value;
}
