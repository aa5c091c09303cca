namespace FaissNet.Managed;

/// <summary>
/// A random rotation, followed by a projection if it has fewer outputs than inputs: the numbers of FAISS's <c>RandomRotationMatrix</c>, up to
/// rounding. It spreads what a few components hold over all.
/// </summary>
public sealed class RandomRotationMatrix : LinearTransform
{
    // What FAISS's train() initializes with.
    private const int TrainingSeed = 12345;

    /// <summary>A rotation that waits for <see cref="Initialize(int)"/> or training; training looks at no vectors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is less than 1.</exception>
    public RandomRotationMatrix(int dIn, int dOut)
        : base(dIn, dOut, haveBias: false)
    {
    }

    /// <summary>Draws the rotation. FAISS's <c>init</c>.</summary>
    public void Initialize(int seed) => Initialize(seed, default);

    internal void Initialize(int seed, CancellationToken cancellationToken)
    {
        // With more outputs than inputs: the first columns of a larger rotation.
        var size = Math.Max(DIn, DOut);
        var q = new float[DOut * size];
        FaissRandom.FillNormal(q, seed);
        HouseholderQr.Orthonormalize(q, DOut, size, cancellationToken);
        var a = q;
        if (DOut > DIn)
        {
            a = new float[DOut * DIn];
            for (var i = 0; i < DOut; i++)
                q.AsSpan(i * size, DIn).CopyTo(a.AsSpan(i * DIn));
        }

        SetMatrix(a, []);
        (IsOrthonormal, IsTrained) = (true, true);
    }

    private protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken) => Initialize(TrainingSeed, cancellationToken);
}
