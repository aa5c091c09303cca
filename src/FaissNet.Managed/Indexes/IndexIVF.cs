using FaissNet.Evaluation;

namespace FaissNet.Managed;

/// <summary>
/// An inverted file: vectors lie in the lists of their nearest coarse centroid, and a search visits the nprobe lists nearest to the
/// query. FAISS's <c>IndexIVF</c> (<c>faiss/IndexIVF.h</c>).
/// </summary>
public abstract unsafe partial class IndexIVF : ManagedIndex
{
    // FAISS's default inside an index (Level1Quantizer), where 25 would take long and gain little.
    private const int CoarseIterations = 10;

    // Vectors per step of an add: what is computed for them on the way in stays small beside them.
    private const int VectorsPerStep = 1 << 14;

    private int _nprobe = 1;
    private long _maxCodes;

    private protected IndexIVF(int d, int nlist, MetricType metric)
        : base(IndexArguments.Dimension(d), IndexArguments.L2OrInnerProduct(metric))
    {
        NList = IndexArguments.ListCount(nlist);
        Quantizer = new IndexFlat(d, metric);
        ClusteringParameters = new ClusteringParameters { NIter = CoarseIterations, Spherical = metric == MetricType.InnerProduct };
    }

    /// <summary>The number of inverted lists. FAISS's <c>nlist</c>.</summary>
    public int NList { get; }

    /// <summary>
    /// The lists that a search visits, 1 until it is set; larger than <see cref="NList"/> means all. FAISS's <c>nprobe</c>. This is
    /// shared by all callers; for one call there is <see cref="SearchParameters.NProbe"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int NProbe
    {
        get => Volatile.Read(ref _nprobe);
        set
        {
            if (value < 1)
                throw new ArgumentOutOfRangeException(nameof(value), value, $"NProbe is {value}: expected 1 to NList = {NList}.");

            SetParameter("nprobe", value);
        }
    }

    /// <summary>Codes that a search looks at per query; 0 for no limit. FAISS's <c>max_codes</c>.</summary>
    private protected long MaxCodes => Volatile.Read(ref _maxCodes);

    /// <summary>How the coarse centroids are trained. FAISS's <c>cp</c>: 10 iterations, spherical with the inner product.</summary>
    public ClusteringParameters ClusteringParameters { get; set; }

    /// <summary>The coarse centroids.</summary>
    internal IndexFlat Quantizer { get; private set; }

    /// <summary>Codes and ids.</summary>
    internal InvertedLists Lists { get; private protected set; } = null!;

    /// <summary>The number of vectors in each list.</summary>
    /// <returns><see cref="NList"/> sizes.</returns>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public long[] GetListSizes() => Reading(() =>
    {
        var sizes = new long[NList];
        for (var list = 0; list < NList; list++)
            sizes[list] = Lists.Size(list);

        return sizes;
    });

    /// <summary>A copy of the coarse centroids: NList·d floats, empty before training.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float[] GetCentroids() => Reading(() => new ReadOnlySpan<float>(Quantizer.Vectors, (int)Quantizer.Count * Dimension).ToArray());

    /// <summary>What the encoder takes: codebooks and tables.</summary>
    private protected virtual IndexMemory EncoderMemory => IndexMemory.None;

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore()
    {
        var sizes = new long[NList];
        for (var list = 0; list < NList; list++)
            sizes[list] = Lists.Size(list);

        return new IndexDescription(
            TypeName,
            Dimension,
            Count,
            Metric,
            IsTrained,
            NList: NList,
            NProbe: NProbe,
            CodeSize: Lists.CodeSize,
            IdBytes: sizeof(long),
            ListSizes: ListSizeStatistics.Of(sizes),
            Memory: Lists.Memory + EncoderMemory + CoarseMemory + IndexMemory.None with { Centroids = Quantizer.Count * Dimension * sizeof(float) });
    }

    internal override void FreeMemory()
    {
        DropCoarse();
        Quantizer.FreeMemory();
        Lists.Dispose();
    }

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value)
    {
        switch (name)
        {
            case "nprobe":
                Volatile.Write(ref _nprobe, (int)WholeNumber(name, value, 1, int.MaxValue));
                break;
            case "max_codes":
                Volatile.Write(ref _maxCodes, (long)WholeNumber(name, value, 0, long.MaxValue));
                break;
            default:
                throw UnknownParameter(name);
        }
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<ParameterRange> GetParameterRangesCore() => [ParameterRange.PowersOfTwo("nprobe", 13, below: NList)];

    /// <inheritdoc/>
    protected override double GetParameterCore(string name) => name switch
    {
        "nprobe" => _nprobe,
        "max_codes" => _maxCodes,
        _ => throw UnknownParameter(name),
    };

    private static double WholeNumber(string name, double value, double minimum, double maximum) =>
        value >= minimum && value <= maximum && value == Math.Floor(value)
            ? value
            : throw new ArgumentException($"{name} is {value}: expected a whole number of at least {minimum}.", nameof(value));
}
