namespace FaissNet.Managed;

/// <summary>
/// A rotation that brings vectors near to the corners of a cube, so that the signs of their components tell much. FAISS's
/// <c>ITQMatrix</c>; Gong, Lazebnik, Gordo and Perronnin, Iterative quantization: a Procrustean approach to learning binary codes, 2013.
/// </summary>
public sealed class ITQMatrix : LinearTransform
{
    /// <summary>A rotation of d-dimensional vectors, not trained yet.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is less than 1.</exception>
    public ITQMatrix(int d)
        : base(d, d, haveBias: false)
    {
    }

    /// <summary>Iterations. FAISS's <c>max_iter</c>.</summary>
    public int MaxIter { get; init; } = 50;

    /// <summary>Seed of the first rotation.</summary>
    public int Seed { get; init; } = 123;

    private protected override unsafe void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        var d = DIn;
        var initial = new RandomRotationMatrix(d, d);
        initial.Initialize(Seed, cancellationToken);
        var rotation = initial.A.ToArray();

        var stride = (d + PackedMatrix.PanelSize - 1) / PackedMatrix.PanelSize * PackedMatrix.PanelSize;
        using var padded = new AlignedFloats((long)n * stride);
        using var rotated = new AlignedFloats((long)n * d);
        using var signs = new AlignedFloats((long)n * stride);
        for (var i = 0; i < n; i++)
        {
            cancellationToken.ThrowIfCancelledAt(i);
            vectors.Slice(i * d, d).CopyTo(new Span<float>(padded.Pointer + (long)i * stride, d));
        }

        for (var iteration = 0; iteration < MaxIter; iteration++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (var packed = PackedMatrix.Transposed(rotation, d, d))
            {
                fixed (float* x = vectors)
                    MatrixProduct.Multiply(x, n, packed, rotated.Pointer, cancellationToken);
            }

            for (var i = 0; i < n; i++)
            {
                cancellationToken.ThrowIfCancelledAt(i);
                for (var j = 0; j < d; j++)
                    signs.Pointer[(long)i * stride + j] = rotated.Pointer[(long)i * d + j] < 0 ? -1 : 1;
            }

            var products = new double[d * d];
            MatrixProduct.AddTransposedProduct(signs.Pointer, d, stride, padded.Pointer, d, stride, n, products, cancellationToken: cancellationToken);
            rotation = Array.ConvertAll(Procrustes.Nearest(products, d, d, cancellationToken), value => (float)value);
        }

        SetMatrix(rotation, []);
        IsOrthonormal = true;
    }
}
