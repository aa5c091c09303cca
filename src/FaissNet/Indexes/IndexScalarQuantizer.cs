using FaissNet.Interop;

namespace FaissNet;

/// <summary>Codes of a few bits per component, all of which a search compares. FAISS's <c>IndexScalarQuantizer</c>
/// (<c>faiss/IndexScalarQuantizer.h</c>).</summary>
public sealed class IndexScalarQuantizer : FaissIndex
{
    /// <summary>An index without vectors; trained already if the type needs no training.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="qtype">How components are written.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="NotSupportedException">This FAISS does not have <paramref name="qtype"/>.</exception>
    public IndexScalarQuantizer(int d, ScalarQuantizerType qtype = ScalarQuantizerType.QT_8bit, MetricType metric = MetricType.L2)
        : this(Create(d, qtype, metric))
    {
    }

    internal IndexScalarQuantizer(FaissIndexHandle handle)
        : base(handle) => QType = (ScalarQuantizerType)(int)GetOption("qtype");

    /// <summary>How components are written. FAISS's <c>sq.qtype</c>.</summary>
    public ScalarQuantizerType QType { get; }

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

    private static FaissIndexHandle Create(int d, ScalarQuantizerType qtype, MetricType metric)
    {
        IndexArguments.RequireUsual(d, metric);
        return NativeIndexSpec.Create(
            new NativeIndexSpec { Kind = (int)IndexKind.ScalarQuantizer, D = d, QType = IndexArguments.QType(qtype), Metric = (int)metric });
    }
}
