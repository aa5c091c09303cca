namespace FaissNet;

/// <summary>The ids that <see cref="Selector"/> does not hold.</summary>
public sealed class IdSelectorNot : IdSelector
{
    /// <inheritdoc cref="IdSelector.Not"/>
    public IdSelectorNot(IdSelector selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        Selector = selector;
    }

    /// <summary>The set that is turned around.</summary>
    public IdSelector Selector { get; }

    /// <inheritdoc/>
    public override bool Contains(long id) => !Selector.Contains(id);
}

/// <summary>Two sets joined by an operator.</summary>
public abstract class IdSelectorPair : IdSelector
{
    private protected IdSelectorPair(IdSelector left, IdSelector right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        (Left, Right) = (left, right);
    }

    /// <summary>The set that is asked first.</summary>
    public IdSelector Left { get; }

    /// <summary>The other set.</summary>
    public IdSelector Right { get; }
}

/// <summary>The ids that both sets hold.</summary>
public sealed class IdSelectorAnd : IdSelectorPair
{
    /// <inheritdoc cref="IdSelector.And"/>
    public IdSelectorAnd(IdSelector left, IdSelector right)
        : base(left, right)
    {
    }

    /// <inheritdoc/>
    public override bool Contains(long id) => Left.Contains(id) && Right.Contains(id);
}

/// <summary>The ids that one or both of the sets hold.</summary>
public sealed class IdSelectorOr : IdSelectorPair
{
    /// <inheritdoc cref="IdSelector.Or"/>
    public IdSelectorOr(IdSelector left, IdSelector right)
        : base(left, right)
    {
    }

    /// <inheritdoc/>
    public override bool Contains(long id) => Left.Contains(id) || Right.Contains(id);
}

/// <summary>The ids that exactly one of the sets holds.</summary>
public sealed class IdSelectorXOr : IdSelectorPair
{
    /// <inheritdoc cref="IdSelector.XOr"/>
    public IdSelectorXOr(IdSelector left, IdSelector right)
        : base(left, right)
    {
    }

    /// <inheritdoc/>
    public override bool Contains(long id) => Left.Contains(id) ^ Right.Contains(id);
}
