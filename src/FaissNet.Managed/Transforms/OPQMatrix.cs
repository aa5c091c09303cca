namespace FaissNet.Managed;

/// <summary>
/// A rotation that makes vectors easier for a product quantizer: by turns the quantizer is trained on the rotated vectors, and the rotation
/// is set to the one that brings them nearest to their reconstructions. FAISS's <c>OPQMatrix</c>; Ge, He, Ke and Sun, Optimized Product
/// Quantization for Approximate Nearest Neighbor Search, 2013, the non-parametric version.
/// </summary>
/// <remarks>FAISS's files do not tell this type from <see cref="LinearTransform"/>: it comes back from one as that.</remarks>
public sealed class OPQMatrix : LinearTransform
{
    private const int RotationSeed = 1234;
    private const int CodebookSize = 256;

    /// <summary>A rotation, not trained yet.</summary>
    /// <param name="d">Components before.</param>
    /// <param name="m">Sub-quantizers of the product quantizer that follows; must divide the components after.</param>
    /// <param name="dOut">Components after; -1 for as many as before.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension or m is less than 1.</exception>
    /// <exception cref="ArgumentException">m does not divide the components after.</exception>
    public OPQMatrix(int d, int m = 1, int dOut = -1)
        : base(d, dOut == -1 ? d : dOut, haveBias: false)
    {
        if (m < 1)
            throw new ArgumentOutOfRangeException(nameof(m), m, $"m is {m}: expected at least 1.");

        if (DOut % m != 0)
            throw new ArgumentException($"m is {m}: expected a divisor of dOut = {DOut}.", nameof(m));

        M = m;
    }

    /// <summary>Sub-quantizers that the rotation is made for.</summary>
    public int M { get; }

    /// <summary>Turns of quantizer and rotation. FAISS's <c>niter</c>.</summary>
    public int NIter { get; init; } = 50;

    /// <summary>k-means iterations per turn. FAISS's <c>niter_pq</c>.</summary>
    public int NIterPQ { get; init; } = 4;

    /// <summary>k-means iterations of the first turn. FAISS's <c>niter_pq_0</c>.</summary>
    public int NIterPQ0 { get; init; } = 40;

    /// <summary>Training vectors that are enough; of more a random sample is taken. FAISS's <c>max_train_points</c>.</summary>
    public int MaxTrainPoints { get; init; } = 256 * 256;

    private protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        if (n < CodebookSize)
        {
            throw new ArgumentException(
                $"vectors holds {n} vectors: expected at least {CodebookSize}, as many as the codebooks that OPQ trains have entries, and " +
                $"{Clustering.MinPointsPerCentroid} times as many to train well.",
                nameof(vectors));
        }

        vectors = TrainingSubset.Take(vectors, ref n, DIn, MaxTrainPoints, cancellationToken);
        var total = M * (NIterPQ0 + (NIter - 1L) * NIterPQ);
        using var training = new OPQTraining(n, DIn, DOut, M, CodebookSize, total, progress, cancellationToken);
        training.Center(vectors);
        var rotation = RandomRotation(cancellationToken);
        for (var turn = 0; turn < NIter; turn++)
            rotation = training.Turn(rotation, turn == 0 ? NIterPQ0 : NIterPQ);

        // The vectors had zeros appended if there are more outputs than inputs: what multiplies those can go.
        var size = Math.Max(DIn, DOut);
        var a = new float[DOut * DIn];
        for (var i = 0; i < DOut; i++)
            rotation.AsSpan(i * size, DIn).CopyTo(a.AsSpan(i * DIn));

        SetMatrix(a, []);
        IsOrthonormal = true;
    }

    private float[] RandomRotation(CancellationToken cancellationToken)
    {
        var size = Math.Max(DIn, DOut);
        var rotation = new float[size * size];
        FaissRandom.FillNormal(rotation, RotationSeed);
        // FAISS makes all of them orthonormal and takes the first, which do not depend on the others.
        rotation = rotation[..(DOut * size)];
        HouseholderQr.Orthonormalize(rotation, DOut, size, cancellationToken);
        return rotation;
    }
}
