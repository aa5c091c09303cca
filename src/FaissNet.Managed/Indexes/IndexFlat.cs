using System.Runtime.InteropServices;

namespace FaissNet.Managed;

/// <summary>Exact search over the vectors as they are. FAISS's <c>IndexFlat</c> (<c>faiss/IndexFlat.h</c>).</summary>
public unsafe class IndexFlat : IndexFlatCodes
{
    /// <summary>An empty index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> or <paramref name="metric"/> is out of range.</exception>
    public IndexFlat(int d, MetricType metric = MetricType.L2)
        : base(IndexArguments.Dimension(d), IndexArguments.L2OrInnerProduct(metric), d * sizeof(float)) =>
        SetTrained(true);

    /// <summary>Count·d floats, row by row.</summary>
    internal float* Vectors => (float*)Codes;

    private protected override bool CodesHoldFloats => true;

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore() => new(
        TypeName,
        Dimension,
        Count,
        Metric,
        IsTrained,
        CodeSize: CodeSize,
        Memory: IndexMemory.None with { Codes = CodesCapacity });

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<float> vectors, int n)
    {
        RequireWritable();
        Reserve(Count + n);
        vectors[..(n * Dimension)].CopyTo(new Span<float>(Vectors + Count * Dimension, n * Dimension));
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
            SearchRows(query, n, k, distance, label, parameters?.Selector, ManagedThreads.Available);
    }

    /// <summary>What <see cref="SearchCore"/> does, on so many threads at most.</summary>
    internal void SearchRows(float* queries, int n, int k, float* distances, long* labels, IdSelector? selector, int threads)
    {
        // Larger heaps would only hold empty places.
        var found = (int)Math.Min(k, Math.Max(1, Count));
        var search = new FlatSearch
        {
            Metric = Metric,
            Dimension = Dimension,
            Rows = new RowSet { Vectors = Vectors, Count = Count },
            Selector = selector,
            Queries = queries,
            Count = n,
            Heaps = distances,
            Labels = labels,
            K = found,
            Stride = k,
        };
        search.Run(threads);
        for (var i = 0; i < n; i++)
        {
            var (first, rest) = ((long)i * k, k - found);
            NearestHeap.Finish(distances + first, labels + first, found, Metric);
            new Span<float>(distances + first + found, rest).Fill(Metric == MetricType.InnerProduct ? float.MinValue : float.MaxValue);
            new Span<long>(labels + first + found, rest).Fill(-1);
        }
    }

    /// <inheritdoc/>
    protected override RangeSearchResult RangeSearchCore(ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters)
    {
        RequireOnly(parameters, selector: true);
        fixed (float* query = queries)
        {
            var search = new FlatRangeSearch
            {
                Metric = Metric,
                Dimension = Dimension,
                Rows = new RowSet { Vectors = Vectors, Count = Count },
                Selector = parameters?.Selector,
                Queries = query,
                Count = n,
                Limit = Metric == MetricType.InnerProduct ? -radius : radius,
            };
            return RangeHits.Join(search.Run());
        }
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<float> vector)
    {
        if (id < 0 || id >= Count)
            throw IndexArguments.NoSuchId(id, Count);

        new ReadOnlySpan<float>(Vectors + id * Dimension, Dimension).CopyTo(vector);
    }

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes) =>
        MemoryMarshal.AsBytes(vectors).CopyTo(codes);

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors) =>
        codes.CopyTo(MemoryMarshal.AsBytes(vectors));

    private protected override bool EncodesLike(IndexFlatCodes other) => other is IndexFlat;
}

/// <summary>Exact search by squared Euclidean distance. FAISS's <c>IndexFlatL2</c>.</summary>
/// <param name="d">Components per vector.</param>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
public sealed class IndexFlatL2(int d) : IndexFlat(d);

/// <summary>Exact search by inner product. FAISS's <c>IndexFlatIP</c>.</summary>
/// <param name="d">Components per vector.</param>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
public sealed class IndexFlatIP(int d) : IndexFlat(d, MetricType.InnerProduct);
