namespace FaissNet.Managed;

/// <summary>Exhaustive search over scalar-quantized vectors. FAISS's <c>IndexScalarQuantizer</c> (<c>faiss/IndexScalarQuantizer.h</c>).</summary>
/// <remarks>Distances are those to the decoded vectors, computed from the codes.</remarks>
public sealed unsafe class IndexScalarQuantizer : IndexFlatCodes
{
    // Codes that several queries are compared with while they are in the cache.
    private const int CodesPerStep = 256;
    private const int QueriesPerTask = 16;

    /// <summary>An index without vectors; trained already if the type needs no training.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="qtype">How components are written.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexScalarQuantizer(int d, ScalarQuantizerType qtype = ScalarQuantizerType.QT_8bit, MetricType metric = MetricType.L2)
        : this(new ScalarQuantizer(d, qtype), metric)
    {
    }

    /// <summary>An index over a quantizer, which belongs to it from then on.</summary>
    /// <param name="sq">The quantizer, trained or not.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="metric"/> is out of range.</exception>
    public IndexScalarQuantizer(ScalarQuantizer sq, MetricType metric = MetricType.L2)
        : base(IndexArguments.NotNull(sq, nameof(sq)).Dimension, IndexArguments.L2OrInnerProduct(metric), sq.CodeSize)
    {
        Sq = sq;
        SetTrained(sq.IsTrained);
    }

    /// <summary>How components are written. FAISS's <c>sq.qtype</c>.</summary>
    public ScalarQuantizerType QType => Sq.QType;

    /// <summary>The quantizer. FAISS's <c>sq</c>.</summary>
    internal ScalarQuantizer Sq { get; }

    private protected override bool CodesHoldFloats => true;

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore() => new(
        TypeName,
        Dimension,
        Count,
        Metric,
        IsTrained,
        CodeSize: CodeSize,
        Memory: IndexMemory.None with { Codes = CodesCapacity, Codebooks = (long)Sq.Trained.Length * sizeof(float) });

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        Sq.Train(vectors, progress, cancellationToken);
        SetTrained(true);
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<float> vectors, int n)
    {
        fixed (float* x = vectors)
        {
            Reserve(Count + n);
            Sq.Encode(x, n, Codes + Count * CodeSize);
        }

        SetCount(Count + n);
    }

    /// <inheritdoc/>
    protected override void SearchCore(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters)
    {
        RequireOnly(parameters, selector: true);
        fixed (float* query = queries)
        fixed (float* distance = distances)
        fixed (long* label = labels)
        {
            var tasks = (n + QueriesPerTask - 1) / QueriesPerTask;
            if (tasks == 1 || ManagedThreads.Count == 1)
            {
                for (var task = 0; task < tasks; task++)
                    SearchTask(task, query, n, k, distance, label, parameters?.Selector);
            }
            else
            {
                SearchInParallel(tasks, query, n, k, distance, label, parameters?.Selector);
            }
        }
    }

    /// <inheritdoc/>
    protected override RangeSearchResult RangeSearchCore(ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters)
    {
        RequireOnly(parameters, selector: true);
        var hits = new RangeHits[n];
        fixed (float* first = queries)
        {
            var start = first;
            ManagedThreads.For(n, i => hits[i] = RangeOne(start + (long)i * Dimension, radius, parameters?.Selector));
        }

        return RangeHits.Join(hits);
    }

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes)
    {
        fixed (float* x = vectors)
        fixed (byte* code = codes)
            Sq.Encode(x, n, code);
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors)
    {
        fixed (byte* code = codes)
        fixed (float* x = vectors)
            Sq.Decode(code, n, x);
    }

    private protected override bool EncodesLike(IndexFlatCodes other) =>
        other is IndexScalarQuantizer from && from.QType == QType && from.Sq.Trained.SequenceEqual(Sq.Trained);

    // A method of its own: the closure would be allocated on every path of the one that it stands in.
    private void SearchInParallel(int tasks, float* queries, int n, int k, float* distances, long* labels, IdSelector? selector) =>
        ManagedThreads.For(tasks, task => SearchTask(task, queries, n, k, distances, labels, selector));

    private void SearchTask(int task, float* queries, int n, int k, float* distances, long* labels, IdSelector? selector)
    {
        var first = task * QueriesPerTask;
        var count = Math.Min(QueriesPerTask, n - first);
        // Larger heaps would only hold empty places.
        var found = (int)Math.Min(k, Math.Max(1, Count));
        using var scratch = Scratch.Rent();
        var tableFloats = Sq.TableFloats;
        var tables = scratch.Floats(count * tableFloats);
        var compared = scratch.Floats(CodesPerStep);
        distances += (long)first * k;
        labels += (long)first * k;
        for (var i = 0; i < count; i++)
        {
            Sq.Prepare(Metric, queries + (long)(first + i) * Dimension, tables + i * tableFloats, ScalarDistances.Width);
            NearestHeap.Clear(distances + (long)i * k, labels + (long)i * k, found);
        }

        for (long code = 0; code < Count; code += CodesPerStep)
        {
            var codes = (int)Math.Min(CodesPerStep, Count - code);
            for (var i = 0; i < count; i++)
            {
                float* heap = distances + (long)i * k;
                long* ids = labels + (long)i * k;
                Sq.Compare(Metric, tables + i * tableFloats, ScalarDistances.Width, 0, Codes + code * CodeSize, codes, compared);
                for (var j = 0; j < codes; j++)
                {
                    // Ids grow, so that one as far as the farthest kept comes too late.
                    if (compared[j] < heap[0] && (selector is null || selector.Contains(code + j)))
                        NearestHeap.ReplaceTop(heap, ids, found, compared[j], code + j);
                }
            }
        }

        var worst = Metric == MetricType.InnerProduct ? float.MinValue : float.MaxValue;
        for (var i = 0; i < count; i++)
        {
            float* heap = distances + (long)i * k;
            long* ids = labels + (long)i * k;
            NearestHeap.Finish(heap, ids, found, Metric);
            new Span<float>(heap + found, k - found).Fill(worst);
            new Span<long>(ids + found, k - found).Fill(-1);
        }
    }

    private RangeHits RangeOne(float* query, float radius, IdSelector? selector)
    {
        using var scratch = Scratch.Rent();
        var tables = scratch.Floats(Sq.TableFloats);
        var compared = scratch.Floats(CodesPerStep);
        var hits = new RangeHits();
        var isProduct = Metric == MetricType.InnerProduct;
        Sq.Prepare(Metric, query, tables, ScalarDistances.Width);
        for (long code = 0; code < Count; code += CodesPerStep)
        {
            var codes = (int)Math.Min(CodesPerStep, Count - code);
            Sq.Compare(Metric, tables, ScalarDistances.Width, 0, Codes + code * CodeSize, codes, compared);
            for (var j = 0; j < codes; j++)
            {
                if (compared[j] < (isProduct ? -radius : radius) && (selector is null || selector.Contains(code + j)))
                    hits.Add(isProduct ? -compared[j] : compared[j], code + j);
            }
        }

        return hits;
    }
}
