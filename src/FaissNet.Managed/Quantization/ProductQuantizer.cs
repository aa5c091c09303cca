namespace FaissNet.Managed;

/// <summary>
/// Splits vectors into M parts and replaces each part by the number of the nearest of 2^nbits centroids: M·nbits bits per vector. FAISS's
/// <c>ProductQuantizer</c> (<c>faiss/impl/ProductQuantizer.cpp</c>), with the same training and the same codes; Jégou, Douze, Schmid:
/// Product quantization for nearest neighbor search, 2011.
/// </summary>
/// <remarks>Any number of threads may use a trained quantizer at once; training excludes all other use.</remarks>
public sealed partial class ProductQuantizer : Quantizer
{
    /// <summary>The most bits per part. FAISS's files allow 24, which takes sixteen million training vectors; nothing in use has them.</summary>
    public const int MaxNBits = 16;

    private const int RoundedPointsPerCentroid = 64;

    private readonly float[] _centroids;
    private bool _isTrained;

    /// <summary>An untrained quantizer.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Parts of a vector; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per part: each has 2^nbits centroids. 1 to 16.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range, or the centroids would not fit into one array.</exception>
    /// <exception cref="NotSupportedException"><paramref name="nbits"/> is 17 to 24, which FAISS knows.</exception>
    public ProductQuantizer(int d, int m, int nbits = 8)
        : base(IndexArguments.Dimension(d))
    {
        if (m < 1 || d % m != 0)
            throw new ArgumentOutOfRangeException(nameof(m), m, $"m is {m}: expected a divisor of d = {d}.");

        if (nbits is > MaxNBits and <= 24)
            throw new NotSupportedException($"nbits is {nbits}: expected at most {MaxNBits}. Use more parts of fewer bits.");

        if (nbits is < 1 or > MaxNBits)
            throw new ArgumentOutOfRangeException(nameof(nbits), nbits, $"nbits is {nbits}: expected 1 to {MaxNBits}.");

        if ((long)d << nbits > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(nbits), nbits, $"nbits is {nbits}: with d = {d} that makes {(long)d << nbits} centroid components, more than an array holds.");
        }

        (M, NBits) = (m, nbits);
        CodeSize = BitPacking.ByteCount(m, nbits);
        _centroids = new float[d << nbits];
    }

    /// <summary>The number of parts.</summary>
    public int M { get; }

    /// <summary>Bits per part.</summary>
    public int NBits { get; }

    /// <summary>Components per part: d / M. FAISS's <c>dsub</c>.</summary>
    public int SubDimension => Dimension / M;

    /// <summary>Centroids per part: 2^nbits. FAISS's <c>ksub</c>.</summary>
    public int KSub => 1 << NBits;

    /// <summary>Bytes per code: M·nbits bits, rounded up. FAISS's <c>code_size</c>.</summary>
    public override int CodeSize { get; }

    /// <inheritdoc/>
    public override bool IsTrained => Volatile.Read(ref _isTrained);

    /// <summary>Floats of a distance table: M·ksub.</summary>
    public int TableSize => M << NBits;

    /// <summary>The settings of the k-means of each part. FAISS's <c>cp</c>.</summary>
    public ClusteringParameters ClusteringParameters { get; init; } = new();

    /// <summary>The centroids, [M][ksub][d / M]; zero before <see cref="Quantizer.Train"/>. <see cref="SetCentroids"/> replaces them.</summary>
    public ReadOnlySpan<float> Centroids => _centroids;

    /// <inheritdoc/>
    private protected override void RequireEnough(int n, string name) => VectorArguments.RequireTrainable(n, KSub, "ksub = 2^nbits", name);

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        // One k-means per part, all from the same seed, as in FAISS. Stopped, it leaves the centroids as they were.
        var trained = new float[_centroids.Length];
        int dsub = SubDimension, size = KSub * dsub;
        var clustering = new Clustering(dsub, KSub, ClusteringParameters);
        // With few vectors per centroid it shows in the objective which of two centroids about as near a vector goes to.
        var precision = n >= RoundedPointsPerCentroid * KSub ? AssignmentPrecision.Rounded : AssignmentPrecision.Float32;
        using var workspace = new ClusteringWorkspace(KSub, dsub);
        for (var m = 0; m < M; m++)
        {
            clustering.TrainColumns(vectors, n, Dimension, m * dsub, workspace, precision, progress: null, cancellationToken);
            clustering.Centroids.CopyTo(trained.AsSpan(m * size));
            progress?.Report(new IndexProgress(IndexStage.TrainingCodes, (m + 1L) * ClusteringParameters.NIter, (long)M * ClusteringParameters.NIter));
        }

        SetCentroids(trained);
    }

    /// <summary>Replaces the centroids, for instance by those of another quantizer of the same shape.</summary>
    /// <param name="centroids">M·ksub·(d / M) floats, [M][ksub][d / M].</param>
    /// <exception cref="ArgumentException">The length is another one.</exception>
    public void SetCentroids(ReadOnlySpan<float> centroids)
    {
        if (centroids.Length != _centroids.Length)
            throw new ArgumentException($"centroids holds {centroids.Length} floats: expected d·ksub = {_centroids.Length}.", nameof(centroids));

        centroids.CopyTo(_centroids);
        Volatile.Write(ref _isTrained, true);
        Volatile.Write(ref _packed, null);
        Volatile.Write(ref _symmetric, null);
    }
}
