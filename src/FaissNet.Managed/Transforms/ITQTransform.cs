using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>Centres and normalises vectors, projects them on principal components if so asked, and rotates them by an
/// <see cref="ITQMatrix"/>. FAISS's <c>ITQTransform</c>.</summary>
public sealed class ITQTransform : VectorTransform
{
    private const int MaxTrainPerDimension = 10;
    private const int MinimumSample = 32768;

    private float[] _mean = [];

    /// <summary>A transform, not trained yet.</summary>
    /// <param name="dIn">Components before.</param>
    /// <param name="dOut">Components after; as many as before without PCA.</param>
    /// <param name="doPca">Whether vectors are projected on principal components first. FAISS's <c>do_pca</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is less than 1, or dOut is more than dIn.</exception>
    /// <exception cref="ArgumentException">The dimensions differ without PCA.</exception>
    public ITQTransform(int dIn, int dOut, bool doPca = false)
        : base(dIn, dOut, isTrained: false)
    {
        if (!doPca && dIn != dOut)
            throw new ArgumentException($"dOut is {dOut}: expected dIn = {dIn} without PCA.", nameof(dOut));

        if (dOut > dIn)
            throw new ArgumentOutOfRangeException(nameof(dOut), dOut, $"dOut is {dOut}: a PCA of {dIn} components has no more than that.");

        (DoPca, Itq) = (doPca, new ITQMatrix(dOut));
        PcaThenItq = LinearTransform.FromFile(dIn, dOut, haveBias: false, [], [], isTrained: false);
    }

    /// <summary>DIn values: the mean of the training vectors; empty before training.</summary>
    public ReadOnlySpan<float> Mean => _mean;

    /// <summary>Whether vectors are projected on principal components first.</summary>
    public bool DoPca { get; }

    /// <summary>The rotation. FAISS's <c>itq</c>.</summary>
    public ITQMatrix Itq { get; private set; }

    /// <summary>Projection and rotation in one. FAISS's <c>pca_then_itq</c>.</summary>
    public LinearTransform PcaThenItq { get; private set; }

    /// <summary>What a file holds.</summary>
    internal static ITQTransform FromFile(
        int dIn, int dOut, bool doPca, float[] mean, ITQMatrix itq, LinearTransform pcaThenItq, bool isTrained) =>
        new(dIn, dOut, doPca)
        {
            _mean = mean,
            Itq = itq,
            PcaThenItq = pcaThenItq,
            IsTrained = isTrained && mean.Length == dIn && pcaThenItq.IsTrained,
        };

    internal override VectorTransform Clone()
    {
        var clone = (ITQTransform)MemberwiseClone();
        clone.Itq = (ITQMatrix)Itq.Clone();
        return clone;
    }

    internal override long ParameterCount => _mean.Length + PcaThenItq.ParameterCount;

    internal override bool AppliesLike(VectorTransform other) =>
        other is ITQTransform itq && Mean.SequenceEqual(itq.Mean) && PcaThenItq.AppliesLike(itq.PcaThenItq);

    internal override unsafe void ApplyCore(float* vectors, int n, float* transformed)
    {
        using var centred = new AlignedFloats((long)n * DIn);
        Center(new ReadOnlySpan<float>(vectors, n * DIn), new Span<float>(centred.Pointer, n * DIn), _mean, CancellationToken.None);
        PcaThenItq.ApplyCore(centred.Pointer, n, transformed);
    }

    private protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        vectors = TrainingSubset.Take(vectors, ref n, DIn, Math.Max(DIn * MaxTrainPerDimension, MinimumSample), cancellationToken);
        var mean = CenteringTransform.ComputeMean(vectors, n, DIn, cancellationToken);
        var centred = new float[n * DIn];
        Center(vectors, centred, mean, cancellationToken);

        var a = Array.Empty<float>();
        var projected = centred;
        if (DoPca)
        {
            var pca = PCAMatrix.WithoutBias(DIn, DOut);
            pca.Train(centred, cancellationToken);
            a = pca.A.ToArray();
            projected = new float[n * DOut];
            pca.Apply(centred, projected, cancellationToken);
        }

        Itq.Train(projected, cancellationToken);
        var rotation = Itq.A.ToArray();
        PcaThenItq = new LinearTransform(DIn, DOut, DoPca ? Product(rotation, a) : rotation);
        _mean = mean;
    }

    private unsafe float[] Product(float[] rotation, float[] projection)
    {
        var product = new float[DOut * DIn];
        using var right = PackedMatrix.AsIs(projection, DOut, DIn);
        fixed (float* x = rotation, y = product)
            MatrixProduct.Multiply(x, DOut, right, y);

        return product;
    }

    private void Center(ReadOnlySpan<float> vectors, Span<float> centred, float[] mean, CancellationToken cancellationToken)
    {
        for (var i = 0; i < vectors.Length / DIn; i++)
        {
            cancellationToken.ThrowIfCancelledAt(i);
            var row = centred.Slice(i * DIn, DIn);
            TensorPrimitives.Subtract(vectors.Slice(i * DIn, DIn), mean, row);
            NormalizationTransform.Normalize(row, row);
        }
    }
}
