namespace FaissNet.Managed;

/// <summary>y = A·x + b. FAISS's <c>LinearTransform</c>.</summary>
public class LinearTransform : VectorTransform
{
    // As in FAISS's set_is_orthonormal.
    private const double OrthonormalTolerance = 4e-5;

    private float[] _a = [];
    private float[] _b = [];
    private PackedMatrix? _forward;
    private PackedMatrix? _backward;

    /// <summary>A transform by a given matrix.</summary>
    /// <param name="dIn">Columns of A.</param>
    /// <param name="dOut">Rows of A.</param>
    /// <param name="a">dOut·dIn values, row by row. Copied.</param>
    /// <param name="b">dOut values, or nothing for a transform without bias. Copied.</param>
    /// <exception cref="ArgumentException">A length does not fit, or a value is not finite.</exception>
    public LinearTransform(int dIn, int dOut, ReadOnlySpan<float> a, ReadOnlySpan<float> b = default)
        : this(dIn, dOut, haveBias: !b.IsEmpty)
    {
        if (a.Length != (long)dIn * dOut)
            throw new ArgumentException($"a holds {a.Length} values: expected dOut * dIn = {(long)dIn * dOut}.", nameof(a));

        if (!b.IsEmpty && b.Length != dOut)
            throw new ArgumentException($"b holds {b.Length} values: expected none, or dOut = {dOut}.", nameof(b));

        VectorArguments.RequireFinite(a, dIn, nameof(a));
        VectorArguments.RequireFinite(b, dOut, nameof(b));
        SetMatrix(a.ToArray(), b.ToArray());
        IsOrthonormal = FindOrthonormal();
        IsTrained = true;
    }

    private protected LinearTransform(int dIn, int dOut, bool haveBias)
        : base(dIn, dOut, isTrained: false) => HaveBias = haveBias;

    /// <summary>Whether <see cref="B"/> is added. FAISS's <c>have_bias</c>.</summary>
    public bool HaveBias { get; private protected set; }

    /// <summary>Whether the transposed matrix undoes the transform: the rows of A are orthonormal, or its columns if those are fewer.
    /// FAISS's <c>is_orthonormal</c>.</summary>
    public bool IsOrthonormal { get; private protected set; }

    /// <summary>DOut·DIn values, row by row; empty before training.</summary>
    public ReadOnlySpan<float> A => _a;

    /// <summary>DOut values; empty without bias.</summary>
    public ReadOnlySpan<float> B => _b;

    /// <summary>What a file holds, also of a transform that is not trained.</summary>
    internal static LinearTransform FromFile(int dIn, int dOut, bool haveBias, float[] a, float[] b, bool isTrained)
    {
        var transform = new LinearTransform(dIn, dOut, haveBias);
        transform.Restore(a, b, haveBias, isTrained);
        return transform;
    }

    /// <summary>Takes over what a file holds.</summary>
    internal void Restore(float[] a, float[] b, bool haveBias, bool isTrained)
    {
        HaveBias = haveBias;
        SetMatrix(a, b);
        IsTrained = isTrained && _forward is not null;
        IsOrthonormal = _forward is not null && FindOrthonormal();
    }

    internal override long ParameterCount => _a.Length + _b.Length;

    // What is called OPQMatrix here comes back from a file as a plain LinearTransform.
    internal override bool AppliesLike(VectorTransform other) =>
        other is LinearTransform linear && linear.DIn == DIn && linear.HaveBias == HaveBias &&
        A.SequenceEqual(linear.A) && (!HaveBias || B.SequenceEqual(linear.B));

    internal override unsafe void ApplyCore(float* vectors, int n, float* transformed) =>
        MatrixProduct.Multiply(vectors, n, _forward!, transformed);

    internal override unsafe void ReverseCore(float* transformed, int n, float* vectors)
    {
        if (!IsOrthonormal)
            throw new NotSupportedException($"This {GetType().Name} cannot be undone: its matrix is not orthonormal.");

        var backward = Volatile.Read(ref _backward);
        if (backward is null)
        {
            backward = PackedMatrix.AsIs(_a, DOut, DIn);
            Volatile.Write(ref _backward, backward);
        }

        if (!HaveBias)
        {
            MatrixProduct.Multiply(transformed, n, backward, vectors);
            return;
        }

        using var unbiased = new AlignedFloats((long)n * DOut);
        for (var i = 0; i < n; i++)
        {
            var row = new ReadOnlySpan<float>(transformed + (long)i * DOut, DOut);
            System.Numerics.Tensors.TensorPrimitives.Subtract(row, _b, new Span<float>(unbiased.Pointer + (long)i * DOut, DOut));
        }

        MatrixProduct.Multiply(unbiased.Pointer, n, backward, vectors);
    }

    /// <summary>Replaces A and b; both are kept.</summary>
    private protected void SetMatrix(float[] a, float[] b)
    {
        (_a, _b, _backward) = (a, b, null);
        _forward = a.Length == (long)DIn * DOut && (!HaveBias || b.Length == DOut)
            ? PackedMatrix.Transposed(a, DOut, DIn, HaveBias ? b : default)
            : null;
    }

    private unsafe bool FindOrthonormal()
    {
        // A·Aᵀ, or Aᵀ·A where A has more rows than columns.
        var byRows = DOut <= DIn;
        var size = byRows ? DOut : DIn;
        var vectors = _a;
        if (!byRows)
        {
            vectors = new float[_a.Length];
            for (var i = 0; i < DOut; i++)
            {
                for (var j = 0; j < DIn; j++)
                    vectors[j * DOut + i] = _a[i * DIn + j];
            }
        }

        var length = byRows ? DIn : DOut;
        using var right = PackedMatrix.Transposed(vectors, size, length);
        var products = new float[(long)size * size];
        fixed (float* x = vectors, y = products)
            MatrixProduct.Multiply(x, size, right, y);

        for (var i = 0; i < products.Length; i++)
        {
            var expected = i / size == i % size ? 1 : 0;
            // Written so that NaN fails.
            if (!(Math.Abs(products[i] - expected) <= OrthonormalTolerance))
                return false;
        }

        return true;
    }
}
