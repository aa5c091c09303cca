using FaissNet.Interop;

namespace FaissNet;

/// <summary>x ↦ A·x + b. FAISS's <c>LinearTransform</c>.</summary>
public class LinearTransform : VectorTransform
{
    /// <summary>A transform with the matrix and the bias given.</summary>
    /// <param name="dIn">Components per vector before.</param>
    /// <param name="dOut">Components per vector after.</param>
    /// <param name="a">A: dOut rows of dIn.</param>
    /// <param name="b">b: dOut values, or empty for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is out of range.</exception>
    /// <exception cref="ArgumentException">A length does not fit, or a value is not finite.</exception>
    public LinearTransform(int dIn, int dOut, ReadOnlySpan<float> a, ReadOnlySpan<float> b = default)
        : this(CreateFilled(dIn, dOut, a, b))
    {
    }

    internal LinearTransform(TransformHandle handle)
        : base(handle)
    {
    }

    /// <summary>Whether a bias is added. FAISS's <c>have_bias</c>.</summary>
    public bool HaveBias => GetParameter("have_bias") != 0;

    /// <summary>Whether the rows of A are orthonormal, so that the transform can be undone. FAISS's <c>is_orthonormal</c>.</summary>
    public bool IsOrthonormal => GetParameter("is_orthonormal") != 0;

    /// <summary>A: <see cref="VectorTransform.DOut"/> rows of <see cref="VectorTransform.DIn"/>; empty before the training. A copy.</summary>
    public ReadOnlySpan<float> A => GetValues("A");

    /// <summary>b; empty if there is none. A copy.</summary>
    public ReadOnlySpan<float> B => GetValues("b");

    private static TransformHandle CreateFilled(int dIn, int dOut, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var handle = Create(TransformKind.Linear, dIn, dOut);
        try
        {
            if (a.Length != (long)dIn * dOut)
                throw new ArgumentException($"a holds {a.Length} values: expected dIn * dOut = {(long)dIn * dOut}.", nameof(a));

            if (b.Length != 0 && b.Length != dOut)
                throw new ArgumentException($"b holds {b.Length} values: expected dOut = {dOut}, or none.", nameof(b));

            VectorArguments.RequireFinite(a, dIn, nameof(a));
            VectorArguments.RequireFinite(b, dOut, nameof(b));
            NativeMethods.faissnet_transform_set_values(handle, "A", a.Length, a).ThrowIfFailed();
            if (b.Length > 0)
                NativeMethods.faissnet_transform_set_values(handle, "b", b.Length, b).ThrowIfFailed();

            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}

/// <summary>A random rotation, or a projection of one. FAISS's <c>RandomRotationMatrix</c>.</summary>
public sealed class RandomRotationMatrix : LinearTransform
{
    /// <summary>A rotation that is not drawn yet.</summary>
    /// <param name="dIn">Components per vector before.</param>
    /// <param name="dOut">Components per vector after.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is out of range.</exception>
    public RandomRotationMatrix(int dIn, int dOut)
        : this(Create(TransformKind.RandomRotation, dIn, dOut))
    {
    }

    internal RandomRotationMatrix(TransformHandle handle)
        : base(handle)
    {
    }

    /// <summary>Draws the rotation; <see cref="VectorTransform.Train(ReadOnlySpan{float}, CancellationToken)"/> does so with FAISS's own seed.
    /// FAISS's <c>init</c>.</summary>
    /// <param name="seed">The same seed gives the same rotation.</param>
    /// <exception cref="ObjectDisposedException">The transform was disposed.</exception>
    public void Initialize(int seed) => Writing(() => NativeMethods.faissnet_transform_draw(Handle, seed).ThrowIfFailed());
}
