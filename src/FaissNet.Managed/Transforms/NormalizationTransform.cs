using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>Scales each vector to length 1, so that inner products are cosines; a zero vector stays. FAISS's
/// <c>NormalizationTransform</c>, factory word <c>L2norm</c>.</summary>
public sealed class NormalizationTransform : VectorTransform
{
    /// <summary>The power of the norm, as files hold it. FAISS implements no other.</summary>
    internal const float Norm = 2;

    /// <summary>A normalisation of d-dimensional vectors.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is less than 1.</exception>
    public NormalizationTransform(int d)
        : base(d, d, isTrained: true)
    {
    }

    internal override unsafe void ApplyCore(float* vectors, int n, float* transformed)
    {
        for (var i = 0; i < n; i++)
            Normalize(new ReadOnlySpan<float>(vectors + (long)i * DIn, DIn), new Span<float>(transformed + (long)i * DIn, DIn));
    }

    // The length is gone; the direction is what FAISS gives back as well.
    internal override unsafe void ReverseCore(float* transformed, int n, float* vectors) =>
        Buffer.MemoryCopy(transformed, vectors, (long)n * DIn * sizeof(float), (long)n * DIn * sizeof(float));

    /// <summary>Scales one vector; may work in place.</summary>
    internal static void Normalize(ReadOnlySpan<float> vector, Span<float> normalized)
    {
        var squares = TensorPrimitives.SumOfSquares(vector);
        TensorPrimitives.Multiply(vector, squares > 0 ? 1 / MathF.Sqrt(squares) : 1, normalized);
    }
}
