using FaissNet.Evaluation;

namespace FaissNet.Managed;

/// <summary>
/// Takes k_factor·k candidates from one index and orders them by the distances of a second, more exact one. FAISS's <c>IndexRefine</c>
/// (<c>faiss/IndexRefine.h</c>).
/// </summary>
/// <remarks>
/// Both hold the same vectors, numbered from 0 in the order of their addition: ids of one's own are an <c>IndexIDMap</c> around this. Both belong
/// to this index: they are disposed with it and must not be used beside it.
/// </remarks>
public unsafe partial class IndexRefine : ManagedIndex
{
    private float _kFactor = 1;

    /// <summary>An index of two that hold the same vectors, or none.</summary>
    /// <param name="baseIndex">Finds candidates.</param>
    /// <param name="refineIndex">Orders them: it must be able to reconstruct.</param>
    /// <exception cref="ArgumentException">Dimension, metric or number of vectors differ, or the two are one.</exception>
    public IndexRefine(ManagedIndex baseIndex, ManagedIndex refineIndex)
        : base(Require(baseIndex, refineIndex), baseIndex.Metric)
    {
        (Base, Refine) = (baseIndex, refineIndex);
        SetTrained(baseIndex.IsTrained && refineIndex.IsTrained);
        SetCount(baseIndex.Count);
    }

    /// <inheritdoc/>
    public override string TypeName => $"{nameof(IndexRefine)}({Base.TypeName},{Refine.TypeName})";

    /// <summary>
    /// How many times k candidates are taken, 1 to 1000; 1 until it is set. FAISS's <c>k_factor</c>. This is shared by all callers; for one call there
    /// is <see cref="SearchParameters.KFactor"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float KFactor
    {
        get => Volatile.Read(ref _kFactor);
        set
        {
            if (value is not (>= 1 and <= 1000))
                throw new ArgumentOutOfRangeException(nameof(value), value, $"KFactor is {value}: expected 1 to 1000.");

            Writing(() => _kFactor = value);
        }
    }

    /// <summary>Finds candidates. FAISS's <c>base_index</c>.</summary>
    internal ManagedIndex Base { get; }

    /// <summary>Orders them. FAISS's <c>refine_index</c>.</summary>
    internal ManagedIndex Refine { get; }

    internal override void FreeMemory()
    {
        Base.FreeMemory();
        Refine.FreeMemory();
    }

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore()
    {
        var (inner, refine) = (Base.DescribeInner(), Refine.DescribeInner());
        return inner with
        {
            TypeName = TypeName,
            Count = Count,
            IsTrained = IsTrained,
            CodeSize = inner.CodeSize + refine.CodeSize,
            IdBytes = inner.IdBytes + refine.IdBytes,
            Memory = (inner.Memory ?? IndexMemory.None) + (refine.Memory ?? IndexMemory.None),
        };
    }

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        SetTrained(false);
        Base.TrainInner(vectors, n, progress, cancellationToken);
        Refine.TrainInner(vectors, n, progress, cancellationToken);
        SetTrained(true);
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<float> vectors, int n)
    {
        Base.AddInner(vectors, n);
        Refine.AddInner(vectors, n);
        SetCount(Refine.Count);
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: the two indexes would number what is left differently.</exception>
    protected override long RemoveCore(IdSelector selector) => throw new NotSupportedException(
        $"{TypeName} cannot remove vectors: leave them out of searches with a selector, or build the index anew without them.");

    /// <inheritdoc/>
    protected override void ResetCore()
    {
        Base.ResetInner();
        Refine.ResetInner();
        SetCount(0);
    }

    /// <inheritdoc/>
    protected override void MergeFromCore(VectorIndex other, long addId)
    {
        if (other is not IndexRefine from || from.GetType() != GetType())
            throw new ArgumentException($"other is a {other.GetType().Name}: expected a {GetType().Name}, as here.", nameof(other));

        RequireNumberingOn(addId);
        Base.MergeInner(from.Base, addId);
        Refine.MergeInner(from.Refine, addId);
        SetCount(Refine.Count);
        from.SetCount(0);
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<float> vector) => Refine.ReconstructInner(id, vector);

    /// <inheritdoc/>
    protected override int EncodedSizeCore() => checked(Base.EncodedSizeInner() + Refine.EncodedSizeInner());

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes)
    {
        int first = Base.EncodedSizeInner(), second = Refine.EncodedSizeInner();
        var firstCodes = new byte[checked(n * first)];
        var secondCodes = new byte[checked(n * second)];
        Base.EncodeInner(vectors, n, firstCodes);
        Refine.EncodeInner(vectors, n, secondCodes);
        for (var i = 0; i < n; i++)
        {
            var code = codes.Slice(i * (first + second), first + second);
            firstCodes.AsSpan(i * first, first).CopyTo(code);
            secondCodes.AsSpan(i * second, second).CopyTo(code[first..]);
        }
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors) =>
        Refine.DecodeInner(Split(codes, n).Fine, n, vectors);

    internal override void CheckCodes(ReadOnlySpan<byte> codes, int n)
    {
        var (baseCodes, fine) = Split(codes, n);
        Base.CheckCodes(baseCodes, n);
        Refine.CheckCodes(fine, n);
    }

    internal override void StoreCodes(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids, int n)
    {
        if (!ids.IsEmpty)
            throw StoresNoIds();

        var (baseCodes, fine) = Split(codes, n);
        Base.StoreCodes(baseCodes, [], n);
        Refine.StoreCodes(fine, [], n);
        SetCount(Refine.Count);
    }

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value)
    {
        if (name == "k_factor_rf")
        {
            if (value is not (>= 1 and <= 1000))
                throw new ArgumentException($"{name} is {value}: expected 1 to 1000.", nameof(value));

            _kFactor = (float)value;
            return;
        }

        Base.SetParameterInner(name, value);
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<ParameterRange> GetParameterRangesCore() =>
        [ParameterRange.PowersOfTwo("k_factor_rf", 7), .. Base.GetParameterRangesInner()];

    /// <inheritdoc/>
    protected override double GetParameterCore(string name) => name == "k_factor_rf" ? _kFactor : Base.GetParameterInner(name);

    // Of each vector there is the code of the base, then that of the refining index.
    private (byte[] Base, byte[] Fine) Split(ReadOnlySpan<byte> codes, int n)
    {
        int first = Base.EncodedSizeInner(), second = Refine.EncodedSizeInner();
        var baseCodes = new byte[checked(n * first)];
        var fine = new byte[checked(n * second)];
        for (var i = 0; i < n; i++)
        {
            var code = codes.Slice(i * (first + second), first + second);
            code[..first].CopyTo(baseCodes.AsSpan(i * first));
            code[first..].CopyTo(fine.AsSpan(i * second));
        }

        return (baseCodes, fine);
    }

    private static int Require(ManagedIndex baseIndex, ManagedIndex refineIndex)
    {
        ArgumentNullException.ThrowIfNull(baseIndex);
        ArgumentNullException.ThrowIfNull(refineIndex);
        var difference =
            ReferenceEquals(baseIndex, refineIndex) ? "is the base index itself: expected another one"
            : baseIndex.Dimension != refineIndex.Dimension ? $"has the dimension {refineIndex.Dimension}: expected {baseIndex.Dimension}, as the base index"
            : baseIndex.Metric != refineIndex.Metric ? $"has the metric {refineIndex.Metric}: expected {baseIndex.Metric}, as the base index"
            : baseIndex.Count != refineIndex.Count ? $"holds {refineIndex.Count} vectors: expected {baseIndex.Count}, as the base index"
            : null;
        return difference is null ? baseIndex.Dimension : throw new ArgumentException($"refineIndex {difference}.", nameof(refineIndex));
    }
}
