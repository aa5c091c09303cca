using FaissNet.Evaluation;

namespace FaissNet.Managed;

/// <summary>Gives ids of the caller's to an index that numbers its vectors. FAISS's <c>IndexIDMap</c> (<c>faiss/IndexIDMap.h</c>).</summary>
/// <remarks>An id that is added twice is stored twice, as in FAISS; reconstructing gives the vector that came last.</remarks>
public class IndexIDMap : ManagedIndex
{
    private readonly Lock _positionsLock = new();
    private readonly List<long> _ids = [];
    private Dictionary<long, int>? _positions;

    /// <summary>An index that keeps ids beside another one.</summary>
    /// <param name="index">An index without vectors.</param>
    /// <exception cref="ArgumentException">The index holds vectors, whose ids nobody knows.</exception>
    public IndexIDMap(ManagedIndex index)
        : base(IndexArguments.NotNull(index, nameof(index)).Dimension, index.Metric)
    {
        if (index.Count != 0)
            throw new ArgumentException($"index holds {index.Count} vectors already: expected an empty one.", nameof(index));

        Index = index;
        SetTrained(index.IsTrained);
    }

    /// <inheritdoc/>
    public override string TypeName => $"{GetType().Name}({Index.TypeName})";

    /// <summary>The index that numbers. FAISS's <c>index</c>.</summary>
    internal ManagedIndex Index { get; private set; }

    /// <summary>The ids in the order of the numbers. FAISS's <c>id_map</c>.</summary>
    internal ReadOnlySpan<long> Ids => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_ids);

    internal override void FreeMemory() => Index.FreeMemory();

    internal override void CopySettings(ManagedIndex from) => Index.CopySettings(((IndexIDMap)from).Index);

    /// <summary>Takes over what a file holds: the index inside, with vectors, and their ids.</summary>
    internal void RestoreContent(ManagedIndex index, ReadOnlySpan<long> ids)
    {
        Index = index;
        _ids.Clear();
        _ids.AddRange(ids);
        _positions = null;
        SetCount(index.Count);
        SetTrained(index.IsTrained);
    }

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore()
    {
        var inner = Index.DescribeInner();
        var memory = IndexMemory.None with
        {
            Ids = (long)_ids.Capacity * sizeof(long),
            Tables = (Volatile.Read(ref _positions)?.Capacity ?? 0) * 24L,
        };
        return inner with
        {
            TypeName = TypeName,
            Count = Count,
            IsTrained = IsTrained,
            IdBytes = inner.IdBytes + sizeof(long),
            Memory = (inner.Memory ?? IndexMemory.None) + memory,
        };
    }

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        SetTrained(false);
        Index.TrainInner(vectors, n, progress, cancellationToken);
        SetTrained(Index.IsTrained);
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<float> vectors, int n) => throw new NotSupportedException(
        $"{TypeName} takes vectors under ids of yours, one for each: call {nameof(AddWithIds)}.");

    internal override void CheckCodes(ReadOnlySpan<byte> codes, int n) => Index.CheckCodes(codes, n);

    internal override void StoreCodes(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids, int n)
    {
        if (ids.IsEmpty)
            throw new NotSupportedException($"{TypeName} takes codes under ids of yours, one for each: call {nameof(AddCodesWithIds)}.");

        RequireRoom(n);
        _positions = null;
        Index.StoreCodes(codes, [], n);
        _ids.AddRange(ids[..n]);
        SetCount(Index.Count);
    }

    /// <inheritdoc/>
    protected override void AddWithIdsCore(ReadOnlySpan<float> vectors, ReadOnlySpan<long> ids, int n)
    {
        RequireRoom(n);
        _positions = null;
        Index.AddInner(vectors, n);
        _ids.AddRange(ids[..n]);
        SetCount(Index.Count);
    }

    /// <inheritdoc/>
    protected override long RemoveCore(IdSelector selector)
    {
        if (KeepsNumbers(Index))
        {
            throw new NotSupportedException(
                $"{TypeName} cannot remove: {Index.TypeName} does not number anew what is left. It stores ids itself and needs no {GetType().Name}.");
        }

        _positions = null;
        var removed = Index.RemoveInner(new Translated(selector, _ids));
        _ids.RemoveAll(selector.Contains);
        SetCount(Index.Count);
        return removed;
    }

    /// <inheritdoc/>
    protected override void ResetCore()
    {
        _positions = null;
        Index.ResetInner();
        _ids.Clear();
        SetCount(0);
    }

    /// <inheritdoc/>
    protected override void MergeFromCore(VectorIndex other, long addId)
    {
        if (other is not IndexIDMap from)
            throw new ArgumentException($"other is a {other.GetType().Name}: expected an {nameof(IndexIDMap)}, as here.", nameof(other));

        if (Count + from.Count > Array.MaxLength)
            throw new ArgumentException($"other holds {from.Count} vectors: {TypeName} holds at most {Array.MaxLength}, and {Count} are there.", nameof(other));

        IndexArguments.RequireMergeable(Index, from.Index);
        _positions = from._positions = null;
        Index.MergeInner(from.Index, Index.Count);
        foreach (var id in from._ids)
            _ids.Add(id + addId);

        from._ids.Clear();
        SetCount(Index.Count);
        from.SetCount(0);
    }

    /// <inheritdoc/>
    protected override void SearchCore(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters)
    {
        Index.SearchInner(queries, n, k, distances, labels, Translate(parameters));
        Rename(labels);
    }

    /// <inheritdoc/>
    protected override RangeSearchResult RangeSearchCore(ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters)
    {
        var result = Index.RangeSearchInner(queries, n, radius, Translate(parameters));
        Rename(result.Labels);
        return result;
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<float> vector)
    {
        Dictionary<long, int> positions;
        lock (_positionsLock)
            positions = _positions ??= FindPositions();

        if (!positions.TryGetValue(id, out var position))
            throw IndexArguments.NoSuchId(id);

        Index.ReconstructInner(position, vector);
    }

    /// <inheritdoc/>
    protected override int EncodedSizeCore() => Index.EncodedSizeInner();

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes) => Index.EncodeInner(vectors, n, codes);

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors) => Index.DecodeInner(codes, n, vectors);

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value) => Index.SetParameterInner(name, value);

    /// <inheritdoc/>
    protected override IReadOnlyList<ParameterRange> GetParameterRangesCore() => Index.GetParameterRangesInner();

    /// <inheritdoc/>
    protected override double GetParameterCore(string name) => Index.GetParameterInner(name);

    private static bool KeepsNumbers(ManagedIndex index) => index switch
    {
        IndexIVF or IndexIDMap => true,
        IndexPreTransform transformed => KeepsNumbers(transformed.Index),
        _ => false,
    };

    private void RequireRoom(int n)
    {
        if (Count + n > Array.MaxLength)
            throw new NotSupportedException($"{TypeName} holds at most {Array.MaxLength} vectors: it holds {Count}, and {n} were to be added.");
    }

    private void Rename(Span<long> labels)
    {
        var ids = Ids;
        foreach (ref var label in labels)
        {
            if (label >= 0)
                label = ids[(int)label];
        }
    }

    private SearchParameters? Translate(SearchParameters? parameters) =>
        parameters?.Selector is { } selector ? parameters with { Selector = new Translated(selector, _ids) } : parameters;

    private Dictionary<long, int> FindPositions()
    {
        var positions = new Dictionary<long, int>(_ids.Count);
        for (var i = 0; i < _ids.Count; i++)
            positions[_ids[i]] = i;

        return positions;
    }

    /// <summary>The numbers of selected ids.</summary>
    private sealed class Translated(IdSelector selector, List<long> ids) : IdSelector
    {
        public override bool Contains(long id) => id >= 0 && id < ids.Count && selector.Contains(ids[(int)id]);
    }
}

/// <summary>An <see cref="IndexIDMap"/> that FAISS, too, can reconstruct from. FAISS's <c>IndexIDMap2</c>.</summary>
/// <param name="index">An index without vectors.</param>
/// <exception cref="ArgumentException">The index holds vectors, whose ids nobody knows.</exception>
public sealed class IndexIDMap2(ManagedIndex index) : IndexIDMap(index);
