using FaissNet.Interop;

namespace FaissNet;

/// <summary>Codes of one bit per direction, compared by the number of bits that differ. FAISS's <c>IndexLSH</c>
/// (<c>faiss/IndexLSH.h</c>).</summary>
/// <remarks>Distances are numbers of differing bits, not squared L2 distances, though <see cref="VectorIndex.Metric"/> says L2. There is
/// no selector, and no range search before FAISS 1.9. What is decoded is a sign per bit, not the vector.</remarks>
public sealed class IndexLSH : FaissIndex
{
    /// <summary>An empty index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nbits">Bits per code; without rotation at most <paramref name="d"/>.</param>
    /// <param name="rotateData">Whether vectors are rotated at random first. FAISS's <c>rotate_data</c>.</param>
    /// <param name="trainThresholds">Whether bits are told apart by learned medians rather than by 0. FAISS's <c>train_thresholds</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexLSH(int d, int nbits, bool rotateData = true, bool trainThresholds = false)
        : this(Create(d, nbits, rotateData, trainThresholds))
    {
    }

    internal IndexLSH(FaissIndexHandle handle)
        : base(handle)
    {
        NBits = (int)GetOption("nbits");
        RotateData = GetOption("rotate_data") != 0;
        TrainThresholds = GetOption("train_thresholds") != 0;
    }

    /// <summary>Bits per code. FAISS's <c>nbits</c>.</summary>
    public int NBits { get; }

    /// <summary>Whether vectors are rotated at random first.</summary>
    public bool RotateData { get; }

    /// <summary>Whether bits are told apart by learned medians.</summary>
    public bool TrainThresholds { get; }

    private static FaissIndexHandle Create(int d, int nbits, bool rotateData, bool trainThresholds)
    {
        IndexArguments.RequireDimension(d);
        var most = rotateData ? IndexArguments.MaxDimension : d;
        if (nbits < 1 || nbits > most)
        {
            throw new ArgumentOutOfRangeException(
                nameof(nbits), nbits, $"nbits is {nbits}: expected 1 to {most}{(rotateData ? "" : ", one per component without rotation")}.");
        }

        return NativeIndexSpec.Create(new NativeIndexSpec
        {
            Kind = (int)IndexKind.Lsh, D = d, NBits = nbits, Metric = (int)MetricType.L2, Rotate = rotateData ? 1 : 0, Thresholds = trainThresholds ? 1 : 0,
        });
    }
}
