using FaissNet.Evaluation;
using FaissNet.Interop;

namespace FaissNet;

// What an index says of itself.
public partial class FaissIndex
{
    /// <inheritdoc/>
    protected override IndexDescription DescribeCore()
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
    }

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
