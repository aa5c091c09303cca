using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// A rotation after which a product quantizer loses least. FAISS's <c>OPQMatrix</c>; Ge, He, Ke, Sun: Optimized product quantization, 2013.
/// </summary>
/// <remarks>FAISS writes it as the matrix that it is: a file holds a <see cref="LinearTransform"/>.</remarks>
public sealed class OPQMatrix : LinearTransform
{
    /// <summary>An untrained rotation.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Parts of the product quantizer that is to follow; must divide the dimension after.</param>
    /// <param name="dOut">Components per vector after, -1 for <paramref name="d"/>.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or they do not fit.</exception>
    public OPQMatrix(int d, int m = 1, int dOut = -1)
        : this(Create(TransformKind.Opq, d, dOut == -1 ? d : dOut, m))
    {
    }

    internal OPQMatrix(TransformHandle handle)
        : base(handle)
    {
    }

    /// <summary>Parts of the product quantizer. FAISS's <c>M</c>.</summary>
    public int M => (int)GetParameter("M");

    /// <summary>Iterations. FAISS's <c>niter</c>.</summary>
    public int NIter
    {
        get => (int)GetParameter("niter");
        init => SetParameter("niter", value);
    }

    /// <summary>Iterations of the product quantizer in each but the first of them. FAISS's <c>niter_pq</c>.</summary>
    public int NIterPQ
    {
        get => (int)GetParameter("niter_pq");
        init => SetParameter("niter_pq", value);
    }

    /// <summary>Iterations of the product quantizer in the first. FAISS's <c>niter_pq_0</c>.</summary>
    public int NIterPQ0
    {
        get => (int)GetParameter("niter_pq_0");
        init => SetParameter("niter_pq_0", value);
    }

    /// <summary>Training vectors that are enough; of more a sample is taken. FAISS's <c>max_train_points</c>.</summary>
    public int MaxTrainPoints
    {
        get => (int)GetParameter("max_train_points");
        init => SetParameter("max_train_points", value);
    }

    /// <inheritdoc cref="VectorTransform.Train(ReadOnlySpan{float}, CancellationToken)"/>
    /// <param name="vectors">n·<see cref="VectorTransform.DIn"/> floats, n at least 256.</param>
    /// <param name="progress">Told of the product quantizer's iterations, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the training; the rotation is then untrained.</param>
    public new void Train(ReadOnlySpan<float> vectors, IProgress<IndexProgress>? progress, CancellationToken cancellationToken = default) =>
        base.Train(vectors, progress, cancellationToken);
}
