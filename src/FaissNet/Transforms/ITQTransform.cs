using FaissNet.Interop;

namespace FaissNet;

/// <summary>A rotation that brings vectors near the corners of a cube. FAISS's <c>ITQMatrix</c>; Gong, Lazebnik: Iterative quantization, 2011.</summary>
public sealed class ITQMatrix : LinearTransform
{
    /// <summary>An untrained rotation.</summary>
    /// <param name="d">Components per vector.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
    public ITQMatrix(int d)
        : this(Create(TransformKind.ItqMatrix, d, d))
    {
    }

    internal ITQMatrix(TransformHandle handle)
        : base(handle)
    {
    }

    /// <summary>Iterations. FAISS's <c>max_iter</c>.</summary>
    public int MaxIter
    {
        get => (int)GetParameter("max_iter");
        init => SetParameter("max_iter", value);
    }

    /// <summary>Seed of the first rotation.</summary>
    public int Seed
    {
        get => (int)GetParameter("seed");
        init => SetParameter("seed", value);
    }
}

/// <summary>Centring, normalising, a PCA if asked for, and an <see cref="ITQMatrix"/>. FAISS's <c>ITQTransform</c>.</summary>
public sealed class ITQTransform : VectorTransform
{
    /// <summary>An untrained transform.</summary>
    /// <param name="dIn">Components per vector before.</param>
    /// <param name="dOut">Components per vector after: fewer only with <paramref name="doPca"/>.</param>
    /// <param name="doPca">Whether a PCA reduces the dimension.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or the two do not fit.</exception>
    public ITQTransform(int dIn, int dOut, bool doPca = false)
        : this(Create(TransformKind.Itq, dIn, dOut, doPca ? 1 : 0))
    {
    }

    internal ITQTransform(TransformHandle handle)
        : base(handle)
    {
    }

    /// <summary>Whether a PCA reduces the dimension. FAISS's <c>do_pca</c>.</summary>
    public bool DoPca => GetParameter("do_pca") != 0;

    /// <summary>The mean of the training vectors; empty before the training. A copy.</summary>
    public ReadOnlySpan<float> Mean => GetValues("mean");

    /// <summary>The rotation alone. FAISS's <c>itq.A</c>. A copy.</summary>
    public ReadOnlySpan<float> ItqA => GetValues("itq_A");

    /// <summary>PCA and rotation in one matrix. FAISS's <c>pca_then_itq.A</c>. A copy.</summary>
    public ReadOnlySpan<float> PcaThenItqA => GetValues("pca_then_itq_A");
}
