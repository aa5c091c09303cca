namespace FaissNet;

/// <summary>Inverted lists of an index, one after the other by number, that a view shows: <see cref="FaissIndex.ViewLists"/>.</summary>
/// <param name="Source">An IVF, or one behind transforms (<see cref="IndexPreTransform"/>).</param>
public sealed record ListRun(FaissIndex Source)
{
    /// <summary>The number of the first of them in <see cref="Source"/>; 0 until it is set.</summary>
    public int First { get; init; }

    /// <summary>How many; null for all from <see cref="First"/> on.</summary>
    public int? Count { get; init; }

    /// <summary>The number that the first of them has in the view; 0 until it is set.</summary>
    public int At { get; init; }

    /// <summary>What the ids of their vectors are raised by in the view, at least 0: for sources that were filled from id 0 on.</summary>
    public long AddId { get; init; }
}

/// <summary>What a list of a view is where several runs show one.</summary>
public enum ListChoice
{
    /// <summary>All of them, one behind the other. FAISS's <c>HStackInvertedLists</c>.</summary>
    All = 1,

    /// <summary>The first that is not empty. FAISS's <c>MaskedInvertedLists</c>.</summary>
    First = 2,
}
