namespace FaissNet.Managed;

/// <summary>
/// An index of the managed engine: pure C#, no native code, the same results and files as FAISS's. Classes bear FAISS's names; to change the
/// engine is to change one <c>using</c>.
/// </summary>
/// <remarks>An index that another one wraps (<c>IndexIDMap</c>, <c>IndexPreTransform</c>, …) belongs to it from then on: it is disposed with
/// it and must not be used beside it.</remarks>
public abstract partial class ManagedIndex : VectorIndex
{
    private long _count;
    private bool _isTrained;

    private protected ManagedIndex(int d, MetricType metric)
        : base(d, metric)
    {
    }

    /// <inheritdoc/>
    public override long Count => Volatile.Read(ref _count);

    /// <inheritdoc/>
    public override bool IsTrained => Volatile.Read(ref _isTrained);

    /// <summary>FAISS's class name, wrappers from the outside in: <c>IndexPreTransform(IndexIVFPQ)</c>.</summary>
    public virtual string TypeName => GetType().Name;

    private protected void SetCount(long count) => Volatile.Write(ref _count, count);

    private protected void SetTrained(bool isTrained) => Volatile.Write(ref _isTrained, isTrained);

    // What wrappers call: their own gate stands before it, and their own checks.
    internal void TrainInner(ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken) =>
        TrainCore(vectors, n, progress, cancellationToken);

    internal void AddInner(ReadOnlySpan<float> vectors, int n) => AddCore(vectors, n);

    internal void AddWithIdsInner(ReadOnlySpan<float> vectors, ReadOnlySpan<long> ids, int n) => AddWithIdsCore(vectors, ids, n);

    internal void SearchInner(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters) =>
        SearchCore(queries, n, k, distances, labels, parameters);

    internal RangeSearchResult RangeSearchInner(ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters) =>
        RangeSearchCore(queries, n, radius, parameters);

    internal void ReconstructInner(long id, Span<float> vector) => ReconstructCore(id, vector);

    internal long RemoveInner(IdSelector selector) => RemoveCore(selector);

    internal void ResetInner() => ResetCore();

    internal void SetParameterInner(string name, double value) => SetParameterCore(name, value);

    internal double GetParameterInner(string name) => GetParameterCore(name);

    internal IReadOnlyList<Evaluation.ParameterRange> GetParameterRangesInner() => GetParameterRangesCore();

    internal IndexDescription DescribeInner() => DescribeCore();

    internal void MergeInner(VectorIndex other, long addId) => MergeFromCore(other, addId);

    internal int EncodedSizeInner() => EncodedSizeCore();

    internal void EncodeInner(ReadOnlySpan<float> vectors, int n, Span<byte> codes) => EncodeCore(vectors, n, codes);

    internal void DecodeInner(ReadOnlySpan<byte> codes, int n, Span<float> vectors) => DecodeCore(codes, n, vectors);

    /// <summary>Whether codes hold floats as they are, which in codes from outside may be anything.</summary>
    private protected virtual bool CodesHoldFloats => false;

    /// <summary>Throws an <see cref="ArgumentException"/> unless n codes can be stored.</summary>
    internal virtual void CheckCodes(ReadOnlySpan<byte> codes, int n)
    {
        if (!CodesHoldFloats)
            return;

        var size = EncodedSizeCore();
        var vector = new float[Dimension];
        for (var i = 0; i < n; i++)
        {
            DecodeCore(codes.Slice(i * size, size), 1, vector);
            if (!VectorArguments.IsFinite(vector))
            {
                throw new ArgumentException(
                    $"codes holds a vector, {i}, with a component that is not finite, or so long that distances to it overflow float32.", nameof(codes));
            }
        }
    }

    /// <summary>Appends n codes that were checked, under n ids, or numbered on if there are none.</summary>
    internal abstract void StoreCodes(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids, int n);

    /// <summary>Finds vectors among which the k nearest are, as far as this index knows, in any order: for an index that orders them anew.</summary>
    /// <param name="queries">n·d floats.</param>
    /// <param name="n">Queries.</param>
    /// <param name="k">How many at least, if there are so many.</param>
    /// <param name="room">How many at most.</param>
    /// <param name="labels">Receives n times up to <paramref name="room"/> ids.</param>
    /// <param name="counts">Receives how many each query found.</param>
    /// <param name="parameters">As for a search.</param>
    internal virtual unsafe void FindCandidates(
        float* queries, int n, int k, int room, long* labels, int* counts, SearchParameters? parameters)
    {
        using var scratch = Scratch.Rent();
        var found = scratch.Longs((long)n * k);
        SearchCore(
            new ReadOnlySpan<float>(queries, checked(n * Dimension)),
            n,
            k,
            new Span<float>(scratch.Floats((long)n * k), checked(n * k)),
            new Span<long>(found, n * k),
            parameters);
        for (var i = 0; i < n; i++)
        {
            var ids = new ReadOnlySpan<long>(found + (long)i * k, k);
            var none = ids.IndexOf(-1);
            counts[i] = none < 0 ? k : none;
            ids[..counts[i]].CopyTo(new Span<long>(labels + (long)i * room, room));
        }
    }

    /// <summary>Gives the memory outside the garbage collector's heap back; nobody uses the index any more.</summary>
    internal abstract void FreeMemory();

    /// <inheritdoc/>
    protected override void SaveCore(Stream stream) => Serialization.IndexWriter.Write(this, stream);

    /// <inheritdoc/>
    protected override VectorIndex CloneCore() => Serialization.IndexCopier.Copy(this);

    /// <inheritdoc/>
    protected sealed override void Dispose(bool disposing)
    {
        if (disposing)
            WhenUnused(FreeMemory);
    }

    /// <inheritdoc/>
    protected override void AddWithIdsCore(ReadOnlySpan<float> vectors, ReadOnlySpan<long> ids, int n) => throw StoresNoIds();

    /// <inheritdoc/>
    protected sealed override void AddCodesCore(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids, int n)
    {
        CheckCodes(codes, n);
        StoreCodes(codes, ids, n);
    }

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value) => throw UnknownParameter(name);

    /// <inheritdoc/>
    protected override double GetParameterCore(string name) => throw UnknownParameter(name);

    private protected NotSupportedException StoresNoIds() =>
        new($"{TypeName} stores no ids: wrap it in an IndexIDMap (factory string IDMap,…).");

    private protected ArgumentException UnknownParameter(string name) =>
        new($"{TypeName} has no parameter '{name}'.", nameof(name));

    /// <summary>Refuses parameters of a call that mean nothing to this type.</summary>
    private protected void RequireOnly(SearchParameters? parameters, bool probes = false, bool selector = false, bool kFactor = false)
    {
        if (parameters is null)
            return;

        if (!probes && parameters.NProbe is not null)
            throw Meaningless("nprobe");

        if (!probes && parameters.MaxCodes is not null)
            throw Meaningless("max_codes");

        if (!selector && parameters.Selector is not null)
            throw Meaningless("sel");

        if (!kFactor && parameters.KFactor is not null)
            throw Meaningless("k_factor");

        if (parameters.EfSearch is not null)
            throw Meaningless("efSearch");

        if (parameters.PolysemousHt is not null)
            throw Meaningless("polysemous_ht");
    }

    /// <summary>The other index of a merge.</summary>
    private protected T RequireSameType<T>(VectorIndex other)
        where T : ManagedIndex =>
        other as T ?? throw new ArgumentException(
            $"other is a {(other as ManagedIndex)?.TypeName ?? other.GetType().FullName}: expected an index of the managed engine and of this type, {TypeName}.",
            nameof(other));

    /// <summary>Refuses a merge that shifts ids where there are none.</summary>
    private protected void RequireNumberingOn(long addId)
    {
        if (addId != Count)
        {
            throw new ArgumentException(
                $"addId is {addId}: {TypeName} stores no ids and numbers on, so that only Count = {Count} fits.", nameof(addId));
        }
    }

    private NotSupportedException Meaningless(string name) => new($"parameters holds {name}, which {TypeName} does not know.");
}
