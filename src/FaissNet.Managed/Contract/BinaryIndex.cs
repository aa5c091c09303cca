namespace FaissNet;

/// <summary>
/// An index over vectors of bits, compared by Hamming distance: the number of bits in which two differ. The contract of every binary
/// index, as <see cref="VectorIndex"/> is that of the others. FAISS's <c>IndexBinary</c> (<c>faiss/IndexBinary.h</c>).
/// </summary>
/// <remarks>
/// <para>Vectors are row-major bytes: n vectors are n·<see cref="CodeSize"/> bytes, eight bits in each.</para>
/// <para>Threads and disposal: see <see cref="IndexBase"/>.</para>
/// </remarks>
public abstract partial class BinaryIndex : IndexBase
{
    /// <summary>Sets what never changes.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimension"/> is no multiple of 8, or out of range.</exception>
    protected BinaryIndex(int dimension)
        : base(dimension) => BinaryArguments.RequireDimension(dimension, nameof(dimension));

    /// <summary>Bytes per vector, <see cref="IndexBase.Dimension"/> / 8. FAISS's <c>code_size</c>.</summary>
    public int CodeSize => Dimension / 8;

    /// <summary>A deep copy: what happens to one of the two does not touch the other.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public BinaryIndex Clone() => Reading(CloneCore);

    /// <summary>Copies the index.</summary>
    protected abstract BinaryIndex CloneCore();
}
