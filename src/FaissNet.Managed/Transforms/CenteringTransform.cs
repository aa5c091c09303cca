using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>Subtracts the mean of the training vectors. FAISS's <c>CenteringTransform</c>.</summary>
public sealed class CenteringTransform : VectorTransform
{
    private float[] _mean = [];

    /// <summary>A centring of d-dimensional vectors, not trained yet.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is less than 1.</exception>
    public CenteringTransform(int d)
        : base(d, d, isTrained: false)
    {
    }

    /// <summary>d values; empty before training.</summary>
    public ReadOnlySpan<float> Mean => _mean;

    /// <summary>What a file holds.</summary>
    internal static CenteringTransform FromFile(int d, float[] mean, bool isTrained) =>
        new(d) { _mean = mean, IsTrained = isTrained && mean.Length == d };

    internal override long ParameterCount => _mean.Length;

    internal override bool AppliesLike(VectorTransform other) => other is CenteringTransform centering && Mean.SequenceEqual(centering.Mean);

    internal override unsafe void ApplyCore(float* vectors, int n, float* transformed)
    {
        for (var i = 0; i < n; i++)
        {
            var row = new ReadOnlySpan<float>(vectors + (long)i * DIn, DIn);
            TensorPrimitives.Subtract(row, _mean, new Span<float>(transformed + (long)i * DIn, DIn));
        }
    }

    internal override unsafe void ReverseCore(float* transformed, int n, float* vectors)
    {
        for (var i = 0; i < n; i++)
        {
            var row = new ReadOnlySpan<float>(transformed + (long)i * DIn, DIn);
            TensorPrimitives.Add(row, _mean, new Span<float>(vectors + (long)i * DIn, DIn));
        }
    }

    private protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken) =>
        _mean = ComputeMean(vectors, n, DIn, cancellationToken);

    /// <summary>The mean of n vectors, summed in their order as FAISS does it.</summary>
    internal static float[] ComputeMean(ReadOnlySpan<float> vectors, int n, int d, CancellationToken cancellationToken)
    {
        var mean = new float[d];
        for (var i = 0; i < n; i++)
        {
            cancellationToken.ThrowIfCancelledAt(i);
            TensorPrimitives.Add(mean, vectors.Slice(i * d, d), mean);
        }

        TensorPrimitives.Divide(mean, (float)n, mean);
        return mean;
    }
}
