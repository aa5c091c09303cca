namespace FaissNet.Managed;

/// <summary>
/// Which scores a vector may have that is near enough: it lets a matrix product decide whose distance is computed, and proves that it
/// never decides wrongly.
/// </summary>
/// <remarks>
/// <para>The score s = ⟨q,x⟩ - ‖x‖²/2 (L2; ⟨q,x⟩ alone for the inner product) orders vectors as ‖q-x‖² = ‖q‖² - 2s does, but rounds
/// differently. A search keeps what <see cref="DistanceKernels"/> computes, v, and asks of a score only that no x with v ≤ v_k (the k-th
/// best so far) is passed over. Let u = 2⁻²⁴ be the unit roundoff and γ(n) = nu/(1-nu); a sum of n rounded products in any order, fused or
/// not, is off by at most γ(n+1) times the sum of their absolute values (Higham, <i>Accuracy and Stability of Numerical Algorithms</i>,
/// section 3.1). Let g = γ(2d+8).</para>
/// <para>L2. From v ≤ v_k follows ‖q-x‖² ≤ v_k(1+2g), as v is off by at most γ(d+4)‖q-x‖², hence s ≥ (‖q‖² - v_k(1+2g))/2. The computed
/// score starts from h = -N(1/2-g), N the computed ‖x‖², off by at most γ(d+2)‖x‖²; what it then sums is off by at most
/// γ(d+2)(|h| + Σ|q_j x_j|), and Σ|q_j x_j| ≤ (‖q‖²+‖x‖²)/2. So the score is at least
/// s + ‖x‖²(g(1-γ(d+2)) - γ(d+2)/2 - 2u - γ(d+2)(1+g)) - ‖q‖²γ(d+2)/2, whose bracket is positive because g ≈ 2γ(d) exceeds the 1.5γ(d) taken
/// off it (for every d up to 2²⁰). A score below (‖q‖² - v_k(1+2g))/2 - g‖q‖²/2 thus belongs to a vector with v &gt; v_k.</para>
/// <para>Inner product, v = -⟨q,x⟩ as computed. From v ≤ v_k follows ⟨q,x⟩ ≥ -v_k - γ(d+2)(‖q‖²+‖x‖²)/2. The score starts from gN, so it is at
/// least -v_k + ‖x‖²(g(1-2γ(d+2)) - γ(d+2)) - ‖q‖²γ(d+2), and one below -v_k - g‖q‖² belongs to a vector with v &gt; v_k.</para>
/// <para>All that depends on x is in its start, so that one threshold per query serves all vectors: also among them one of a huge norm
/// costs only itself. Products below the range of floats are off by at most 2⁻¹⁴⁹ each, which a term of its own covers. Where a norm is
/// so large that a sum could overflow, the start is NaN and the threshold -∞: those vectors always have their distance computed.</para>
/// </remarks>
internal readonly unsafe struct ScoreBound
{
    // Far enough from overflow for |h| + Σ|q_j x_j|.
    private const float LargestNorm = 1e37f;

    private readonly bool _isProduct;
    private readonly double _g;
    private readonly double _tiny;
    private readonly float _perNorm;

    public ScoreBound(MetricType metric, int d)
    {
        const double u = 1.0 / (1 << 24);
        var n = 2.0 * d + 8;
        _isProduct = metric == MetricType.InnerProduct;
        _g = n * u / (1 - n * u);
        _tiny = 2 * n * float.Epsilon;
        _perNorm = (float)(_isProduct ? _g : _g - 0.5);
    }

    /// <summary>What the scores of rows start from, given their squared norms: in place.</summary>
    public void Start(float* norms, int count)
    {
        var perNorm = _perNorm;
        for (var i = 0; i < count; i++)
            norms[i] = norms[i] < LargestNorm ? norms[i] * perNorm : float.NaN;
    }

    /// <summary>The squared norm of a query, by which <see cref="Threshold"/> goes.</summary>
    public static double SquaredNorm(float* query, int d)
    {
        var sum = 0.0;
        for (var j = 0; j < d; j++)
            sum += (double)query[j] * query[j];

        return sum;
    }

    /// <summary>Below it no score belongs to a vector as near as <paramref name="farthest"/>.</summary>
    /// <param name="squaredNorm">That of the query.</param>
    /// <param name="farthest">What heaps compare by: the squared distance, or the inner product negated.</param>
    public float Threshold(double squaredNorm, float farthest)
    {
        if (!(squaredNorm < LargestNorm))
            return float.NegativeInfinity;

        var exact = _isProduct
            ? -(double)farthest - _g * squaredNorm
            : (squaredNorm - farthest * (1 + 2 * _g) - _g * squaredNorm) / 2;
        return MathF.BitDecrement((float)(exact - _tiny));
    }
}
