using FaissNet.Interop;

namespace FaissNet;

/// <summary>Principal components, the largest first. FAISS's <c>PCAMatrix</c>.</summary>
public sealed class PCAMatrix : LinearTransform
{
    /// <summary>An untrained PCA.</summary>
    /// <param name="dIn">Components per vector before.</param>
    /// <param name="dOut">Components per vector after, at most <paramref name="dIn"/>.</param>
    /// <param name="eigenPower">The components are multiplied by this power of their eigenvalues: -0.5 whitens, 0 keeps them.</param>
    /// <param name="randomRotation">Whether a random rotation follows.</param>
    /// <exception cref="ArgumentException">An argument is out of range.</exception>
    public PCAMatrix(int dIn, int dOut, float eigenPower = 0, bool randomRotation = false)
        : this(Create(TransformKind.Pca, dIn, dOut, eigenPower)) => SetParameter("random_rotation", randomRotation ? 1 : 0);

    internal PCAMatrix(TransformHandle handle)
        : base(handle)
    {
    }

    /// <summary>The power of their eigenvalues that components are multiplied by. FAISS's <c>eigen_power</c>.</summary>
    public float EigenPower => (float)GetParameter("eigen_power");

    /// <summary>Added to eigenvalues before that. FAISS's <c>epsilon</c>.</summary>
    public float Epsilon
    {
        get => (float)GetParameter("epsilon");
        init => SetParameter("epsilon", value);
    }

    /// <summary>Whether a random rotation follows. FAISS's <c>random_rotation</c>.</summary>
    public bool RandomRotation => GetParameter("random_rotation") != 0;

    /// <summary>Groups of components over which the eigenvalues are spread evenly; 0 for none. FAISS's <c>balanced_bins</c>.</summary>
    public int BalancedBins
    {
        get => (int)GetParameter("balanced_bins");
        init => SetParameter("balanced_bins", value);
    }

    /// <summary>Training vectors per component that are enough. FAISS's <c>max_points_per_d</c>.</summary>
    public int MaxPointsPerD
    {
        get => (int)GetParameter("max_points_per_d");
        init => SetParameter("max_points_per_d", value);
    }

    /// <summary>The mean of the training vectors; empty before the training. A copy.</summary>
    public ReadOnlySpan<float> Mean => GetValues("mean");

    /// <summary>All eigenvalues of the covariance, the largest first. A copy.</summary>
    public ReadOnlySpan<float> Eigenvalues => GetValues("eigenvalues");

    /// <summary>All components, one per row. A copy.</summary>
    public ReadOnlySpan<float> PCAMat => GetValues("PCAMat");
}
