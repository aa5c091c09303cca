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
    /// The vectors to compare per query at most; FAISS before 1.7.4, and the managed engine, round this up to whole inverted lists. FAISS's
    /// <c>max_codes</c>, whose 0 (no limit) is <see langword="null"/> here.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public long? MaxCodes
    {
        get;
        init => field = AtLeastOne(value, nameof(MaxCodes));
    }

    /// <summary>Only vectors whose ids it holds are found; <see langword="null"/> stands for all. FAISS's <c>sel</c>.</summary>
    /// <remarks>What does not pass costs less than a comparison, but the lists are walked all the same: if few ids are selected, an
    /// approximate search may find fewer than k of them. Visit more lists then (<see cref="NProbe"/>).</remarks>
    public IdSelector? Selector { get; init; }

    /// <summary>
    /// How many times k candidates an index that refines takes from the one inside, to order them by better distances. FAISS's
    /// <c>k_factor</c> of <c>IndexRefine</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not from 1 to 1000.</exception>
    public float? KFactor
    {
        get;
        init => field = value is null or (>= 1 and <= 1000)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(KFactor), value, $"KFactor is {value}: expected 1 to 1000, or null for the index's own setting.");
    }

    /// <summary>How many candidates a search of an HNSW graph keeps; of an IVF index, that of its HNSW quantizer. FAISS's <c>efSearch</c>. Native
    /// engine only; with FAISS before 1.8 at least as many as the index is set to are kept.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? EfSearch
    {
        get;
        init => field = AtLeastOne(value, nameof(EfSearch));
    }

    /// <summary>Compare only codes that differ from the query's in fewer bits, in a PQ index that was trained for it. FAISS's
    /// <c>polysemous_ht</c> of <c>SearchParametersPQ</c>. Native engine only.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? PolysemousHt
    {
        get;
        init => field = AtLeastOne(value, nameof(PolysemousHt));
    }

    private static T? AtLeastOne<T>(T? value, string name)
        where T : struct, System.Numerics.INumber<T> =>
        value is { } given && given < T.One
            ? throw new ArgumentOutOfRangeException(name, given, $"{name} is {given}: expected at least 1, or null for the index's own setting.")
            : value;
}
