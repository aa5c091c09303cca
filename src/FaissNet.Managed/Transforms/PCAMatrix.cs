using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>
/// Projects vectors on their first principal components, optionally whitened, rotated at random or dealt out evenly. FAISS's
/// <c>PCAMatrix</c>; components agree with FAISS's up to their sign.
/// </summary>
public sealed class PCAMatrix : LinearTransform
{
    private const int RotationSeed = 5;
    private const int RowsPerBlock = 4096;

    private float[] _mean = [];
    private float[] _eigenvalues = [];
    private float[] _pcaMat = [];

    /// <summary>A projection, not trained yet.</summary>
    /// <param name="dIn">Components before.</param>
    /// <param name="dOut">Components after, at most dIn.</param>
    /// <param name="eigenPower">Each output is multiplied by its eigenvalue to this power: 0 leaves it, -0.5 whitens.</param>
    /// <param name="randomRotation">Whether the outputs are rotated at random, so that all have about the same variance.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is less than 1, or dOut is more than dIn.</exception>
    public PCAMatrix(int dIn, int dOut, float eigenPower = 0, bool randomRotation = false)
        : base(dIn, dOut, haveBias: true)
    {
        if (dOut > dIn)
            throw new ArgumentOutOfRangeException(nameof(dOut), dOut, $"dOut is {dOut}: a PCA of {dIn} components has no more than that.");

        (EigenPower, RandomRotation) = (eigenPower, randomRotation);
    }

    /// <summary>The power of the eigenvalues that the outputs are multiplied by. FAISS's <c>eigen_power</c>.</summary>
    public float EigenPower { get; }

    /// <summary>What is added to an eigenvalue before it is raised to <see cref="EigenPower"/>. FAISS's <c>epsilon</c>.</summary>
    public float Epsilon { get; init; }

    /// <summary>Whether a random rotation follows. FAISS's <c>random_rotation</c>.</summary>
    public bool RandomRotation { get; }

    /// <summary>Bins of outputs that get about the same variance each, 0 for none; must divide <see cref="VectorTransform.DOut"/>.
    /// FAISS's <c>balanced_bins</c>.</summary>
    public int BalancedBins { get; init; }

    /// <summary>Training vectors per input component that are enough; of more a random sample is taken. FAISS's
    /// <c>max_points_per_d</c>.</summary>
    public int MaxPointsPerD { get; init; } = 1000;

    /// <summary>DIn values: the mean of the training vectors.</summary>
    public ReadOnlySpan<float> Mean => _mean;

    /// <summary>DIn values, largest first: the eigenvalues of Σ(x - mean)(x - mean)ᵀ, a sum over the training vectors as in FAISS, not an
    /// average.</summary>
    public ReadOnlySpan<float> Eigenvalues => _eigenvalues;

    /// <summary>The eigenvectors, one per row, in the order of <see cref="Eigenvalues"/>; no more of them than there were training
    /// vectors. FAISS's <c>PCAMat</c>.</summary>
    public ReadOnlySpan<float> PCAMat => _pcaMat;

    /// <summary>Takes over what a file holds beside A and b.</summary>
    internal void RestoreDecomposition(float[] mean, float[] eigenvalues, float[] pcaMat) =>
        (_mean, _eigenvalues, _pcaMat) = (mean, eigenvalues, pcaMat);

    /// <summary>A projection without bias, as ITQ needs it of vectors that are centred already.</summary>
    internal static PCAMatrix WithoutBias(int dIn, int dOut) => new(dIn, dOut) { HaveBias = false };

    private protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        if (n < DOut)
        {
            throw new ArgumentException(
                $"vectors holds {n} vectors: expected at least dOut = {DOut}, since n vectors have no more than n principal components.",
                nameof(vectors));
        }

        if (BalancedBins != 0 && (DOut % BalancedBins != 0 || BalancedBins < 0 || RandomRotation))
        {
            throw new InvalidOperationException(
                $"{nameof(BalancedBins)} is {BalancedBins}: expected a divisor of dOut = {DOut}, and no random rotation beside it.");
        }

        vectors = TrainingSubset.Take(vectors, ref n, DIn, (long)MaxPointsPerD * DIn, cancellationToken);
        var mean = HaveBias ? CenteringTransform.ComputeMean(vectors, n, DIn, cancellationToken) : new float[DIn];
        var (eigenvalues, components) = n >= DIn ? FromCovariance(vectors, n, mean, cancellationToken) : FromGram(vectors, n, mean, cancellationToken);
        var a = RandomRotation ? Rotated(components, eigenvalues, cancellationToken) : Scaled(components, eigenvalues);
        (_mean, _eigenvalues, _pcaMat) = (mean, eigenvalues, components);

        var b = new float[DOut];
        for (var i = 0; i < DOut; i++)
            b[i] = -TensorPrimitives.Dot<float>(mean, a.AsSpan(i * DIn, DIn));

        SetMatrix(a, b);
        IsOrthonormal = EigenPower == 0;
    }

    private unsafe (float[] Eigenvalues, float[] Components) FromCovariance(
        ReadOnlySpan<float> vectors, int n, float[] mean, CancellationToken cancellationToken)
    {
        var stride = (DIn + PackedMatrix.PanelSize - 1) / PackedMatrix.PanelSize * PackedMatrix.PanelSize;
        using var block = new AlignedFloats((long)Math.Min(n, RowsPerBlock) * stride);
        var covariance = new double[DIn * DIn];
        for (var first = 0; first < n; first += RowsPerBlock)
        {
            var count = Math.Min(RowsPerBlock, n - first);
            for (var i = 0; i < count; i++)
                TensorPrimitives.Subtract(vectors.Slice((first + i) * DIn, DIn), mean, new Span<float>(block.Pointer + (long)i * stride, DIn));

            MatrixProduct.AddTransposedProduct(block.Pointer, DIn, stride, block.Pointer, DIn, stride, count, covariance, upper: true, cancellationToken);
        }

        var eigenvalues = SymmetricEigen.Decompose(covariance, DIn, cancellationToken);
        return (ToSingle(eigenvalues), ToSingle(covariance));
    }

    // Fewer vectors than components: the products of the vectors with each other have the same eigenvalues, and there are fewer of them.
    private unsafe (float[] Eigenvalues, float[] Components) FromGram(
        ReadOnlySpan<float> vectors, int n, float[] mean, CancellationToken cancellationToken)
    {
        var centred = new float[n * DIn];
        for (var i = 0; i < n; i++)
            TensorPrimitives.Subtract(vectors.Slice(i * DIn, DIn), mean, centred.AsSpan(i * DIn, DIn));

        var gram = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var j = i; j < n; j++)
            {
                var sum = 0.0;
                for (var l = 0; l < DIn; l++)
                    sum += (double)centred[i * DIn + l] * centred[j * DIn + l];

                gram[i * n + j] = sum;
            }
        }

        var values = SymmetricEigen.Decompose(gram, n, cancellationToken);
        var components = new float[n * DIn];
        using var right = PackedMatrix.AsIs(centred, n, DIn);
        fixed (float* x = ToSingle(gram), y = components)
            MatrixProduct.Multiply(x, n, right, y, cancellationToken);

        for (var i = 0; i < n; i++)
        {
            var row = components.AsSpan(i * DIn, DIn);
            NormalizationTransform.Normalize(row, row);
        }

        var eigenvalues = new float[DIn];
        ToSingle(values).CopyTo(eigenvalues, 0);
        return (eigenvalues, components);
    }

    private float[] Scaled(float[] components, float[] eigenvalues)
    {
        var a = components.AsSpan(0, DOut * DIn).ToArray();
        for (var i = 0; i < DOut && EigenPower != 0; i++)
            TensorPrimitives.Multiply(a.AsSpan(i * DIn, DIn), Factor(eigenvalues[i] + Epsilon, i), a.AsSpan(i * DIn, DIn));

        return BalancedBins == 0 ? a : Balanced(a, eigenvalues);
    }

    // The next component goes to the bin that has room and the least variance so far.
    private float[] Balanced(float[] rows, float[] eigenvalues)
    {
        var binSize = DOut / BalancedBins;
        var (sums, counts) = (new float[BalancedBins], new int[BalancedBins]);
        var a = new float[rows.Length];
        for (var i = 0; i < DOut; i++)
        {
            var best = -1;
            for (var bin = 0; bin < BalancedBins; bin++)
            {
                if (counts[bin] < binSize && (best < 0 || sums[bin] < sums[best]))
                    best = bin;
            }

            rows.AsSpan(i * DIn, DIn).CopyTo(a.AsSpan((best * binSize + counts[best]) * DIn));
            sums[best] += eigenvalues[i];
            counts[best]++;
        }

        return a;
    }

    private unsafe float[] Rotated(float[] components, float[] eigenvalues, CancellationToken cancellationToken)
    {
        var rotation = new RandomRotationMatrix(DOut, DOut);
        rotation.Initialize(RotationSeed, cancellationToken);
        var left = rotation.A.ToArray();
        for (var i = 0; i < DOut && EigenPower != 0; i++)
        {
            var factor = Factor(eigenvalues[i], i);
            for (var j = 0; j < DOut; j++)
                left[j * DOut + i] *= factor;
        }

        var a = new float[DOut * DIn];
        using var right = PackedMatrix.AsIs(components.AsSpan(0, DOut * DIn), DOut, DIn);
        fixed (float* x = left, y = a)
            MatrixProduct.Multiply(x, DOut, right, y, cancellationToken);

        return a;
    }

    private float Factor(float eigenvalue, int i)
    {
        var factor = MathF.Pow(eigenvalue, EigenPower);
        return float.IsFinite(factor)
            ? factor
            : throw new ArgumentException(
                $"The training vectors have no variance along component {i} of {DOut} (eigenvalue {eigenvalue}), which cannot be scaled by " +
                $"the power {EigenPower}: train with more varied vectors, ask for fewer components, or set {nameof(Epsilon)}.");
    }

    private static float[] ToSingle(double[] values)
    {
        var result = new float[values.Length];
        TensorPrimitives.ConvertTruncating<double, float>(values, result);
        return result;
    }
}
