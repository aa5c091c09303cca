using FaissNet.Interop;

namespace FaissNet;

/// <summary>An inverted file that writes each component with a few bits. FAISS's <c>IndexIVFScalarQuantizer</c>
/// (<c>faiss/IndexScalarQuantizer.h</c>).</summary>
public sealed class IndexIVFScalarQuantizer : IndexIVF
{
    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="qtype">How components are written.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException">This FAISS does not have <paramref name="qtype"/>.</exception>
    public IndexIVFScalarQuantizer(
        int d, int nlist, ScalarQuantizerType qtype = ScalarQuantizerType.QT_8bit, MetricType metric = MetricType.L2)
        : base(null, Spec(d, nlist, qtype, metric)) => QType = qtype;

    /// <summary>An untrained index over a coarse quantizer of the caller's.</summary>
    /// <param name="quantizer">A flat, SQ, PQ or HNSW index without vectors, or with <paramref name="nlist"/> centroids. It becomes a part of
    /// this index: see <see cref="FaissIndex.Parts"/>.</param>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="qtype">How components are written.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <inheritdoc cref="IndexIVFFlat(FaissIndex, int, int, MetricType)" path="/exception"/>
    /// <exception cref="NotSupportedException">This FAISS does not have <paramref name="qtype"/>.</exception>
    public IndexIVFScalarQuantizer(
        FaissIndex quantizer, int d, int nlist, ScalarQuantizerType qtype = ScalarQuantizerType.QT_8bit, MetricType metric = MetricType.L2)
        : base(IndexArguments.NotNull(quantizer, nameof(quantizer)), Spec(d, nlist, qtype, metric)) => QType = qtype;

    internal IndexIVFScalarQuantizer(FaissIndexHandle handle)
        : base(handle) => QType = (ScalarQuantizerType)(int)GetOption("qtype");

    /// <summary>How components are written. FAISS's <c>sq.qtype</c>.</summary>
    public ScalarQuantizerType QType { get; }

    /// <summary>Whether codes stand for what is left of a vector after its list's centroid is subtracted, or for the vector itself. FAISS's
    /// <c>by_residual</c>; <see langword="true"/> until it is set.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public bool ByResidual
    {
        get => GetOption("by_residual") != 0;
        init => SetOption("by_residual", value ? 1 : 0);
    }

    /// <summary>How training finds ranges. FAISS's <c>sq.rangestat</c>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public ScalarQuantizerRangeStat RangeStat
    {
        get => (ScalarQuantizerRangeStat)(int)GetOption("rangestat");
        init => SetOption("rangestat", (int)value);
    }

    /// <summary>What <see cref="RangeStat"/> takes beside the values. FAISS's <c>sq.rangestat_arg</c>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float RangeStatArg
    {
        get => (float)GetOption("rangestat_arg");
        init => SetOption("rangestat_arg", value);
    }

    private static NativeIndexSpec Spec(int d, int nlist, ScalarQuantizerType qtype, MetricType metric)
    {
        var spec = Spec(IndexKind.IvfScalarQuantizer, d, nlist, metric);
        spec.QType = IndexArguments.QType(qtype);
        return spec;
    }
}
