namespace FaissNet;

/// <summary>A set of vector ids. FAISS's <c>IDSelector</c> (<c>faiss/impl/IDSelector.h</c>).</summary>
/// <remarks>Selectors do not change, and any number of threads and searches may share one.</remarks>
public abstract class IdSelector
{
    private protected IdSelector()
    {
    }

    /// <summary>Every id. FAISS's <c>IDSelectorAll</c>.</summary>
    public static IdSelector All { get; } = new IdSelectorAll();

    /// <summary>The ids from <paramref name="min"/> up to, but not including, <paramref name="max"/>. FAISS's <c>IDSelectorRange</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="max"/> is less than <paramref name="min"/>.</exception>
    public static IdSelector Range(long min, long max) => new IdSelectorRange(min, max);

    /// <summary>Exactly these ids; order and repetition do not matter. The ids are copied. FAISS's <c>IDSelectorBatch</c>.</summary>
    public static IdSelector Batch(params ReadOnlySpan<long> ids) => new IdSelectorBatch(ids);

    /// <summary>
    /// The ids whose bit is set, in sets as dense as the ids themselves: <c>id</c> is in it if it is from 0 to below 8 times the number of
    /// bytes and bit <c>id % 8</c> (bit 0 is the lowest) of byte <c>id / 8</c> is 1. The bytes are copied. FAISS's <c>IDSelectorBitmap</c>.
    /// </summary>
    public static IdSelector Bitmap(params ReadOnlySpan<byte> bits) => new IdSelectorBitmap(bits);

    /// <summary>The ids that a function says yes to.</summary>
    /// <param name="predicate">Called from many threads at once, with any id, once or several times. It must not throw and not call
    /// the index that is being searched: that would wait for its own search.</param>
    public static IdSelector Where(Func<long, bool> predicate) => new IdSelectorPredicate(predicate);

    /// <summary>The ids that <paramref name="selector"/> does not hold. FAISS's <c>IDSelectorNot</c>.</summary>
    public static IdSelector Not(IdSelector selector) => new IdSelectorNot(selector);

    /// <summary>The ids that both hold. FAISS's <c>IDSelectorAnd</c>.</summary>
    public static IdSelector And(IdSelector left, IdSelector right) => new IdSelectorAnd(left, right);

    /// <summary>The ids that one or both hold. FAISS's <c>IDSelectorOr</c>.</summary>
    public static IdSelector Or(IdSelector left, IdSelector right) => new IdSelectorOr(left, right);

    /// <summary>The ids that exactly one of the two holds. FAISS's <c>IDSelectorXOr</c>.</summary>
    public static IdSelector XOr(IdSelector left, IdSelector right) => new IdSelectorXOr(left, right);

    /// <summary>Whether the set holds <paramref name="id"/>. Any number of threads may ask at once.</summary>
    public abstract bool Contains(long id);
}

/// <summary>Every id.</summary>
public sealed class IdSelectorAll : IdSelector
{
    internal IdSelectorAll()
    {
    }

    /// <inheritdoc/>
    public override bool Contains(long id) => true;
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
    private long[]? _sorted;

    /// <inheritdoc cref="IdSelector.Batch"/>
    public IdSelectorBatch(params ReadOnlySpan<long> ids) => _ids = ids.ToArray();

    /// <summary>The ids as they were given.</summary>
    public ReadOnlySpan<long> Ids => _ids;

    /// <summary>The ids in ascending order, in memory that never moves: native code reads them where they are.</summary>
    internal ReadOnlySpan<long> Sorted => _sorted ??= Sort(_ids);

    /// <inheritdoc/>
    // Threads that come first at once each build a set: one of them stays, and all are equal.
    public override bool Contains(long id) => (_set ??= [.. _ids]).Contains(id);

    private static long[] Sort(long[] ids)
    {
        var sorted = GC.AllocateUninitializedArray<long>(ids.Length, pinned: true);
        ids.CopyTo(sorted);
        Array.Sort(sorted);
        return sorted;
    }
}

/// <summary>A set of ids with a bit for each.</summary>
public sealed class IdSelectorBitmap : IdSelector
{
    // In memory that never moves: native code reads it where it is.
    private readonly byte[] _bits;

    /// <inheritdoc cref="IdSelector.Bitmap"/>
    public IdSelectorBitmap(params ReadOnlySpan<byte> bits)
    {
        _bits = GC.AllocateUninitializedArray<byte>(bits.Length, pinned: true);
        bits.CopyTo(_bits);
    }

    /// <summary>The bits: id 0 is the lowest of the first byte.</summary>
    public ReadOnlySpan<byte> Bits => _bits;

    /// <inheritdoc/>
    public override bool Contains(long id)
    {
        // Negative ids become bytes far above the last.
        var position = (ulong)id >> 3;
        return position < (ulong)_bits.Length && (_bits[position] >> (int)(id & 7) & 1) != 0;
    }
}

/// <summary>The ids that a function says yes to.</summary>
public sealed class IdSelectorPredicate : IdSelector
{
    private readonly Func<long, bool> _predicate;

    /// <inheritdoc cref="IdSelector.Where"/>
    public IdSelectorPredicate(Func<long, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        _predicate = predicate;
    }

    /// <inheritdoc/>
    public override bool Contains(long id) => _predicate(id);
}
