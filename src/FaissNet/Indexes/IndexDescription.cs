using FaissNet.Evaluation;
using FaissNet.Interop;

namespace FaissNet;

/// <summary>What an index is, looked at through all wrappers: <see cref="FaissIndex.Describe"/> makes it. What an index type does not have is
/// null.</summary>
/// <param name="TypeName">FAISS's class name, wrappers from the outside in.</param>
/// <param name="Dimension">Components per vector.</param>
/// <param name="Count">The vectors in it.</param>
/// <param name="Metric">How vectors are compared.</param>
/// <param name="IsTrained">Whether vectors can be added.</param>
/// <param name="NList">The inverted lists.</param>
/// <param name="NProbe">The lists that a search visits.</param>
/// <param name="M">The sub-quantizers of the product quantizer.</param>
/// <param name="NBits">Bits per sub-quantizer.</param>
/// <param name="CodeSize">Bytes of a vector's code.</param>
/// <param name="IdBytes">Bytes of a vector's stored ids; 0 where ids are positions.</param>
/// <param name="ListSizes">How the vectors spread over the lists.</param>
public sealed record IndexDescription(
    string TypeName,
    int Dimension,
    long Count,
    MetricType Metric,
    bool IsTrained,
    long? NList,
    long? NProbe,
    long? M,
    int? NBits,
    long? CodeSize,
    long IdBytes,
    ListSizeStatistics? ListSizes);

public partial class FaissIndex
{
    /// <summary>Says what this index is, of whatever type.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public IndexDescription Describe() => Reading(() =>
    {
        var hasLists = Has(NativeMethods.faissnet_index_nlist(Handle, out var nlist));
        _ = Has(NativeMethods.faissnet_index_get_nprobe(Handle, out var nprobe));
        var hasPq = Has(NativeMethods.faissnet_index_pq_m(Handle, out var m));
        _ = Has(NativeMethods.faissnet_index_pq_nbits(Handle, out var nbits));
        var hasCodes = Has(NativeMethods.faissnet_index_code_size(Handle, out var codeSize));
        return new IndexDescription(
            TypeName,
            Dimension,
            Count,
            Metric,
            IsTrained,
            hasLists ? nlist : null,
            hasLists ? nprobe : null,
            hasPq ? m : null,
            hasPq ? nbits : null,
            hasCodes ? codeSize : null,
            IdBytesOf(TypeName, hasLists),
            hasLists ? ReadListSizes(nlist) : null);
    });

    private static bool Has(NativeStatus status)
    {
        if (status != NativeStatus.Unsupported)
            status.ThrowIfFailed();

        return status == NativeStatus.Ok;
    }

    // Inverted lists keep ids, and an IDMap around something keeps its own.
    private static long IdBytesOf(string typeName, bool hasLists) =>
        (hasLists ? sizeof(long) : 0) + (typeName.Contains("IDMap", StringComparison.Ordinal) ? sizeof(long) : 0);

    private ListSizeStatistics? ReadListSizes(long nlist)
    {
        if (nlist is < 1 or > int.MaxValue)
            return null;

        var sizes = new long[nlist];
        NativeMethods.faissnet_index_list_sizes(Handle, nlist, sizes).ThrowIfFailed();
        return ListSizeStatistics.Of(sizes);
    }
}
