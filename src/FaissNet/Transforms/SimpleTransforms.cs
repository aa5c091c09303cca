using FaissNet.Interop;

namespace FaissNet;

/// <summary>Scales each vector to length 1; a zero vector stays. FAISS's <c>NormalizationTransform</c> with the norm 2, the only one that it
/// has. Undoing it gives the scaled vectors back.</summary>
public sealed class NormalizationTransform : VectorTransform
{
    /// <summary>A normalisation.</summary>
    /// <param name="d">Components per vector.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
    public NormalizationTransform(int d)
        : this(Create(TransformKind.Normalization, d, d))
    {
    }

    internal NormalizationTransform(TransformHandle handle)
        : base(handle)
    {
    }
}

/// <summary>Subtracts the mean of the training vectors. FAISS's <c>CenteringTransform</c>.</summary>
public sealed class CenteringTransform : VectorTransform
{
    /// <summary>An untrained transform.</summary>
    /// <param name="d">Components per vector.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> is out of range.</exception>
    public CenteringTransform(int d)
        : this(Create(TransformKind.Centering, d, d))
    {
    }

    internal CenteringTransform(TransformHandle handle)
        : base(handle)
    {
    }

    /// <summary>The mean; empty before the training. A copy.</summary>
    public ReadOnlySpan<float> Mean => GetValues("mean");
}

/// <summary>Picks components, or puts zeros between them. FAISS's <c>RemapDimensionsTransform</c>.</summary>
public sealed class RemapDimensionsTransform : VectorTransform
{
    /// <summary>Picks the components of the map.</summary>
    /// <param name="dIn">Components per vector before.</param>
    /// <param name="dOut">Components per vector after.</param>
    /// <param name="map">For each component after, the one before that it is, or -1 for 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is out of range.</exception>
    /// <exception cref="ArgumentException">The map does not hold dOut values from -1 to dIn - 1.</exception>
    public RemapDimensionsTransform(int dIn, int dOut, ReadOnlySpan<int> map)
        : this(CreateFilled(dIn, dOut, map))
    {
    }

    /// <summary>Spreads the components over all of those after, or cuts off or fills up at the end.</summary>
    /// <param name="dIn">Components per vector before.</param>
    /// <param name="dOut">Components per vector after.</param>
    /// <param name="uniform">Whether zeros, or components that are left out, are spread evenly.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is out of range.</exception>
    public RemapDimensionsTransform(int dIn, int dOut, bool uniform = true)
        : this(Create(TransformKind.Remap, dIn, dOut, uniform ? 1 : 0))
    {
    }

    internal RemapDimensionsTransform(TransformHandle handle)
        : base(handle)
    {
    }

    /// <summary>For each component after, the one before that it is, or -1 for 0. A copy.</summary>
    public ReadOnlySpan<int> Map => Array.ConvertAll(GetValues("map"), value => (int)value);

    private static TransformHandle CreateFilled(int dIn, int dOut, ReadOnlySpan<int> map)
    {
        var handle = Create(TransformKind.Remap, dIn, dOut);
        try
        {
            // Dimensions are whole numbers that float32 holds.
            var values = new float[map.Length];
            for (var i = 0; i < values.Length; i++)
                values[i] = map[i];

            NativeMethods.faissnet_transform_set_values(handle, "map", values.Length, values).ThrowIfFailed();
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
