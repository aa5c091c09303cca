using FaissNet.Evaluation;

namespace FaissNet;

/// <summary>
/// An index over vectors of one dimension: the contract of every index of both engines. Names are FAISS's own where FAISS
/// has one.
/// </summary>
/// <remarks>
/// <para>Vectors are row-major float32: n vectors are n·<see cref="IndexBase.Dimension"/> floats. All components must be finite.</para>
/// <para>With <see cref="MetricType.L2"/> every distance is squared, as in FAISS.</para>
/// <para>Threads and disposal: see <see cref="IndexBase"/>.</para>
/// </remarks>
public abstract partial class VectorIndex : IndexBase
{
    /// <summary>Sets what never changes.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimension"/> is less than 1.</exception>
    protected VectorIndex(int dimension, MetricType metric)
        : base(dimension)
    {
        if (dimension < 1)
            throw new ArgumentOutOfRangeException(nameof(dimension), dimension, $"dimension is {dimension}: expected at least 1.");

        Metric = metric;
    }

    /// <summary>How vectors are compared.</summary>
    public MetricType Metric { get; }

    /// <summary>
    /// The settings worth trying on this index to trade accuracy for speed, each with its values from the fastest to the most accurate. FAISS's
    /// <c>ParameterSpace.initialize</c> (<c>faiss/AutoTune.h</c>). <see cref="ParameterSpace"/> tries them.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public IReadOnlyList<ParameterRange> GetParameterRanges() => Reading(GetParameterRangesCore);

    /// <summary>Says what this index is, looked at through all wrappers.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public IndexDescription Describe() => Reading(DescribeCore);

    /// <summary>A deep copy: what happens to one of the two does not touch the other.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public VectorIndex Clone() => Reading(CloneCore);

    /// <summary>The settings worth trying.</summary>
    protected virtual IReadOnlyList<ParameterRange> GetParameterRangesCore() => [];

    /// <summary>Says what the index is.</summary>
    protected abstract IndexDescription DescribeCore();

    /// <summary>Copies the index.</summary>
    protected abstract VectorIndex CloneCore();
}
