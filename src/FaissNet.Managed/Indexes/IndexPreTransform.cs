using FaissNet.Evaluation;

namespace FaissNet.Managed;

/// <summary>Transforms vectors before another index stores or searches them. FAISS's <c>IndexPreTransform</c>
/// (<c>faiss/IndexPreTransform.h</c>).</summary>
public sealed unsafe class IndexPreTransform : ManagedIndex
{
    private readonly VectorTransform[] _chain;

    // Those that came trained keep that: a chain from a file, or one that the caller trained on other vectors.
    private readonly bool[] _isGiven;

    /// <summary>An index behind transforms.</summary>
    /// <param name="chain">The transforms, in the order in which they are applied. They belong to this index from then on.</param>
    /// <param name="index">The index that gets what comes out of them.</param>
    /// <exception cref="ArgumentException">Dimensions do not follow each other, or the index is not trained to what the transforms
    /// give.</exception>
    public IndexPreTransform(ReadOnlySpan<VectorTransform> chain, ManagedIndex index)
        : base(Require(chain, index), index.Metric)
    {
        (_chain, Index) = (chain.ToArray(), index);
        _isGiven = Array.ConvertAll(_chain, transform => transform.IsTrained);
        SetCount(index.Count);
        SetTrained(index.IsTrained && Array.TrueForAll(_isGiven, given => given));
    }

    /// <summary>An index behind one transform.</summary>
    /// <param name="transform">The transform.</param>
    /// <param name="index">The index that gets what comes out of it.</param>
    /// <exception cref="ArgumentException">The dimensions do not fit.</exception>
    public IndexPreTransform(VectorTransform transform, ManagedIndex index)
        : this([transform], index)
    {
    }

    /// <inheritdoc/>
    public override string TypeName => $"{nameof(IndexPreTransform)}({Index.TypeName})";

    /// <summary>The transforms, in the order in which they are applied. FAISS's <c>chain</c>.</summary>
    public ReadOnlySpan<VectorTransform> Chain => _chain;

    /// <summary>The index behind them. FAISS's <c>index</c>.</summary>
    internal ManagedIndex Index { get; }

    internal override void FreeMemory() => Index.FreeMemory();

    internal override void CheckCodes(ReadOnlySpan<byte> codes, int n) => Index.CheckCodes(codes, n);

    internal override void StoreCodes(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids, int n)
    {
        Index.StoreCodes(codes, ids, n);
        SetCount(Index.Count);
    }

    internal override void FindCandidates(float* queries, int n, int k, int room, long* labels, int* counts, SearchParameters? parameters)
    {
        using var scratch = Scratch.Rent();
        fixed (float* transformed = Transform(new ReadOnlySpan<float>(queries, checked(n * Dimension)), n, scratch))
            Index.FindCandidates(transformed, n, k, room, labels, counts, parameters);
    }

    internal override void CopySettings(ManagedIndex from) => Index.CopySettings(((IndexPreTransform)from).Index);

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore()
    {
        var inner = Index.DescribeInner();
        var transforms = 0L;
        foreach (var transform in _chain)
            transforms += transform.ParameterCount * sizeof(float);

        return inner with
        {
            TypeName = TypeName,
            Dimension = Dimension,
            Count = Count,
            IsTrained = IsTrained,
            Memory = (inner.Memory ?? IndexMemory.None) + IndexMemory.None with { Codebooks = transforms },
        };
    }

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        SetTrained(false);
        var transformed = vectors;
        for (var i = 0; i < _chain.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var transform = _chain[i];
            if (!_isGiven[i])
                transform.Train(transformed, progress, cancellationToken);

            var output = GC.AllocateUninitializedArray<float>(checked(n * transform.DOut));
            transform.Apply(transformed, output, cancellationToken);
            transformed = output;
        }

        Index.TrainInner(transformed, n, progress, cancellationToken);
        SetTrained(true);
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<float> vectors, int n)
    {
        var step = StepSize;
        for (var first = 0; first < n; first += step)
        {
            using var scratch = Scratch.Rent();
            var count = Math.Min(step, n - first);
            Index.AddInner(Transform(vectors.Slice(first * Dimension, count * Dimension), count, scratch), count);
            SetCount(Index.Count);
        }
    }

    /// <inheritdoc/>
    protected override void AddWithIdsCore(ReadOnlySpan<float> vectors, ReadOnlySpan<long> ids, int n)
    {
        var step = StepSize;
        for (var first = 0; first < n; first += step)
        {
            using var scratch = Scratch.Rent();
            var count = Math.Min(step, n - first);
            var transformed = Transform(vectors.Slice(first * Dimension, count * Dimension), count, scratch);
            Index.AddWithIdsInner(transformed, ids.Slice(first, count), count);
            SetCount(Index.Count);
        }
    }

    /// <inheritdoc/>
    protected override long RemoveCore(IdSelector selector)
    {
        var removed = Index.RemoveInner(selector);
        SetCount(Index.Count);
        return removed;
    }

    /// <inheritdoc/>
    protected override void ResetCore()
    {
        Index.ResetInner();
        SetCount(0);
    }

    /// <inheritdoc/>
    protected override void MergeFromCore(VectorIndex other, long addId)
    {
        if (other is not IndexPreTransform from)
            throw new ArgumentException($"other is a {other.GetType().Name}: expected an {nameof(IndexPreTransform)}, as here.", nameof(other));

        var fits = from._chain.Length == _chain.Length;
        for (var i = 0; fits && i < _chain.Length; i++)
            fits = _chain[i].AppliesLike(from._chain[i]);

        if (!fits)
            throw new ArgumentException("other transforms vectors differently: train one, and clone it before adding.", nameof(other));

        IndexArguments.RequireMergeable(Index, from.Index);
        Index.MergeInner(from.Index, addId);
        SetCount(Index.Count);
        from.SetCount(from.Index.Count);
    }

    /// <inheritdoc/>
    protected override void SearchCore(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters)
    {
        var step = StepSize;
        for (var first = 0; first < n; first += step)
        {
            using var scratch = Scratch.Rent();
            var count = Math.Min(step, n - first);
            Index.SearchInner(
                Transform(queries.Slice(first * Dimension, count * Dimension), count, scratch),
                count,
                k,
                distances.Slice(first * k, count * k),
                labels.Slice(first * k, count * k),
                parameters);
        }
    }

    /// <inheritdoc/>
    protected override RangeSearchResult RangeSearchCore(ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters)
    {
        using var scratch = Scratch.Rent();
        return Index.RangeSearchInner(Transform(queries, n, scratch), n, radius, parameters);
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<float> vector)
    {
        using var scratch = Scratch.Rent();
        var stored = new Span<float>(scratch.Floats(Index.Dimension), Index.Dimension);
        Index.ReconstructInner(id, stored);
        Undo(stored, 1, vector, scratch);
    }

    /// <inheritdoc/>
    protected override int EncodedSizeCore() => Index.EncodedSizeInner();

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes)
    {
        using var scratch = Scratch.Rent();
        Index.EncodeInner(Transform(vectors, n, scratch), n, codes);
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors)
    {
        using var scratch = Scratch.Rent();
        var stored = new Span<float>(scratch.Floats((long)n * Index.Dimension), checked(n * Index.Dimension));
        Index.DecodeInner(codes, n, stored);
        Undo(stored, n, vectors, scratch);
    }

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value) => Index.SetParameterInner(name, value);

    /// <inheritdoc/>
    protected override IReadOnlyList<ParameterRange> GetParameterRangesCore() => Index.GetParameterRangesInner();

    /// <inheritdoc/>
    protected override double GetParameterCore(string name) => Index.GetParameterInner(name);

    private int StepSize
    {
        get
        {
            var widest = Dimension;
            foreach (var transform in _chain)
                widest = Math.Max(widest, transform.DOut);

            return Math.Max(1, VectorTransform.FloatsPerStep / widest);
        }
    }

    private ReadOnlySpan<float> Transform(ReadOnlySpan<float> vectors, int n, in Scratch scratch)
    {
        foreach (var transform in _chain)
        {
            var output = scratch.Floats((long)n * transform.DOut);
            fixed (float* x = vectors)
                transform.ApplyCore(x, n, output);

            vectors = new ReadOnlySpan<float>(output, checked(n * transform.DOut));
        }

        return vectors;
    }

    private void Undo(Span<float> stored, int n, Span<float> vectors, in Scratch scratch)
    {
        for (var i = _chain.Length - 1; i >= 0; i--)
        {
            var length = checked(n * _chain[i].DIn);
            var output = i == 0 ? vectors : new Span<float>(scratch.Floats(length), length);
            fixed (float* y = stored, x = output)
                _chain[i].ReverseCore(y, n, x);

            stored = output;
        }

        if (_chain.Length == 0)
            stored.CopyTo(vectors);
    }

    private static int Require(ReadOnlySpan<VectorTransform> chain, ManagedIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        for (var i = 0; i < chain.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(chain[i], nameof(chain));
            var next = i + 1 < chain.Length ? chain[i + 1].DIn : index.Dimension;
            if (chain[i].DOut != next)
            {
                throw new ArgumentException(
                    $"transform {i}, {chain[i].GetType().Name}, gives {chain[i].DOut} components: what comes behind it takes {next}.", nameof(chain));
            }
        }

        return chain.IsEmpty ? index.Dimension : chain[0].DIn;
    }
}
