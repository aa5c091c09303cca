namespace FaissNet;

/// <summary>A set of vector ids. FAISS's <c>IDSelector</c> (<c>faiss/impl/IDSelector.h</c>).</summary>
public abstract class IdSelector
{
    private protected IdSelector()
    {
    }

    /// <summary>The ids from <paramref name="min"/> up to, but not including, <paramref name="max"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="max"/> is less than <paramref name="min"/>.</exception>
    public static IdSelector Range(long min, long max) => new IdSelectorRange(min, max);

    /// <summary>Exactly these ids; order and repetition do not matter. The ids are copied.</summary>
    public static IdSelector Batch(params ReadOnlySpan<long> ids) => new IdSelectorBatch(ids);

    /// <summary>Whether the set holds <paramref name="id"/>.</summary>
    public abstract bool Contains(long id);
}

/// <summary>The ids from <see cref="Min"/> up to, but not including, <see cref="Max"/>.</summary>
public sealed class IdSelectorRange : IdSelector
{
    /// <inheritdoc cref="IdSelector.Range"/>
    public IdSelectorRange(long min, long max)
    {
        if (max < min)
            throw new ArgumentOutOfRangeException(nameof(max), max, $"max is {max}: expected at least min = {min}.");

        Min = min;
        Max = max;
    }

    /// <summary>The first id of the set.</summary>
    public long Min { get; }

    /// <summary>The first id above the set.</summary>
    public long Max { get; }

    /// <inheritdoc/>
    public override bool Contains(long id) => id >= Min && id < Max;
}

/// <summary>A set of listed ids.</summary>
public sealed class IdSelectorBatch : IdSelector
{
    private readonly long[] _ids;
    private HashSet<long>? _set;

    /// <inheritdoc cref="IdSelector.Batch"/>
    public IdSelectorBatch(params ReadOnlySpan<long> ids) => _ids = ids.ToArray();

    /// <summary>The ids as they were given.</summary>
    public ReadOnlySpan<long> Ids => _ids;

    /// <inheritdoc/>
    public override bool Contains(long id) => (_set ??= [.. _ids]).Contains(id);
}
